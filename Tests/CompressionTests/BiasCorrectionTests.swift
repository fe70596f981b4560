import Compression
import Graphs
import Quantizers
import Reference
import Tensors
import Testing

@Suite struct BiasCorrectionTests {
  /// The mean error of each output channel under coded weights and real activations.
  func meanErrors(_ graph: Graph, correctsBias: Bool, weights: WeightQuantizerKind) throws -> [Double] {
    let batches = SmallNetworks.pictures(8, seed: 3)
    let options = QuantizationOptions(weights: weights, endWeights: nil, correctsBias: correctsBias)
    let encoded = try PostTrainingQuantizer(options).quantized(graph, calibration: .reference(batches: batches))
    let simulated = try encoded.simulatingQuantization(of: []).graph
    var errors = [Double](repeating: 0, count: 4)
    for batch in batches {
      let before = try #require(GraphEvaluator(graph).outputs(batch)[0].asFloat32)
      let after = try #require(GraphEvaluator(simulated).outputs(batch)[0].asFloat32)
      let inner = before.shape.dimensions.dropFirst(2).reduce(1, *)
      for (index, (a, b)) in zip(before.scalars, after.scalars).enumerated() {
        errors[index / inner % 4] += Double(b - a) / Double(before.scalars.count / 4 * batches.count)
      }
    }
    return errors
  }

  @Test(
    "The mean result of each channel stays, with padding, strides and groups", arguments: [1, 3], ["binary", "int2"])
  func meansAreKept(groups: Int, name: String) throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 3, 8, 8]))
    let middle = try graph.convolve(x, "lift", [6, 3, 1, 1], seed: 8)
    // The first layer is part of what is corrected: its mean error is what is seen through the second.
    let shape: Shape = [4, 6 / (groups == 1 ? 1 : 2), 3, 3]
    let weights = graph.addConstant("w", .float32(.random(shape, in: -0.5...1, seed: 4)))
    let window = Window(kernel: [3, 3], strides: [2, 2], paddingBefore: [1, 1], paddingAfter: [1, 1])
    graph.outputs = [
      try graph.append(
        .convolution(Convolution(window: window, groups: groups == 1 ? 1 : 2)), [middle, weights], name: "last")
    ]
    let kind = try #require(WeightQuantizerKind.named(name))
    let plain = try meanErrors(graph, correctsBias: false, weights: kind)
    let corrected = try meanErrors(graph, correctsBias: true, weights: kind)
    let total = plain.reduce(0) { $0 + $1.magnitude }
    // Means by channel stand for means by position: a little remains at the borders.
    #expect(corrected.reduce(0) { $0 + $1.magnitude } < total / 5)
  }
}
