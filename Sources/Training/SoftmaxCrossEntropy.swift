import CKernels
import Tensors

/// The loss of classification: cross-entropy of the softmax, with label smoothing.
///
/// With smoothing ε the target is `1 − ε + ε / K` for the label and `ε / K` for the other classes.
///
/// - Source: Szegedy et al., *Rethinking the Inception Architecture*, arXiv 1512.00567, section 7.
public struct SoftmaxCrossEntropy: Sendable, Equatable {
  /// In `0..<1`.
  public var labelSmoothing: Float

  public init(labelSmoothing: Float = 0) { self.labelSmoothing = labelSmoothing }

  /// The loss of a batch, and what a trainer needs of it.
  public struct Result: Sendable {
    /// Mean over the batch, natural logarithm.
    public var loss: Double
    /// Items whose largest logit is the label's.
    public var correctCount: Int
    /// At the logits, of the mean.
    public var gradient: Tensor<Float>
  }

  /// - Parameters:
  ///   - logits: `[n, K]`.
  ///   - labels: n classes in `0..<K`.
  /// - Precondition: as many labels as rows, each below K.
  public func evaluate(_ logits: Tensor<Float>, _ labels: [Int]) -> Result {
    let count = labels.count
    let classes = count == 0 ? 0 : logits.scalars.count / count
    precondition(logits.scalars.count == count * classes && labels.allSatisfy { (0..<classes).contains($0) }, "Labels fit")
    var result = Result(loss: 0, correctCount: 0, gradient: Tensor(repeating: 0, shape: logits.shape))
    var gradient = [Float](repeating: 0, count: logits.scalars.count)
    let (base, own) = (Double(labelSmoothing) / Double(max(classes, 1)), 1 - Double(labelSmoothing))
    for (item, label) in labels.enumerated() {
      let row = logits.scalars[item * classes..<(item + 1) * classes]
      let largest = Double(row.max() ?? 0)
      let powers = row.map { dc_exp(Double($0) - largest) }
      let sum = powers.reduce(0, +)
      let logarithm = largest + dc_log(sum)
      for (index, value) in row.enumerated() {
        let target = base + (index == label ? own : 0)
        if target > 0 { result.loss += target * (logarithm - Double(value)) }
        gradient[item * classes + index] = Float((powers[index] / sum - target) / Double(count))
      }
      if row.firstIndex(of: row.max() ?? 0).map({ $0 - row.startIndex }) == label { result.correctCount += 1 }
    }
    result.loss /= Double(max(count, 1))
    result.gradient.scalars = gradient
    return result
  }
}
