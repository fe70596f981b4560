import DeepChip
import Emission
import Foundation
import Graphs
import Planning
import Reference
import Tensors
import Testing

@Suite struct CEmitterTests {
  /// 20 lists of inputs, and what the definition makes of them.
  static func samples(_ graph: Graph) throws -> (inputs: [[AnyTensor]], outputs: [UInt8]) {
    var (inputs, outputs) = ([[AnyTensor]](), [UInt8]())
    for seed in UInt64(0)..<20 {
      let list = try graph.inputs.enumerated().map { index, id in
        AnyTensor.sample(
          graph[id].type.elementType, try graph[id].type.shape(batch: 1), seed: 100 * seed + UInt64(index))
      }
      inputs.append(list)
      outputs += try GraphEvaluator(graph).outputs(list).flatMap(\.bytes)
    }
    return (inputs, outputs)
  }

  @Test(
    "Every integer operator gives the bytes of its definition", arguments: IntegerGraph.all, CCompiler.all)
  func equalsTheDefinition(_ entry: IntegerGraph, _ compiler: CCompiler) throws {
    let (inputs, expected) = try Self.samples(entry.graph)
    for core in CoreKind.allCases {
      let program = try CompiledProgram(CEmitter(entry.graph, options: .init(core: core)), compiler)
      #expect(try program.outputs(inputs) == expected, "\(core)")
    }
  }

  @Test("The executor gives the same bytes on the host", arguments: IntegerGraph.all)
  func executorEqualsTheDefinition(_ entry: IntegerGraph) throws {
    let (inputs, expected) = try Self.samples(entry.graph)
    let executor = try Executor(entry.graph)
    #expect(try inputs.flatMap { try executor.run($0).flatMap(\.bytes) } == expected)
  }

