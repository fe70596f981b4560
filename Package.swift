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
    .package(url: "https://github.com/apple/swift-protobuf.git", exact: "1.39.0")
  ],
  targets: [
    // Nouns: values, no policy.
    .target(name: "Tensors", swiftSettings: hot),
    .target(name: "Graphs", dependencies: ["Tensors"], swiftSettings: hot),
    .target(name: "ModelFormat", dependencies: ["Tensors", "Graphs"]),

    // Crafts: algorithms, no pipeline.
    .target(name: "CKernels"),
    .target(name: "Reference", dependencies: ["Tensors", "Graphs", "CKernels"], swiftSettings: hot),
    .target(name: "Passes", dependencies: ["Tensors", "Graphs", "Reference"]),

    // Stages: one value to the next.
    .target(
      name: "Interchange",
      dependencies: ["Tensors", "Graphs", "Reference", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      swiftSettings: hot),

    // Tests.
    .testTarget(name: "PassesTests", dependencies: ["Passes"]),
    .testTarget(name: "ReferenceTests", dependencies: ["Reference"]),
    .testTarget(name: "InterchangeTests", dependencies: ["Interchange", "Reference", "Tensors", "Graphs"]),
  ]
)
