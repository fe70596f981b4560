import CKernels
import Tensors

/// The loss of classification: cross-entropy of the softmax, with label smoothing and a teacher's opinion mixed in.
///
/// With smoothing ε the target is `1 − ε + ε / K` for the label and `ε / K` for the other classes. An item that two were mixed
/// into has the mean of both targets, weighted by their shares.
///
/// - Source: Szegedy et al., *Rethinking the Inception Architecture*, arXiv 1512.00567, section 7.
public struct SoftmaxCrossEntropy: Sendable, Equatable {
  /// In `0..<1`.
  public var labelSmoothing: Float
  /// How a teacher's logits count, where they are given.
  public var distillation: Distillation

  public init(labelSmoothing: Float = 0, distillation: Distillation = Distillation()) {
    self.labelSmoothing = labelSmoothing
    self.distillation = distillation
  }

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
  ///   - mixing: which items were mixed into the batch's, if any; an item then counts as right by the label of the larger share.
  ///   - teacher: logits of a teacher, `[n, K]`, if there is one.
  /// - Precondition: as many labels as rows, each below K; as many of the teacher's logits as logits; partners are rows.
  public func evaluate(
    _ logits: Tensor<Float>, _ labels: [Int], mixing: Mixup.Draw? = nil, teacher: Tensor<Float>? = nil
  ) -> Result {
    let count = labels.count
    let classes = count == 0 ? 0 : logits.scalars.count / count
    precondition(
      logits.scalars.count == count * classes && labels.allSatisfy { (0..<classes).contains($0) }, "Labels fit")
    precondition(mixing.map { $0.partners.count == count } ?? true, "A partner for each item")
    var result = Result(loss: 0, correctCount: 0, gradient: Tensor(repeating: 0, shape: logits.shape))
    var gradient = [Float](repeating: 0, count: logits.scalars.count)
    let (base, own) = (Double(labelSmoothing) / Double(max(classes, 1)), 1 - Double(labelSmoothing))
    let share = teacher == nil ? 1 : 1 - Double(distillation.share)
    let ownShare = Double(mixing?.share ?? 1)
    for (item, label) in labels.enumerated() {
      let partner = mixing.map { labels[$0.partners[item]] } ?? label
      let row = logits.scalars[item * classes..<(item + 1) * classes]
      let (probabilities, logarithm) = Self.softmax(row, temperature: 1)
      for (index, value) in row.enumerated() {
        let labeled = (index == label ? ownShare : 0) + (index == partner ? 1 - ownShare : 0)
        let target = base + own * labeled
        if target > 0 { result.loss += share * target * (logarithm - Double(value)) }
        gradient[item * classes + index] = Float(share * (probabilities[index] - target) / Double(count))
      }
      let main = ownShare >= 0.5 ? label : partner
      if row.firstIndex(of: row.max() ?? 0).map({ $0 - row.startIndex }) == main { result.correctCount += 1 }
    }
    if let teacher { result.loss += addDistillation(logits.scalars, teacher.scalars, count, &gradient) }
    result.loss /= Double(max(count, 1))
    result.gradient.scalars = gradient
    return result
  }

  /// The probabilities of logits over T, and the logarithm of the sum of their powers.
  private static func softmax(
    _ row: ArraySlice<Float>, temperature: Double
  ) -> (probabilities: [Double], logarithm: Double) {
    let largest = Double(row.max() ?? 0) / temperature
    let powers = row.map { dc_exp(Double($0) / temperature - largest) }
    let sum = powers.reduce(0, +)
    return (powers.map { $0 / sum }, largest + dc_log(sum))
  }

  /// Adds λ·T·(p − q) by item, for p of the logits and q of the teacher's, to the gradient of the mean.
  ///
  /// - Returns: λ·T²·KL(q ‖ p), summed over items.
  private func addDistillation(
    _ logits: [Float], _ teacher: [Float], _ count: Int, _ gradient: inout [Float]
  ) -> Double {
    precondition(teacher.count == logits.count, "The teacher has a logit for each of the student's")
    let classes = logits.count / max(count, 1)
    let (temperature, share) = (Double(distillation.temperature), Double(distillation.share))
    var loss = 0.0
    for item in 0..<count {
      let range = item * classes..<(item + 1) * classes
      let (own, ownLogarithm) = Self.softmax(logits[range], temperature: temperature)
      let (other, otherLogarithm) = Self.softmax(teacher[range], temperature: temperature)
      for (index, place) in range.enumerated() {
        let difference = (Double(teacher[place]) - Double(logits[place])) / temperature
        if other[index] > 0 { loss += other[index] * (difference - otherLogarithm + ownLogarithm) }
        gradient[place] += Float(share * temperature * (own[index] - other[index]) / Double(count))
      }
    }
    return share * temperature * temperature * loss
  }
}
