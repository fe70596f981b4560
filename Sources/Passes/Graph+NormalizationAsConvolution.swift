import Graphs
import Tensors

extension Graph {
  /// Turns batch norms that could not be folded into depthwise 1x1 convolutions.
  ///
  /// Pre-activation networks have them after additions. As a weighted sum with a weight and a bias per channel they
  /// take a fused clip, and they have an integer form that is exact but for the rounding of its result.
  public func turningNormalizationIntoConvolution() -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index), case .batchNormalization(let epsilon) = node.operator,
        let x = node.inputs[0], (3...5).contains(rewriting.graph[x].type.rank),
        let gamma = rewriting.floats(node.inputs[1]), let beta = rewriting.floats(node.inputs[2]),
        let mean = rewriting.floats(node.inputs[3]), let variance = rewriting.floats(node.inputs[4])
      else { continue }
      let channels = gamma.shape.elementCount
      let factors = zip(gamma.scalars, variance.scalars).map {
        Double($0) / (Double($1) + Double(epsilon)).squareRoot()
      }
      let offsets = (0..<channels).map { Double(beta.scalars[$0]) - Double(mean.scalars[$0]) * factors[$0] }
      guard (factors + offsets).allSatisfy(\.isFinite), channels > 0 else { continue }
      let spatial = rewriting.graph[x].type.rank - 2
      let shape = Shape([channels, 1] + [Int](repeating: 1, count: spatial))
      let weights = rewriting.addConstant(
        node.name + ".factors", .tensor(.float32(Tensor(shape: shape, scalars: factors.map { Float($0) }))))
      let bias = rewriting.addConstant(
        node.name + ".offsets", .tensor(.float32(Tensor(shape: [channels], scalars: offsets.map { Float($0) }))))
      let window = Window(kernel: [Int](repeating: 1, count: spatial))
      rewriting.replace(index, by: .convolution(Convolution(window: window, groups: channels)), [x, weights, bias])
    }
    return rewriting.finished()
  }
}
