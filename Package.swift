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
    .target(name: "ModelFormat", dependencies: ["Tensors", "Graphs", "Coding"], swiftSettings: hot),

    // Crafts: algorithms, no pipeline.
    .target(name: "Coding", swiftSettings: hot),
    .target(name: "CKernels"),

    // Products.
    .target(name: "DeepChip"),

    // Tests.
    .testTarget(name: "CodingTests", dependencies: ["Coding", "Tensors"]),
    .testTarget(name: "ModelFormatTests", dependencies: ["Tensors", "Graphs", "Coding", "ModelFormat"]),
    .testTarget(name: "DeepChipTests", dependencies: ["DeepChip"]),
  ]
)
