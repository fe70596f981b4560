import Graphs
import Tensors

extension Graph {
  /// The same function with the ranges of channels evened out between neighboring layers.
  ///
  /// Where the result of one layer goes to one other layer only, with nothing but a ReLU between, channel i may be
  /// divided by any s > 0 in the first and multiplied by it in the second. s = √(r₁ / r₂), with r₁ and r₂ the largest
  /// weight magnitudes of the channel in the two layers, makes both ranges equal. Chains are gone through until nothing changes
  /// by more than 0.1 %, at most 20 times. A clip with an upper limit (ReLU6) ends a chain.
  ///
  /// - Source: Nagel et al., *Data-Free Quantization Through Weight Equalization and Bias Correction*, arXiv
  ///   1906.04721, section 4.1.
  public func equalized() -> Graph {
    let pairs = equalizablePairs()
    guard !pairs.isEmpty else { return self }
    var weights: [ValueID: [Float]] = [:]
    var biases: [ValueID: [Float]] = [:]
    for pair in pairs {
      for layer in [pair.first, pair.second] {
        weights[layer.weights] = constant(layer.weights)?.tensor.asFloat32?.scalars
        if let bias = layer.bias { biases[bias] = constant(bias)?.tensor.asFloat32?.scalars }
      }
    }
    for _ in 0..<20 {
      var largestChange: Float = 0
      for pair in pairs { largestChange = max(largestChange, pair.equalize(&weights, &biases)) }
      if largestChange < 1e-3 { break }
    }
    var result = self
    for (id, scalars) in weights.merging(biases, uniquingKeysWith: { a, _ in a }) {
      result.constants[id] = constants[id].map { .tensor(.float32(Tensor(shape: $0.shape, scalars: scalars))) }
    }
    return result
  }

  private func equalizablePairs() -> [EqualizablePair] {
    var uses = [Int](repeating: 0, count: values.count)
    var readers: [ValueID: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for case let id? in node.inputs {
        uses[id.index] += 1
        readers[id] = index
      }
    }
    for id in outputs { uses[id.index] += 1 }
    var pairs: [EqualizablePair] = []
    for node in nodes {
      guard let first = EqualizableLayer(node, self, uses), first.isHomogeneous else { continue }
      var result = node.output
      while uses[result.index] == 1, let reader = readers[result] {
        let next = nodes[reader]
        if case .unary(.relu) = next.operator {
          result = next.output
          continue
        }
        if let second = EqualizableLayer(next, self, uses), next.inputs[0] == result,
          second.inputChannels == first.outputChannels
        {
          pairs.append(EqualizablePair(first: first, second: second))
        }
        break
      }
    }
    return pairs
  }
}

/// A layer with constant weights that nothing else uses.
private struct EqualizableLayer {
  var weights: ValueID
  var bias: ValueID?
  var outputChannels: Int
  var inputChannels: Int
  var groups: Int
  /// Kernel elements.
  var taps: Int
  /// Whether scaling a channel of the weighted sum scales the result.
  var isHomogeneous: Bool

  init?(_ node: Node, _ graph: Graph, _ uses: [Int]) {
    let clamp: Clamp?
    switch node.operator {
    case .convolution(let convolution): (clamp, groups) = (convolution.clamp, convolution.groups)
    case .dense(let dense): (clamp, groups) = (dense, 1)
    default: return nil
    }
    guard node.inputs.count > 1, let id = node.inputs[1], uses[id.index] == 1,
      case .tensor(.float32(let tensor))? = graph.constant(id), tensor.shape.rank >= 2,
      tensor.shape.elementCount > 0, tensor.scalars.allSatisfy(\.isFinite)
    else { return nil }
    weights = id
    if node.inputs.count > 2, let biasID = node.inputs[2] {
      guard uses[biasID.index] == 1, case .tensor(.float32)? = graph.constant(biasID) else { return nil }
      bias = biasID
    }
    outputChannels = tensor.shape[0]
    inputChannels = tensor.shape[1] * groups
    taps = tensor.shape.dimensions.dropFirst(2).reduce(1, *)
    isHomogeneous = clamp == nil || clamp == .relu
  }

  /// Calls `body` with the input channel of each weight and its index.
  func forEachInput(_ body: (_ channel: Int, _ index: Int) -> Void) {
    let perGroup = inputChannels / groups
    for m in 0..<outputChannels {
      let first = m / (outputChannels / groups) * perGroup
      for c in 0..<perGroup {
        for tap in 0..<taps { body(first + c, (m * perGroup + c) * taps + tap) }
      }
    }
  }
}

private struct EqualizablePair {
  var first: EqualizableLayer
  var second: EqualizableLayer

  /// Evens out both layers' ranges; returns the largest relative change of a channel.
  func equalize(_ weights: inout [ValueID: [Float]], _ biases: inout [ValueID: [Float]]) -> Float {
    guard var before = weights[first.weights], var after = weights[second.weights] else { return 0 }
    let perOutput = before.count / first.outputChannels
    let produced = (0..<first.outputChannels).map { channel in
      before[channel * perOutput..<(channel + 1) * perOutput].reduce(0) { max($0, $1.magnitude) }
    }
    var consumed = [Float](repeating: 0, count: second.inputChannels)
    second.forEachInput { channel, index in consumed[channel] = max(consumed[channel], after[index].magnitude) }
    let factors = zip(produced, consumed).map { r1, r2 -> Float in
      let factor = (r1 / r2).squareRoot()
      return r1 > 0 && r2 > 0 && factor.isNormal && (1 / factor).isNormal ? factor : 1
    }
    for index in before.indices { before[index] /= factors[index / perOutput] }
    second.forEachInput { channel, index in after[index] *= factors[channel] }
    weights[first.weights] = before
    weights[second.weights] = after
    if let bias = first.bias, let scalars = biases[bias] {
      biases[bias] = zip(scalars, factors).map { $0 / $1 }
    }
    return factors.reduce(0) { max($0, ($1 - 1).magnitude) }
  }
}
