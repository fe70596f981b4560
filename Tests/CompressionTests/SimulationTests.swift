import Compression
import Graphs
import Quantizers
import Reference
import Tensors
import Testing

@Suite struct SimulationTests {
  func encoded(seed: UInt64) throws -> (real: Graph, encoded: Graph) {
    let graph = try SmallNetworks.residual(seed: seed)
    let source = ActivationSource.reference(batches: SmallNetworks.pictures(8, seed: 100))
    let quantizer = PostTrainingQuantizer()
    let real = quantizer.prepared(graph)
    return (real, try quantizer.encoded(real, calibration: source))
  }

  @Test("Simulated values are those that codes stand for", arguments: UInt64(0)..<2)
  func valuesAreOnTheGrid(seed: UInt64) throws {
    let (_, encoded) = try encoded(seed: seed)
    let simulated = try encoded.simulatingQuantization()
    try simulated.graph.validate()
    var seen: [ValueID: Tensor<Float>] = [:]
    _ = try GraphEvaluator(simulated.graph).outputs(SmallNetworks.pictures(1, seed: 7)[0]) { id, tensor in
      seen[id] = tensor.asFloat32
    }
    for (index, value) in encoded.values.enumerated() {
      guard case .affine(let affine)? = value.encoding else { continue }
      let place = try #require(simulated.values[ValueID(index)])
      let tensor = try #require(seen[place])
      for real in tensor.scalars { #expect(affine.real(of: affine.code(of: real)) == real) }
    }
  }

  @Test("Coding nothing leaves the weights' error only")
  func selection() throws {
    let (_, encoded) = try encoded(seed: 1)
    let simulated = try encoded.simulatingQuantization(of: [])
    #expect(simulated.graph.nodes.count == encoded.nodes.count)
    let one = try encoded.simulatingQuantization(of: [encoded.nodes[0].output])
    #expect(one.graph.nodes.count == encoded.nodes.count + 2)
  }

  @Test("The meter finds the value that was spoiled and says what to do")
  func meter() throws {
    let (real, encodedGraph) = try encoded(seed: 2)
    var spoiled = encodedGraph
    let victim = try #require(spoiled.result("depthwise"))
    guard case .affine(var affine)? = spoiled[victim].encoding else { return }
    affine.scales[0] /= 20
    spoiled[victim].encoding = .affine(affine)

    let simulated = try spoiled.simulatingQuantization()
    var meter = LayerErrorMeter(spoiled, real: real)
    for batch in SmallNetworks.pictures(4, seed: 60) {
      var (before, after): ([ValueID: Tensor<Float>], [ValueID: Tensor<Float>]) = ([:], [:])
      _ = try GraphEvaluator(real).outputs(batch) { before[$0] = $1.asFloat32 }
      _ = try GraphEvaluator(simulated.graph).outputs(batch) { after[$0] = $1.asFloat32 }
      for (id, place) in simulated.values.sorted(by: { $0.key < $1.key }) {
        if let a = before[id], let b = after[place] { meter.add(id, real: a, coded: b) }
      }
    }
    let errors = meter.errors
    #expect(errors.map(\.name) == ["picture"] + encodedGraph.nodes.map(\.name))
    let worst = errors.worst()
    #expect(worst.count == 3)
    let entry = try #require(errors.first { $0.name == "depthwise" })
    #expect(entry.clippedShare > 0.1 && entry.signalToNoise < 6)
    #expect(
      entry.remedy.hasSuffix("of the values of 'depthwise' are clipped: calibrate with min-max, or on more samples."))
    let first = try #require(errors.first { $0.name == "first" })
    #expect(first.signalToNoise > 30 && first.clippedShare < 0.01)
    #expect(try #require(first.weightSignalToNoise) > 40)
    #expect(try #require(errors.last).weightSignalToNoise != nil)
  }

  @Test("The ratio is in decibels")
  func decibels() {
    #expect(SignalToNoise.ratio([1, 2], [1, 2]) == .infinity)
    #expect((SignalToNoise.ratio([10, 0], [9, 0]) - 20).magnitude < 1e-9)
  }
}
