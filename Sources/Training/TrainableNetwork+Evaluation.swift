import Tensors

extension TrainableNetwork {
  /// What the network makes of items now, with running statistics.
  ///
  /// - Returns: the mean loss and how many items it gets right.
  /// - Throws: `.data` for labels that are no classes of the output, and what `forward` throws.
  public func evaluate(
    _ items: LabeledItems, by loss: SoftmaxCrossEntropy
  ) throws(TrainingError) -> (loss: Double, correctCount: Int) {
    var sum = (loss: 0.0, correctCount: 0)
    for first in stride(from: 0, to: items.count, by: capacity) {
      let batch = items[first..<min(first + capacity, items.count)]
      let logits = try forward(batch.inputs, isTraining: false)
      guard batch.labels.allSatisfy({ $0 < logits.scalars.count / batch.count }) else {
        throw TrainingError(.data("labels that are no classes of the output"))
      }
      let result = loss.evaluate(logits, batch.labels)
      sum.loss += result.loss * Double(batch.count)
      sum.correctCount += result.correctCount
    }
    return (sum.loss / Double(max(items.count, 1)), sum.correctCount)
  }
}
