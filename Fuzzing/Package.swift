// swift-tools-version: 6.2

// Fuzz targets for every reader of outside bytes, with libFuzzer and AddressSanitizer. Built and run by Scripts/fuzz.

import PackageDescription

let package = Package(
  name: "DeepChipFuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "DeepChip", path: "..")],
  targets: [
    .executableTarget(
      name: "deepchip-fuzz", dependencies: [.product(name: "DeepChip", package: "DeepChip")],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])])
  ]
)
