import Graphs
import Quantizers
import Tensors
import Testing
import Training

@testable import DeepChip

/// Which network is calibrated before training with quantizers.
@Suite struct QuantizedStartTests {
  private static let inputCount = 16

  /// One dense layer that takes the second class where `weights · x` is positive.
  private func network(_ weights: [Float]) throws -> (graph: Graph, weights: ValueID) {
    var graph = Graph()
    let input = graph.addInput("x", TensorType(.float32, [.batch(1), .fixed(weights.count)]))
    let rows = Tensor(shape: [2, weights.count], scalars: weights.map { -$0 } + weights)
    let id = graph.addConstant("weights", .float32(rows))
    graph.outputs = [try graph.append(.dense(clamp: nil), [input, id, nil], name: "dense")]
    return (graph, id)
  }

  /// Inputs that `weights · x` parts in two classes.
  private func items(_ weights: [Float], seed: UInt64) throws -> LabeledItems {
    let inputs = Tensor<Float>.random(Shape([200, weights.count]), in: -1...1, seed: seed)
    let labels = (0..<200).map { item in
      let row = inputs.scalars[item * weights.count..<(item + 1) * weights.count]
      return zip(row, weights).reduce(0) { $0 + $1.0 * $1.1 } > 0 ? 1 : 0
    }
    return try LabeledItems(inputs: inputs, labels: labels)
  }

  private func observed(_ latent: [Float], _ items: LabeledItems, density: Float) throws -> [Float] {
    let (graph, id) = try network(latent)
    let quantizer = TernaryWeightNetworkQuantizer(isAsymmetric: true)
    let start = QuantizedStart(
      items: items, quantization: NetworkQuantization(weights: [id: WeightQuantization(quantizer)]),
      schedule: DensitySchedule(from: density, to: density / 2))
    return try #require(start.observed(graph).constants[id]?.tensor.asFloat32).scalars
  }

  @Test(
    "Latent weights whose codes are the network are calibrated as these codes", arguments: 1...3 as ClosedRange<UInt64>)
  func latentWeights(seed: UInt64) throws {
    let ternary = (0..<Self.inputCount).map { $0 >= 4 ? 0 : $0 % 2 == 0 ? Float(4) : -4 }
    let latent = ternary.enumerated().map { $1 != 0 ? $1 : $0 % 3 == 0 ? Float(1.9) : -1.9 }
    let observed = try observed(latent, items(ternary, seed: seed), density: 0.25)
    #expect(observed == ternary.map { -$0 } + ternary)
  }

  @Test("Real weights are calibrated as they are", arguments: 1...3 as ClosedRange<UInt64>)
  func realWeights(seed: UInt64) throws {
    let real = (0..<Self.inputCount).map { Float($0) - 7.5 }
    let observed = try observed(real, items(real, seed: seed), density: 0.25)
    #expect(observed == real.map { -$0 } + real)
  }
}
