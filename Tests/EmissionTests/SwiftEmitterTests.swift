import DeepChip
import Foundation
import Testing

/// A Swift package that was emitted, built for this machine with its own makefile.
struct BuiltPackage {
  let folder: ScratchFolder
  let executable: URL

  static let canBuild = CCompiler.tool("make") != nil && CCompiler.tool("swiftc") != nil

  init(_ emitter: SwiftEmitter, core: String = "host") throws {
    folder = try ScratchFolder()
    for file in emitter.files() {
      let url = folder.url.appending(path: file.name)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(file.contents.utf8).write(to: url)
    }
    executable = folder.url.appending(path: "build-\(core)").appending(path: emitter.options.name)
    let errors = folder.url.appending(path: "errors")
    let make = try #require(CCompiler.tool("make"))
    guard try EmissionTests.run(make, ["-C", folder.url.path, "CORE=" + core], errors: errors) == 0 else {
      throw CompiledProgram.Failure(description: try String(contentsOf: errors, encoding: .utf8))
    }
  }

  func outputs(_ inputs: [[AnyTensor]]) throws -> [UInt8] {
    let (from, to) = (folder.url.appending(path: "input"), folder.url.appending(path: "output"))
    try Data(inputs.flatMap { $0.flatMap(\.bytes) }).write(to: from)
    let status = try EmissionTests.run(executable.path, [], input: from, output: to)
    guard status == 0 else { throw CompiledProgram.Failure(description: "status \(status)") }
    return [UInt8](try Data(contentsOf: to))
  }
}

@Suite(.enabled(if: BuiltPackage.canBuild)) struct SwiftEmitterTests {
  @Test("Every integer operator gives the bytes of its definition", arguments: IntegerGraph.all)
  func equalsTheDefinition(_ entry: IntegerGraph) throws {
    let (inputs, expected) = try CEmitterTests.samples(entry.graph)
    #expect(try BuiltPackage(SwiftEmitter(entry.graph)).outputs(inputs) == expected)
  }

  @Test(
    "It compiles as Embedded Swift for every core, and asks for nothing but memory functions and integer arithmetic",
    arguments: IntegerGraph.all, ["armv7em", "armv6m", "riscv32", "wasm32"])
  func compilesForChips(_ entry: IntegerGraph, _ core: String) throws {
    let package = try BuiltPackage(SwiftEmitter(entry.graph), core: core)
    defer { withExtendedLifetime(package.folder) {} }
    guard let nm = CCompiler.tool("llvm-nm") else { return }
    let list = package.folder.url.appending(path: "undefined")
    _ = try run(nm, ["-u", "-P", package.executable.path + ".o"], output: list)
    let names = try String(contentsOf: list, encoding: .utf8).split(separator: "\n").compactMap {
      $0.split(separator: " ").first.map(String.init)
    }
    // Allocation is declared by the runtime's own unused functions; the linker drops them.
    let allowed = ["free", "posix_memalign", "memcpy", "memmove", "memset", "__stack_pointer", "__linear_memory"]
    for name in names where !allowed.contains(name) {
      #expect(name.hasPrefix("__") || name.hasPrefix("model_"), "\(name)")
    }
  }

  @Test("The same model gives the same files", arguments: IntegerGraph.all)
  func isRepeatable(_ entry: IntegerGraph) throws {
    #expect(try SwiftEmitter(entry.graph).files() == SwiftEmitter(entry.graph).files())
    #expect(try SwiftEmitter(entry.graph).sizes == CEmitter(entry.graph).sizes)
  }

  @Test(
    "Any text in a model compiles, and so do names that are words of Swift", arguments: ["Int", "class", "swift", "x"])
  func survivesHostileNames(_ name: String) throws {
    let texts = [
      "*/ let x = 1 /*", "\"\"\"", "\\(exit(9))", "#endif", "line\nbreak\r\u{2028}", "`init`", "\u{202E}evil\u{2066}",
      "//",
      String(repeating: "long", count: 5000), "\0", "/*", "é\u{301}🦊", "??/",
    ]
    var graph = try #require(IntegerGraph.all.first { $0.name == "residual additions" }).graph
    for index in graph.values.indices { graph.values[index].name = texts[index % texts.count] }
    for index in graph.nodes.indices { graph.nodes[index].name = texts[(index + 6) % texts.count] }
    let (inputs, expected) = try CEmitterTests.samples(graph)
    let emitter = try SwiftEmitter(graph, options: .init(name: name))
    for file in emitter.files() {
      #expect(file.contents.utf8.allSatisfy { (32..<127).contains($0) || $0 == 10 || $0 == 9 })
    }
    #expect(try BuiltPackage(emitter).outputs(inputs) == expected)
  }

  @Test(
    "Whole networks give the bytes of the runtime", .enabled(if: ModelTests.hasShared), arguments: FittingTests.models)
  func networks(_ name: String) throws {
    let packed = try FittingTests.tflite(name).packed
    let type = packed.graph[packed.graph.inputs[0]].type
    let inputs = try (0..<20).map { AnyTensor.sample(type.elementType, try type.shape(batch: 1), seed: UInt64($0)) }
    let executor = try Executor(packed)
    let expected = try inputs.flatMap { try executor.run([$0]).flatMap(\.bytes) }
    #expect(try BuiltPackage(SwiftEmitter(packed)).outputs(inputs.map { [$0] }) == expected)
  }
}
