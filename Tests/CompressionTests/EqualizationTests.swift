import Compression
import Graphs
import Quantizers
import Reference
import Tensors
import Testing

@Suite struct EqualizationTests {
  /// convolution–ReLU, depthwise–ReLU, convolution: two pairs that can be evened out.
  func chain(seed: UInt64, clamp: Clamp? = .relu) throws -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 3, 8, 8]))
    let a = try graph.convolve(x, "a", [8, 3, 3, 3], clamp: clamp, seed: seed)
    let b = try graph.convolve(a, "b", [8, 1, 3, 3], groups: 8, clamp: clamp, seed: seed + 10)
    graph.outputs = [try graph.convolve(b, "c", [4, 4, 1, 1], groups: 2, seed: seed + 20)]
    for factor in [(2, Float(100)), (5, 0.01)] {
      guard case .tensor(.float32(var weights))? = graph.constants[graph.nodes[0].inputs[1] ?? x] else { continue }
      for index in factor.0 * 27..<(factor.0 + 1) * 27 { weights.scalars[index] *= factor.1 }
      graph.constants[graph.nodes[0].inputs[1] ?? x] = .tensor(.float32(weights))
    }
    return graph
  }

  @Test("Evening out leaves the function unchanged", arguments: UInt64(0)..<4)
  func functionIsKept(seed: UInt64) throws {
    let graph = try chain(seed: seed)
    let equalized = graph.equalized()
    try equalized.validate()
    #expect(equalized != graph)
    let input: [AnyTensor] = [.float32(.random([2, 3, 8, 8], seed: seed + 77))]
    let before = try #require(GraphEvaluator(graph).outputs(input)[0].asFloat32).scalars
    let after = try #require(GraphEvaluator(equalized).outputs(input)[0].asFloat32).scalars
    // Rounding of the scaled weights to 24 bits.
    #expect(SignalToNoise.ratio(before, after) > 110)
  }

  @Test("Afterwards a channel's largest weights are equal on both sides")
  func rangesAreEqual() throws {
    let graph = try chain(seed: 1).equalized()
    func weights(_ node: Int) throws -> Tensor<Float> {
      try #require(graph.constant(graph.nodes[node].inputs[1])?.tensor.asFloat32)
    }
    let (a, b) = (try weights(0), try weights(1))
    for channel in 0..<8 {
      let produced = a.scalars[channel * 27..<(channel + 1) * 27].map(\.magnitude).max() ?? 0
      let consumed = b.scalars[channel * 9..<(channel + 1) * 9].map(\.magnitude).max() ?? 0
      #expect((produced / consumed - 1).magnitude < 0.01)
    }
  }

  @Test("An upper limit, a second use and an output end a chain")
  func chainsEnd() throws {
    let limited = try chain(seed: 1, clamp: Clamp(lower: 0, upper: 6))
    #expect(limited.equalized() == limited)
    var observed = try chain(seed: 1)
    observed.outputs += observed.nodes.prefix(2).map(\.output)
    #expect(observed.equalized() == observed)
  }

  @Test("One scale per tensor loses less after evening out")
  func helpsPerTensorScales() throws {
    let graph = try chain(seed: 2)
    func ratio(equalizes: Bool) throws -> Double {
      let options = QuantizationOptions(
        weightOptions: .init(granularity: .perTensor), calibrator: .minMax, equalizes: equalizes)
      let encoded = try PostTrainingQuantizer(options).quantized(
        graph, calibration: .reference(batches: SmallNetworks.pictures(8, seed: 5)))
      let simulated = try encoded.simulatingQuantization().graph
      var (before, after): ([Float], [Float]) = ([], [])
      for batch in SmallNetworks.pictures(4, seed: 50) {
        before += try #require(GraphEvaluator(graph).outputs(batch)[0].asFloat32).scalars
        after += try #require(GraphEvaluator(simulated).outputs(batch)[0].asFloat32).scalars
      }
      return SignalToNoise.ratio(before, after)
    }
    #expect(try ratio(equalizes: true) > ratio(equalizes: false))
  }
}
