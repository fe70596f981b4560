// swift-tools-version: 6.2

import PackageDescription

// The modules come in four sorts: nouns, crafts, stages, products (Documentation/architecture.md).
// `LayeringTests` reads this file and the imports, and fails when one goes upwards.

/// Optimized in debug builds too: the tests run real networks through these.
let hot: [SwiftSetting] = [.unsafeFlags(["-O"])]

let package = Package(
  name: "DeepChip",
  platforms: [.macOS(.v15)],
  targets: [
    // Nouns: values, no policy.
    .target(name: "Tensors", swiftSettings: hot),
    .target(name: "Graphs", dependencies: ["Tensors"], swiftSettings: hot),
    .target(name: "ModelFormat", dependencies: ["Tensors", "Graphs"]),

    // Crafts: algorithms, no pipeline.
    .target(name: "CKernels", exclude: ["kernels.def"], cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "Kernels", dependencies: ["CKernels"], swiftSettings: hot),
    .target(name: "Reference", dependencies: ["Tensors", "Graphs", "CKernels"], swiftSettings: hot),
    .target(name: "Planning", dependencies: ["Tensors", "Graphs"], swiftSettings: hot),

    // Stages: one value into the next.
    .target(
      name: "Packing", dependencies: ["Tensors", "Graphs", "ModelFormat", "CKernels", "Reference"],
      swiftSettings: hot),
    .target(
      name: "Runtime",
      dependencies: ["Tensors", "Graphs", "ModelFormat", "CKernels", "Kernels", "Reference", "Planning"],
      swiftSettings: hot),

    // Tests.
    .testTarget(name: "GraphsTests", dependencies: ["Tensors", "Graphs"]),
    .testTarget(name: "KernelsTests", dependencies: ["Kernels"]),
    .testTarget(name: "LayeringTests"),
    .testTarget(name: "PackingTests", dependencies: ["Tensors", "Graphs", "ModelFormat", "Reference", "Packing"]),
    .testTarget(name: "PlanningTests", dependencies: ["Planning", "Tensors"]),
    .testTarget(name: "ReferenceTests", dependencies: ["Reference"]),
    .testTarget(name: "RuntimeTests", dependencies: ["Runtime", "Packing", "Reference", "Kernels"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors"]),

    // Benchmarks.
    .executableTarget(name: "kernel-benchmark", dependencies: ["CKernels"], path: "Benchmarks/Kernels"),
  ]
)
