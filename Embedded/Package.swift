// swift-tools-version: 6.2

// The Foundation-free core once more, as Embedded Swift on the host: what builds here runs on a chip.
// The sources are links into ../Sources. Built by `make embedded`.

import PackageDescription

let embedded: [SwiftSetting] = [.enableExperimentalFeature("Embedded")]

let package = Package(
  name: "DeepChipEmbedded",
  targets: [
    .target(name: "Tensors", swiftSettings: embedded),
    .target(name: "Graphs", dependencies: ["Tensors"], swiftSettings: embedded),
    .target(name: "Targets", swiftSettings: embedded),
    .target(name: "CCoding"),
    .target(name: "Coding", dependencies: ["CCoding"], swiftSettings: embedded),
    .target(name: "ModelFormat", dependencies: ["Tensors", "Graphs", "Coding"], swiftSettings: embedded),
    .target(name: "CKernels", exclude: ["kernels.def"]),
    .target(name: "Kernels", dependencies: ["CKernels"], swiftSettings: embedded),
    .target(name: "Reference", dependencies: ["Tensors", "Graphs", "CKernels"], swiftSettings: embedded),
    .target(name: "Planning", dependencies: ["Tensors", "Graphs"], swiftSettings: embedded),
    .target(
      name: "Runtime",
      dependencies: ["Tensors", "Graphs", "Coding", "ModelFormat", "CKernels", "Kernels", "Reference", "Planning"],
      swiftSettings: embedded),
  ]
)
