// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "DeepChip",
  platforms: [.macOS(.v15)],
  targets: [
    .target(name: "CKernels", exclude: ["kernels.def"]),
    .target(name: "Kernels", dependencies: ["CKernels"]),
    .testTarget(name: "KernelsTests", dependencies: ["Kernels"]),
    .executableTarget(
      name: "kernel-benchmark", dependencies: ["CKernels"], path: "Benchmarks/Kernels"),
  ]
)
