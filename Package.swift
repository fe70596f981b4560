// swift-tools-version: 6.2

import PackageDescription

// The modules come in four sorts: nouns, crafts, stages, products (Documentation/architecture.md).
// `LayeringTests` reads this file and the imports, and fails when one goes upwards.

/// Optimized in debug builds too: the tests run real networks through these.
let hot: [SwiftSetting] = [.unsafeFlags(["-O"])]

let package = Package(
  name: "DeepChip",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "DeepChip", targets: ["DeepChip"]),
    .library(name: "DeepChipRuntime", targets: ["Runtime"]),
    .library(name: "DeepChipTraining", targets: ["Training"]),
    .executable(name: "deepchip", targets: ["deepchip"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
  ],
  targets: [
    // Nouns: values, no policy.
    .target(name: "Tensors", swiftSettings: hot),
    .target(name: "Graphs", dependencies: ["Tensors"], swiftSettings: hot),
    .target(name: "CCoding", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "Coding", dependencies: ["CCoding"], swiftSettings: hot),
    .target(name: "ModelFormat", dependencies: ["Tensors", "Graphs", "Coding"], swiftSettings: hot),
    .target(name: "Measurements"),
    .target(name: "Targets", swiftSettings: hot),

    // Crafts: algorithms, no pipeline.
    .target(name: "CKernels", exclude: ["kernels.def"], cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "Kernels", dependencies: ["CKernels"], swiftSettings: hot),
    .target(name: "Quantizers", dependencies: ["Tensors", "CKernels"], swiftSettings: hot),
    .target(name: "Reference", dependencies: ["Tensors", "Graphs", "CKernels"], swiftSettings: hot),
    .target(name: "Passes", dependencies: ["Tensors", "Graphs", "Reference"], swiftSettings: hot),
    .target(name: "Planning", dependencies: ["Tensors", "Graphs"], swiftSettings: hot),
    .target(name: "Networks", dependencies: ["Tensors", "Graphs"], swiftSettings: hot),

    // Libraries of the system, and files built into the program.
    .target(name: "CResources", exclude: ["README.md", "digits.csv", "digits.onnx"]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CTurboJPEG", pkgConfig: "libturbojpeg",
      providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]),

    // Stages: each turns one value into the next; none imports another.
    .target(
      name: "Interchange",
      dependencies: [
        "Tensors", "Graphs", "Reference", "CZlib",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      swiftSettings: hot),
    .target(
      name: "Datasets",
      dependencies: [
        "Tensors", "ModelFormat", "CResources", "CZlib", "CPNG", "CTurboJPEG",
        .target(name: "CCrypto", condition: .when(platforms: [.linux])),
      ],
      swiftSettings: hot),
    .target(
      name: "Compression", dependencies: ["Tensors", "Graphs", "CKernels", "Quantizers", "Reference", "Passes"],
      swiftSettings: hot),
    .target(
      name: "Training", dependencies: ["Tensors", "Graphs", "Coding", "CKernels", "Quantizers", "Reference"],
      swiftSettings: hot),
    .target(
      name: "Packing", dependencies: ["Tensors", "Graphs", "ModelFormat", "CKernels", "Reference"],
      swiftSettings: hot),
    .target(
      name: "Runtime",
      dependencies: ["Tensors", "Graphs", "Coding", "ModelFormat", "CKernels", "Kernels", "Reference", "Planning"],
      swiftSettings: hot),
    .target(
      name: "Emission", dependencies: ["Tensors", "Graphs", "Targets", "ModelFormat", "Planning"], swiftSettings: hot),
    .target(name: "Reports", dependencies: ["Measurements"]),

    // Products.
    .target(
      name: "DeepChip",
      dependencies: [
        "Tensors", "Graphs", "Targets", "ModelFormat", "Measurements", "Kernels", "Quantizers", "Networks", "Reference",
        "Passes", "Planning",
        "Coding", "Interchange", "Datasets", "Compression", "Training", "Packing", "Runtime", "Emission", "Reports",
        "CResources",
      ],
      swiftSettings: hot),
    .executableTarget(
      name: "deepchip",
      dependencies: [
        "DeepChip", "Kernels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/DeepChipCommand"),

    // Tests.
    .testTarget(name: "CodingTests", dependencies: ["Coding", "Tensors"]),
    .testTarget(
      name: "CompressionTests", dependencies: ["Compression", "Quantizers", "Reference", "Tensors", "Graphs"]),
    .testTarget(
      name: "DatasetsTests",
      dependencies: ["Datasets", "Tensors", "ModelFormat", "CResources", "CZlib", "CTurboJPEG"],
      exclude: ["resampling-vectors.py"]),
    .testTarget(name: "DeepChipTests", dependencies: ["DeepChip", "deepchip", "CResources", "Kernels"]),
    .testTarget(
      name: "EmissionTests",
      dependencies: ["Emission", "Tensors", "Graphs", "Targets", "Reference", "Passes", "Planning", "DeepChip"]),
    .testTarget(name: "GraphsTests", dependencies: ["Tensors", "Graphs"]),
    .testTarget(name: "InterchangeTests", dependencies: ["Interchange", "Reference", "Graphs", "Tensors"]),
    .testTarget(name: "KernelsTests", dependencies: ["Kernels"]),
    .testTarget(name: "LayeringTests"),
    .testTarget(
      name: "ModelFormatTests", dependencies: ["ModelFormat", "Graphs", "Tensors", "Coding"], exclude: ["decode.py"]),
    .testTarget(
      name: "NetworksTests", dependencies: ["Networks", "Training", "Interchange", "Reference", "Graphs", "Tensors"],
      swiftSettings: hot),
    .testTarget(name: "PackingTests", dependencies: ["Tensors", "Graphs", "ModelFormat", "Reference", "Packing"]),
    .testTarget(name: "RecipesTests", dependencies: ["DeepChip"]),
    .testTarget(name: "PassesTests", dependencies: ["Passes", "Reference", "Tensors", "Graphs"]),
    .testTarget(name: "PlanningTests", dependencies: ["Planning", "Graphs", "Tensors"]),
    .testTarget(name: "QuantizersTests", dependencies: ["Quantizers", "Tensors"]),
    .testTarget(name: "ReferenceTests", dependencies: ["Reference"]),
    .testTarget(name: "ReportsTests", dependencies: ["Reports", "Measurements"]),
    .testTarget(
      name: "RuntimeTests",
      dependencies: ["Tensors", "Graphs", "Coding", "ModelFormat", "Kernels", "Reference", "Packing", "Runtime"]),
    .testTarget(name: "TargetsTests", dependencies: ["Targets"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors"]),
    .testTarget(
      name: "TrainingTests",
      dependencies: ["Training", "Quantizers", "CResources", "Reference", "Graphs", "Tensors"],
      swiftSettings: hot),

    // Benchmarks.
    .executableTarget(name: "kernel-benchmark", dependencies: ["CKernels"], path: "Benchmarks/Kernels"),
    .executableTarget(
      name: "density-chart", dependencies: ["Reports"], path: "Benchmarks/Density", exclude: ["rows.json"]),
    .executableTarget(
      name: "size-benchmark", dependencies: ["Tensors", "Graphs", "ModelFormat", "Coding"], path: "Benchmarks/Sizes",
      swiftSettings: hot),
    .executableTarget(
      name: "training-benchmark", dependencies: ["DeepChip", "Passes", "Training"], path: "Benchmarks/Training",
      swiftSettings: hot),
  ]
)
