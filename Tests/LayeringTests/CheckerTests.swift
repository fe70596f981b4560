import Testing

/// Planted faults: the checker itself has to find them.
@Suite struct CheckerTests {
  static func found(_ importer: String, imports: [String], declares: [String]) -> [String] {
    let dependencies = declares.map { "\"\($0)\"" }.joined(separator: ", ")
    let manifest = Manifest(
      """
      let package = Package(
        dependencies: [.package(url: "https://example.org/target(", exact: "1.0.0")],
        targets: [
          // .target(name: "Commented"),
          .target(name: "\(importer)", dependencies: [\(dependencies)]),
          .target(name: "Tensors"), .target(name: "Planning"), .target(name: "Packing"),
        ])
      """)
    return violations(of: manifest, .deepChip) { target in
      var result = SourceImports()
      if target.name == importer { for module in imports { result.modules[module] = "a.swift" } }
      return result
    }
  }

  @Test("A later module may import an earlier one")
  func acceptsDownwards() {
    #expect(Self.found("Runtime", imports: ["Planning"], declares: ["Planning"]) == [])
    #expect(Self.found("Graphs", imports: ["Tensors", "Synchronization"], declares: ["Tensors"]) == [])
  }

  @Test("An import upwards is refused")
  func refusesUpwards() {
    #expect(
      Self.found("Graphs", imports: ["Planning"], declares: ["Planning"]) == [
        "a.swift: Graphs is a noun and Planning a craft: imports go to earlier sorts only."
          + " Pass a value in, or move the shared part into an earlier module."
      ])
  }

  @Test("A stage that imports a stage is refused")
  func refusesStages() {
    #expect(
      Self.found("Runtime", imports: ["Packing"], declares: ["Packing"]) == [
        "a.swift: Runtime and Packing are both of the sort 'stage', which do not import each other."
          + " Let them meet in a value (a noun), or move the shared part into a craft."
      ])
  }

  @Test("Inside a sort the order of the table holds")
  func refusesLaterOfTheSameSort() {
    #expect(
      Self.found("Reference", imports: ["Planning"], declares: ["Planning"]) == [
        "a.swift: Planning does not come before Reference in the table of crafts."
          + " Move the shared part into the earlier one, or change the order in Tests/LayeringTests/Layers.swift."
      ])
  }

  @Test("Foundation is refused in the core and taken outside")
  func refusesFoundation() {
    #expect(
      Self.found("Graphs", imports: ["Foundation"], declares: []) == [
        "a.swift: Graphs runs on chips and cannot import Foundation."
          + " Use the standard library, and CKernels for mathematics; or move the file to a module outside the core."
      ])
    #expect(Self.found("Datasets", imports: ["Foundation"], declares: []) == [])
  }

  @Test("An import that is not declared, and a declaration that is not imported, are refused")
  func refusesMismatches() {
    #expect(
      Self.found("Graphs", imports: ["Tensors"], declares: []) == [
        "a.swift: Graphs imports Tensors without declaring it."
          + " Add it to the target's dependencies in Package.swift."
      ])
    #expect(
      Self.found("Runtime", imports: ["Tensors"], declares: ["Tensors", "Planning"]) == [
        "Package.swift: Runtime declares Planning and does not import it. Remove it."
      ])
  }

  @Test("A module without a place in the table is refused, and so is an unknown module")
  func refusesUnknown() {
    #expect(
      Self.found("Helpers", imports: [], declares: []) == [
        "Helpers has no place in the order. Give it one in Tests/LayeringTests/Layers.swift."
      ])
    #expect(Self.found("Datasets", imports: ["Numerics"], declares: []).count == 1)
    #expect(Self.found("Compression", imports: ["SwiftProtobuf"], declares: ["SwiftProtobuf"]).count == 1)
  }

  @Test("Import lines are found in all their forms, but not inside strings")
  func findsImports() {
    let source = #"""
      import A
      @_exported import B
      @testable import C
      @_spi(Test) public import struct D.E
        internal import F.G
      // import H
      let text = """
      import I
      """
      import J
      """#
    #expect(SourceImports.modules(in: source) == ["A", "B", "C", "D", "F", "J"])
  }

  @Test("Targets are read with their dependencies and folders")
  func readsManifests() {
    let manifest = Manifest(
      """
      targets: [
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .executableTarget(
          name: "deepchip",
          dependencies: ["DeepChip", .product(name: "ArgumentParser", package: "swift-argument-parser"), "CKernels"],
          path: "Sources/DeepChipCommand"),
        .testTarget(name: "SomeTests", dependencies: [.target(name: "Some")]),
      ]
      """)
    #expect(manifest.targets.map(\.name) == ["CZlib", "deepchip", "SomeTests"])
    #expect(manifest.targets.map(\.dependencies) == [[], ["DeepChip", "ArgumentParser", "CKernels"], ["Some"]])
    #expect(manifest.targets.map(\.folder) == ["Sources/CZlib", "Sources/DeepChipCommand", "Tests/SomeTests"])
  }
}
