import DeepChip
import Foundation
import Passes
import Testing

/// First layers in patches of rows.
@Suite struct PatchTests {
  /// Graphs with layers that can be cut into rows.
  static let graphs = IntegerGraph.all.filter { !$0.graph.patchableRegions.isEmpty }

  @Test("Networks in patches keep their numbers", arguments: graphs)
  func equalsTheWhole(_ entry: IntegerGraph) throws {
    let (inputs, expected) = try CEmitterTests.samples(entry.graph)
    for region in entry.graph.patchableRegions {
      for count in 2...4 {
        guard let patched = entry.graph.inPatches(count, region) else { continue }
        try patched.validate()
        let (evaluator, executor) = (GraphEvaluator(patched), try Executor(patched))
        #expect(try inputs.flatMap { try evaluator.outputs($0).flatMap(\.bytes) } == expected, "\(region), \(count)")
        #expect(try inputs.flatMap { try executor.run($0).flatMap(\.bytes) } == expected, "\(region), \(count)")
      }
    }
  }

  @Test("Programs in patches give the definition's bytes", arguments: graphs)
  func programs(_ entry: IntegerGraph) throws {
    guard let region = entry.graph.patchableRegions.last, let patched = entry.graph.inPatches(3, region),
      let compiler = CCompiler.sanitizing
    else { return }
    let (inputs, expected) = try CEmitterTests.samples(entry.graph)
    for core in [CoreKind.portable, .armDSP] {
      let emitter = try CEmitter(patched, options: .init(core: core))
      let program = try CompiledProgram(emitter, compiler, flags: ["-g"] + CCompiler.sanitizers)
      #expect(try program.outputs(inputs) == expected, "\(core)")
    }
  }

  @Test("A region ends where nobody needs what is in between")
  func regions() throws {
    let residual = try #require(IntegerGraph.all.first { $0.name == "residual additions" }).graph
    // The stem is read again by the first addition, whose result the second one and the third read again.
    #expect(residual.patchableRegions.map(\.nodes.count).first == 1)
    for region in residual.patchableRegions {
      let later = residual.nodes[region.nodes.upperBound...].flatMap { $0.inputs.compactMap { $0 } }
      for node in residual.nodes[region.nodes].dropLast() { #expect(!later.contains(node.output)) }
    }
    let whole = try #require(residual.patchableRegions.last)
    #expect(residual.inPatches(1, whole) == nil)
    #expect(residual.inPatches(1000, whole) == nil)
  }

  @Test(
    "MobileNet in 4 patches needs half the arena, and gives the runtime's bytes",
    .enabled(if: ModelTests.hasShared && !CCompiler.all.isEmpty))
  func mobileNetwork() throws {
    let packed = try Model(contentsOf: ModelTests.model("imagenet/mobilenet_v1_0.25_128_quant.tflite")).packed
    let options = CEmitter.Options(core: .armDSP)
    let patching = try #require(try Patching.best(packed.graph, options: options, counts: [4]))
    #expect(patching.arenaByteCount <= 33 << 10 && patching.wholeArenaByteCount <= 65 << 10)
    #expect(Double(patching.macCount) <= 1.1 * Double(patching.wholeMACCount))
    let type = packed.graph[packed.graph.inputs[0]].type
    let inputs = try (0..<3).map { AnyTensor.sample(type.elementType, try type.shape(batch: 1), seed: UInt64($0)) }
    let executor = try Executor(packed)
    let expected = try inputs.flatMap { try executor.run([$0]).flatMap(\.bytes) }
    let program = try CompiledProgram(
      CEmitter(patching.graph, options: options), #require(CCompiler.all.first), flags: ["-O2"])
    #expect(try program.outputs(inputs.map { [$0] }) == expected)
  }

  @Test("What does not fit is told to be computed in patches, where these help", .enabled(if: ModelTests.hasShared))
  func isProposed() throws {
    var fitting = Fitting()
    (fitting.flashLimit, fitting.ramLimit) = (1 << 20, 84 << 10)
    let model = try Model(contentsOf: ModelTests.model("imagenet/mobilenet_v1_0.25_128_quant.tflite"))
    let report = try fitting.report(model)
    #expect(!report.fits && report.changes.contains { $0.description.contains("--patches") && $0.fits })
    fitting.patchCounts = [4]
    let patched = try fitting.report(model)
    #expect(patched.fits && patched.patches?.count == 4)
  }
}
