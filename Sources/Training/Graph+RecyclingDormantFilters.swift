import Graphs
import Tensors

extension Graph {
  /// Lets filters that have died begin anew.
  ///
  /// Training by weight decay leaves filters whose weights and whose normalization's factor are about 0: what they give is the
  /// same for all inputs, and no gradient brings them back. A filter before a batch normalization is taken for such a one where
  /// its norm is below `share` of the median of its layer's filters. It gets uniform weights of the median's norm, and in the
  /// normalization the medians of the factors' magnitudes and of the variances, a mean and a shift of 0.
  ///
  /// - Parameters:
  ///   - share: of the median norm; those that died have 0.01 to 0.02 of it, those that live 0.03 at least (ResNets of the CIFAR kind).
  ///   - seed: of the weights.
  /// - Returns: the graph, and how many filters of how many layers begin anew.
  /// - Source: Sokar et al., *The Dormant Neuron Phenomenon in Deep Reinforcement Learning*, arXiv 2302.12902, there by activations.
  public func recyclingDormantFilters(
    below share: Float, seed: UInt64
  ) -> (graph: Graph, filterCount: Int, layerCount: Int) {
    var result = (graph: self, filterCount: 0, layerCount: 0)
    let producers = [ValueID: Node](nodes.map { ($0.output, $0) }, uniquingKeysWith: { first, _ in first })
    for (index, node) in nodes.enumerated() {
      guard case .batchNormalization = node.operator, let input = node.inputs[0], let layer = producers[input],
        var filters = NormalizedFilters(layer, node, in: self)
      else { continue }
      var generator = SplitMix64(seed: seed &+ UInt64(index) &* 0x9E37_79B9_97F4_A7C1)
      let count = filters.recycle(below: share, &generator)
      guard count > 0 else { continue }
      filters.store(in: &result.graph)
      result.filterCount += count
      result.layerCount += 1
    }
    return result
  }
}

/// The filters of a layer and the normalization after it.
private struct NormalizedFilters {
  private let ids: [ValueID]
  /// Weights, factors, shifts, means, variances.
  private var tensors: [Tensor<Float>]

  /// - Returns: nil unless `layer` is one with filters and all are constants that fit.
  init?(_ layer: Node, _ normalization: Node, in graph: Graph) {
    switch layer.operator {
    case .convolution, .dense: break
    default: return nil
    }
    ids = ([layer.inputs[1]] + normalization.inputs.dropFirst()).compactMap { $0 }
    tensors = ids.compactMap { id in
      guard case .tensor(.float32(let tensor))? = graph.constants[id] else { return nil }
      return tensor
    }
    guard tensors.count == 5, let count = tensors[0].shape.dimensions.first, count > 0, !tensors[0].scalars.isEmpty,
      tensors.dropFirst().allSatisfy({ $0.scalars.count == count })
    else { return nil }
  }

  /// - Returns: how many filters begin anew.
  mutating func recycle(below share: Float, _ generator: inout SplitMix64) -> Int {
    let count = tensors[1].scalars.count
    let size = tensors[0].scalars.count / count
    let norms = (0..<count).map { Self.norm(tensors[0].scalars[$0 * size..<($0 + 1) * size]) }
    let norm = Self.median(norms)
    let dormant = norms.indices.filter { norms[$0] < share * norm }
    let living = norms.indices.filter { norms[$0] >= share * norm }
    guard !dormant.isEmpty else { return 0 }
    let factor = Self.median(living.map { abs(tensors[1].scalars[$0]) })
    let variance = Self.median(living.map { tensors[4].scalars[$0] })
    for filter in dormant {
      let weights = (0..<size).map { _ in Float(2 * generator.nextUnit() - 1) }
      let scale = norm / max(Self.norm(weights[...]), .leastNormalMagnitude)
      for (index, weight) in weights.enumerated() { tensors[0].scalars[filter * size + index] = weight * scale }
      for (tensor, value) in [(1, factor), (2, 0), (3, 0), (4, variance)] { tensors[tensor].scalars[filter] = value }
    }
    return dormant.count
  }

  func store(in graph: inout Graph) {
    for (id, tensor) in zip(ids, tensors) { graph.constants[id] = .tensor(.float32(tensor)) }
  }

  private static func norm(_ values: ArraySlice<Float>) -> Float {
    Float(values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
  }

  /// The upper one of two in the middle; 0 of none.
  private static func median(_ values: [Float]) -> Float { values.isEmpty ? 0 : values.sorted()[values.count / 2] }
}
