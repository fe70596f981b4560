import Graphs
import Tensors

extension Graph {
  /// Batch normalization folded into the convolution, transposed convolution or dense layer before it.
  ///
  /// With s = gamma / sqrt(variance + epsilon), weights become `s · w` and the bias `s · (b − mean) + beta`. Coded weights
  /// keep their codes, with scales per output channel times |s|; channels with s below 0 change the signs of their codes, for
  /// which the alphabet must be one of equal signs. A normalization whose operand is something else, is read by others
  /// too, has been quantized, or has no codes for the result, stays.
  public func foldingBatchNormalization() -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index), case .batchNormalization(let epsilon) = node.operator,
        let producer = rewriting.fusibleProducer(of: node.inputs[0]),
        let sum = WeightedSum(producer, in: rewriting), sum.clamp == nil,
        let gamma = rewriting.floats(node.inputs[1]), let beta = rewriting.floats(node.inputs[2]),
        let mean = rewriting.floats(node.inputs[3]), let variance = rewriting.floats(node.inputs[4])
      else { continue }
      let scales = zip(gamma.scalars, variance.scalars).map { gamma, variance in
        Double(gamma) / (Double(variance) + Double(epsilon)).squareRoot()
      }
      let offsets = scales.indices.map { Double(beta.scalars[$0]) - Double(mean.scalars[$0]) * scales[$0] }
      _ = sum.replace(index, scales: scales, offsets: offsets, clamp: nil, in: &rewriting)
    }
    return rewriting.finished()
  }
}