  @Test(
    "No program leaves its memory or does what C leaves undefined",
    .enabled(if: CCompiler.sanitizing != nil), arguments: IntegerGraph.all)
  func isDefined(_ entry: IntegerGraph) throws {
    let (inputs, expected) = try Self.samples(entry.graph)
    for (core, packs) in [(CoreKind.portable, false)] + CoreKind.allCases.map({ ($0, true) }) {
      let emitter = try CEmitter(entry.graph, options: .init(packsWeights: packs, core: core))
      let program = try CompiledProgram(emitter, #require(CCompiler.sanitizing), flags: ["-g"] + CCompiler.sanitizers)
      #expect(try program.outputs(inputs) == expected, "\(core)")
    }
  }

  @Test("The same model gives the same files", arguments: IntegerGraph.all)
  func isRepeatable(_ entry: IntegerGraph) throws {
    #expect(try CEmitter(entry.graph).files() == CEmitter(entry.graph).files())
  }

  @Test("Constants and arena have the predicted sizes", arguments: IntegerGraph.all)
  func sizesAreExact(_ entry: IntegerGraph) throws {
    guard let nm = CCompiler.tool("nm"), let compiler = CCompiler.all.first else { return }
    for core in [CoreKind.portable, .armDSP] {
      let emitter = try CEmitter(entry.graph, options: .init(core: core))
      let found = try symbolSizes(emitter, compiler, nm: nm)
      #expect(found.constants == emitter.sizes.constantByteCount)
      #expect(found.variables == emitter.sizes.arenaByteCount)
    }
  }

  @Test("Results of a chain of layers cover what has been read", arguments: CoreKind.allCases)
  func resultsCoverOperands(_ core: CoreKind) throws {
    for entry in IntegerGraph.all where entry.name.hasPrefix("a chain") {
      let emitter = try CEmitter(entry.graph, options: .init(core: core))
      let apart = ArenaPlan(emitter.schedule.buffers.map(\.lifetime), alignment: 4)
      #expect(emitter.sizes.arenaByteCount < apart.byteCount, "\(entry)")
    }
  }

  @Test("No function of a library is called but memcpy and memset", arguments: IntegerGraph.all)
  func callsNothing(_ entry: IntegerGraph) throws {
    guard let nm = CCompiler.tool("nm"), let compiler = CCompiler.all.first else { return }
    let program = try CompiledProgram(CEmitter(entry.graph), compiler)
    defer { withExtendedLifetime(program.folder) {} }
    let folder = program.folder.url
    let (object, list) = (folder.appending(path: "model.o"), folder.appending(path: "undefined"))
    let source = folder.appending(path: "model.c").path
    _ = try run(compiler.path, ["-std=c99", "-Os", "-fno-stack-protector", "-c", "-o", object.path, source])
    _ = try run(nm, ["-u", "-P", object.path], output: list)
    let names = try String(contentsOf: list, encoding: .utf8).split(separator: "\n").compactMap {
      $0.split(separator: " ").first
    }
    let others = names.filter {
      !["memcpy", "memset", "_GLOBAL_OFFSET_TABLE_"].contains($0) && !$0.hasPrefix("model_")
    }
    #expect(others.isEmpty)
  }

  @Test("Layers on real numbers are refused, all by name")
  func refusesReals() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 4]))
    let a = try graph.append(.unary(.sigmoid), [x], name: "curve")
    let b = try graph.append(.softmax(axis: 1, isLogarithmic: false), [a], name: "end */")
    graph.outputs = [b]
    let error = #expect(throws: EmissionError.self) { try CEmitter(graph) }
    #expect(
      error?.description == "no code for layers 'curve', 'end <2A>/' (it computes with real numbers). Quantize the "
        + "model with 'deepchip quantize', and leave a real softmax at the end to the caller.")
  }

  @Test(
    "A name that cannot begin identifiers is refused", arguments: ["", "9a", "a b", "main", "string", "ä", "a/b", "_x"])
  func refusesNames(_ name: String) throws {
    #expect(throws: EmissionError.name(name)) {
      try CEmitter(IntegerGraph.all[0].graph, options: .init(name: name))
    }
  }

  @Test("Any text in a model compiles, and none of it outside ASCII is printed", arguments: CCompiler.all)
  func survivesHostileNames(_ compiler: CCompiler) throws {
    let texts = [
      "*/ int x; /*", "??/", "??*/", "\"quoted\" 'text' \\", "line\nbreak\r\u{2028}", "int", "\u{202E}evil\u{2066}",
      "%s%n",
      "#include <x>", "//", "\\\n", String(repeating: "long", count: 5000), "\0", "/", "/*", "ends with *", "é\u{301}🦊",
    ]
    var graph = try #require(IntegerGraph.all.first { $0.name == "residual additions" }).graph
    for index in graph.values.indices { graph.values[index].name = texts[index % texts.count] }
    for shift in 0..<3 {
      for index in graph.nodes.indices { graph.nodes[index].name = texts[(index + 6 * shift) % texts.count] }
      let (inputs, expected) = try Self.samples(graph)
      let emitter = try CEmitter(graph, options: .init(name: "Int"))
      for file in emitter.files() {
        #expect(file.contents.utf8.allSatisfy { (32..<127).contains($0) || $0 == 10 || $0 == 9 })
        #expect(!file.contents.contains("??"))
      }
      #expect(try CompiledProgram(emitter, compiler).outputs(inputs) == expected)
    }
  }

  @Test("A null pointer is answered with -1")
  func refusesNull() throws {
    let compiler = try #require(CCompiler.all.first)
    let graph = IntegerGraph.all[0].graph
    let emitter = try CEmitter(graph)
    let pointers = [String](repeating: "NULL", count: graph.inputs.count + graph.outputs.count)
    let folder = try ScratchFolder()
    for file in emitter.files() { try Data(file.contents.utf8).write(to: folder.url.appending(path: file.name)) }
    let test = """
      #include "model.h"
      #include <stddef.h>
      int main(void) { return model_run(\(pointers.joined(separator: ", "))) == -1 ? 0 : 1; }
      """
    try Data(test.utf8).write(to: folder.url.appending(path: "null.c"))
    let paths = ["model.c", "model_data.c", "null.c"].map { folder.url.appending(path: $0).path }
    #expect(try run(compiler.path, CCompiler.strict + ["-o", folder.url.appending(path: "null").path] + paths) == 0)
    #expect(try run(folder.url.appending(path: "null").path, []) == 0)
  }
}

/// Bytes of constants and of variables in the objects of a program, by symbol.
func symbolSizes(_ emitter: CEmitter, _ compiler: CCompiler, nm: String) throws -> (constants: Int, variables: Int) {
  let program = try CompiledProgram(emitter, compiler)
  defer { withExtendedLifetime(program.folder) {} }
  let (folder, name) = (program.folder.url, emitter.options.name)
  var (constants, variables) = (0, 0)
  for source in [name, name + "_data"] {
    let object = folder.appending(path: source + ".o")
    _ = try run(
      compiler.path, ["-std=c99", "-Os", "-c", "-o", object.path, folder.appending(path: source + ".c").path])
    let list = folder.appending(path: source + ".list")
    _ = try run(nm, ["-P", "-t", "d", object.path], output: list)
    for line in try String(contentsOf: list, encoding: .utf8).split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count == 4, let size = Int(fields[3]) else { continue }
      switch fields[1] {
      case "R", "r": constants += size
      case "B", "b", "D", "d", "C": variables += size
      default: break
      }
    }
  }
  return (constants, variables)
}
