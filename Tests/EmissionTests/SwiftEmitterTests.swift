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

  static let cores = ["armv7em", "armv6m", "riscv32", "wasm32"]

  @Test(
    "It compiles as Embedded Swift, for each core in turn, and asks for nothing but memory functions and integer arithmetic",
    arguments: IntegerGraph.all.enumerated().map { ($1, cores[$0 % cores.count]) })
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

  static let canRunWebAssembly =
    CCompiler.tool("node") != nil && CCompiler.tool("wasm-ld") != nil && CCompiler.tool("clang") != nil

  @Test(
    "WebAssembly gives the bytes of the runtime on 20 inputs",
    .enabled(if: canRunWebAssembly && ModelTests.hasShared), arguments: ["kws_ref_model", "ad01_int8"])
  func webAssembly(_ name: String) throws {
    let packed = try FittingTests.tflite(name).packed
    let type = packed.graph[packed.graph.inputs[0]].type
    let inputs = try (0..<20).map { AnyTensor.sample(type.elementType, try type.shape(batch: 1), seed: UInt64($0)) }
    let executor = try Executor(packed)
    let expected = try inputs.flatMap { try executor.run([$0]).flatMap(\.bytes) }
    let emitter = try SwiftEmitter(packed)
    let package = try BuiltPackage(emitter, core: "wasm32")
    let folder = package.folder.url
    let script = """
      const fs = require("fs"), [, , program, from, to, size, results] = process.argv;
      WebAssembly.instantiate(fs.readFileSync(program)).then(({ instance }) => {
        const { memory, model_run, __heap_base } = instance.exports, input = (__heap_base.value + 7) & ~7;
        const output = input + ((+size + 7) & ~7), inputs = fs.readFileSync(from), outputs = [];
        if (memory.buffer.byteLength < output + +results) memory.grow(1 + ((+size + +results) >> 16));
        const bytes = new Uint8Array(memory.buffer);
        for (let start = 0; start < inputs.length; start += +size) {
          bytes.set(inputs.subarray(start, start + +size), input);
          if (model_run(input, output) !== 0) process.exit(1);
          outputs.push(Buffer.from(bytes.slice(output, output + +results)));
        }
        fs.writeFileSync(to, Buffer.concat(outputs));
      });
      """
    for file in emitter.files(for: .mps2AN386) where file.name == "board/memory.c" {
      try Data(file.contents.utf8).write(to: folder.appending(path: "memory.c"))
    }
    try Data(script.utf8).write(to: folder.appending(path: "run.js"))
    try Data(inputs.flatMap(\.bytes)).write(to: folder.appending(path: "inputs"))
    func path(_ name: String) -> String { folder.appending(path: name).path }
    let (clang, linker) = (try #require(CCompiler.tool("clang")), try #require(CCompiler.tool("wasm-ld")))
    let node = try #require(CCompiler.tool("node"))
    #expect(
      try run(
        clang,
        ["--target=wasm32", "-O1", "-ffreestanding", "-fno-builtin", "-c", path("memory.c"), "-o", path("memory.o")])
        == 0)
    let objects = ["model", "model_data", "model_arena"].map { path("build-wasm32/\($0).o") } + [path("memory.o")]
    let exports = ["--no-entry", "--gc-sections", "--export=model_run", "--export=__heap_base"]
    #expect(try run(linker, exports + ["-o", path("model.wasm")] + objects) == 0)
    let sizes = [emitter.sizes.inputByteCount, emitter.sizes.outputByteCount].map(String.init)
    #expect(
      try run(node, [path("run.js"), path("model.wasm"), path("inputs"), path("outputs")] + sizes) == 0)
    #expect(try [UInt8](Data(contentsOf: folder.appending(path: "outputs"))) == expected)
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
