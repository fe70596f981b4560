import Graphs
import Quantizers
import Tensors
import Testing
import Training

/// Weights times a trained number: a quantizer without steps, whose gradients differences can check.
private struct ScalingQuantizer: TrainableWeightQuantizer {
  var scale: Float

  func initialState(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [QuantizerState] {
    [QuantizerState("scale", [scale], isTrained: true)]
  }

  func forward(
    _ latent: UnsafeBufferPointer<Float>, channels: Int, state: inout [QuantizerState],
    progress: QuantizationProgress, into values: UnsafeMutableBufferPointer<Float>
  ) {
    for index in latent.indices { values[index] = latent[index] * state[0].values[0] }
  }

  func backward(
    _ gradient: UnsafeMutableBufferPointer<Float>, latent: UnsafeBufferPointer<Float>, channels: Int,
    state: [QuantizerState], progress: QuantizationProgress
  ) -> [[Float]] {
    var sum = 0.0
    for index in latent.indices {
      sum += Double(gradient[index] * latent[index])
      gradient[index] *= state[0].values[0]
    }
    return [[Float(sum)]]
  }

  func coded(
    _ latent: Tensor<Float>, state: [QuantizerState], progress: QuantizationProgress
  ) throws(QuantizationError) -> CodedTensor {
    try SymmetricQuantizer(bitWidth: 8, granularity: .perTensor).quantize(latent)
  }
}

/// A trained clip on both sides, in steps too fine to see: differences across the steps are the straight-through ones.
private struct FineClip: TrainableActivationQuantizer {
  static let steps: Int32 = 1 << 20
  var clip: Float

  func initialState(_ statistics: ActivationStatistics) -> [QuantizerState] {
    [QuantizerState("clip", [clip], isTrained: true)]
  }

  func rule(_ state: [QuantizerState]) -> ActivationRule {
    ActivationRule(
      step: state[0].values[0] / Float(Self.steps), zeroPoint: Self.steps, highestCode: 2 * Self.steps)
  }

  func stateGradients(_ sums: ActivationGradientSums, state: [QuantizerState], count: Int) -> [[Float]] {
    [[Float(sums.above - sums.below)]]
  }
}

@Suite struct StraightThroughTests {
  /// A residual network whose values are rounded wherever the trainer can do it: the input, a convolution, a normalization
  /// with and without ReLU, a sum with ReLU, a mean.
  private struct Case {
    var graph: Graph
    var weights: [ValueID] = []
    var groups: [[ValueID]] = []

    init(seed: UInt64) throws {
      var sketch = NetworkSketch([3, 6, 5], seed: seed)
      groups.append([sketch.last])
      try sketch.convolution(18, GradientCase.same)
      let x = sketch.last
      groups.append([x])
      try sketch.convolution(16, GradientCase.same)
      try sketch.normalization()
      try sketch.append(.unary(.relu), [sketch.last])
      groups.append([sketch.last])
      try sketch.convolution(18, GradientCase.same)
      try sketch.normalization()
      groups.append([sketch.last])
      try sketch.append(.binary(.add, clamp: nil), [sketch.last, x])
      try sketch.append(.unary(.relu), [sketch.last])
      let sum = sketch.last
      try sketch.append(.reduction(.mean, axes: [2, 3], keepsAxes: true), [sum])
      groups.append([sum, sketch.last])
      try sketch.append(.reshape([.batch(1), .fixed(18)]), [sketch.last])
      try sketch.dense(4)
      graph = sketch.finished()
      for node in graph.nodes {
        switch node.operator {
        case .convolution, .dense: if let id = node.inputs[1] { weights.append(id) }
        default: break
        }
      }
    }

    func network(
      shift: (parameter: String, place: Int, by: Float)? = nil, threads: Int = 1
    ) throws -> TrainableNetwork {
      var moved = graph
      var quantization = NetworkQuantization()
      for (index, id) in weights.enumerated() {
        let isMoved = shift?.parameter == "w\(index).scale"
        quantization.weights[id] = WeightQuantization(ScalingQuantizer(scale: 0.75 + (isMoved ? shift?.by ?? 0 : 0)))
      }
      for (index, group) in groups.enumerated() {
        let isMoved = shift?.parameter == "a\(index).clip"
        // Different ones: a sum of opposite ends must not lie at the bend of ReLU.
        let clip: Float = [0.75, 1, 1.25, 0.875, 0.5][index] + (isMoved ? shift?.by ?? 0 : 0)
        quantization.activations.append(
          ActivationQuantization(group, FineClip(clip: clip), ActivationStatistics(range: 0...1, meanMagnitude: 1)))
      }
      for (id, constant) in graph.constants where shift?.parameter == graph[id].name {
        guard case .tensor(.float32(var tensor)) = constant, let shift else { continue }
        tensor.scalars[shift.place] += shift.by
        moved.constants[id] = .tensor(.float32(tensor))
      }
      return try TrainableNetwork(moved, quantization: quantization, capacity: 8, threads: threads)
    }

    /// Names of the parameters for `shift`, in the network's order.
    func names(_ network: TrainableNetwork) -> [String] {
      network.parameters.map { parameter in
        guard parameter.role == .quantizerScale else { return parameter.name }
        if let index = weights.firstIndex(of: parameter.id) { return "w\(index).scale" }
        return "a\(groups.firstIndex { $0.contains(parameter.id) } ?? -1).clip"
      }
    }
  }

  @Test("Gradients through quantizers are finite differences", arguments: [UInt64(1), 2, 3], [true, false])
  func gradientsEqualDifferences(seed: UInt64, isTraining: Bool) throws {
    let test = try Case(seed: seed * 100)
    let x = Tensor.random([8, 3, 6, 5], seed: seed)
    let network = try test.network(threads: 2)
    let y = try network.forward(x, isTraining: isTraining)
    let direction = Tensor.random(y.shape, seed: seed + 5)
    network.backward(direction)
    let names = test.names(network)
    var generator = SplitMix64(seed: seed)
    for (name, parameter) in zip(names, network.parameters) where parameter.role.isTrained {
      // Of the input no gradient is computed.
      if name == "a0.clip" { continue }
      let gradient = parameter.lossGradient.scalars
      let scale = gradient.map(\.magnitude).max() ?? 0
      #expect(scale > 0, "\(name) has no gradient")
      for _ in 0..<3 {
        let place = Int.random(in: 0..<gradient.count, using: &generator)
        let step: Float = 0x1p-12
        let values = try [step, -step].map { by in
          let moved = try test.network(shift: (name, place, by))
          let y = try moved.forward(x, isTraining: isTraining)
          return zip(y.scalars, direction.scalars).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        }
        let slope = Float((values[0] - values[1]) / Double(2 * step))
        // Steps across the bends of clamps cost some digits, more where thousands of terms cancel in one number.
        let tolerance: Float = gradient.count == 1 ? 0.025 : 5e-3
        #expect(
          abs(gradient[place] - slope) <= 0.03 * scale + tolerance, "\(name) \(place): \(gradient[place]) and \(slope)")
      }
    }
  }
}
