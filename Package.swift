// swift-tools-version: 6.2

import PackageDescription

// The modules come in four sorts: nouns, crafts, stages, products (Documentation/architecture.md).
// `LayeringTests` reads this file and the imports, and fails when one goes upwards.

/// Optimized in debug builds too: the tests run real networks through these.
let hot: [SwiftSetting] = [.unsafeFlags(["-O"])]

let package = Package(
  name: "DeepChip",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2")
  ],
  targets: [
    // Nouns: values, no policy.
    .target(name: "Tensors", swiftSettings: hot),
    .target(name: "Graphs", dependencies: ["Tensors"], swiftSettings: hot),
    .target(name: "ModelFormat", dependencies: ["Tensors", "Graphs"]),

    // Crafts: algorithms, no pipeline.
    .target(name: "CKernels"),
    .target(name: "CResources", exclude: ["README.md", "digits.csv", "digits.onnx"]),

    // Libraries of the system.
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CTurboJPEG", pkgConfig: "libturbojpeg",
      providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]),

    // Stages: each turns one value into the next; none imports another.
    .target(
      name: "Datasets",
      dependencies: [
        "Tensors", "ModelFormat", "CResources", "CZlib", "CPNG", "CTurboJPEG",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: hot),
    .testTarget(
      name: "DatasetsTests",
      dependencies: [
        "Datasets", "Tensors", "ModelFormat", "CZlib", "CTurboJPEG", .product(name: "Crypto", package: "swift-crypto"),
      ],
      exclude: ["resampling-vectors.py"], swiftSettings: hot),
  ]
)
