// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "DeepChip",
  platforms: [.macOS(.v15)],
  targets: [
    .target(name: "CKernels"),
    .target(name: "Kernels", dependencies: ["CKernels"]),
    .testTarget(name: "KernelsTests", dependencies: ["Kernels"]),
  ]
)
