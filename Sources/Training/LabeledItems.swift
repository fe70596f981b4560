import Tensors

/// Inputs with their classes, in memory: what a trainer learns from.
public struct LabeledItems: Sendable, Equatable {
  /// `[N, ...]`, as the network takes them.
  public let inputs: Tensor<Float>
  /// N classes.
  public let labels: [Int]

  /// - Throws: `.data` unless there are as many inputs as labels, at least one, and no label is negative.
  public init(inputs: Tensor<Float>, labels: [Int]) throws(TrainingError) {
    guard inputs.shape.rank >= 2, !labels.isEmpty, inputs.shape[0] == labels.count else {
      throw TrainingError(.data("inputs of shape \(inputs.shape) with \(labels.count) labels"))
    }
    guard labels.allSatisfy({ $0 >= 0 }) else { throw TrainingError(.data("a negative label")) }
    self.inputs = inputs
    self.labels = labels
  }

  public var count: Int { labels.count }

  /// Those of some places, in 0..<N.
  public subscript(range: Range<Int>) -> LabeledItems {
    let size = itemExtents.reduce(1, *)
    let scalars = Array(inputs.scalars[range.lowerBound * size..<range.upperBound * size])
    return LabeledItems(
      Tensor(shape: Shape([range.count] + itemExtents), scalars: scalars), labels: Array(labels[range]))
  }

  private init(_ inputs: Tensor<Float>, labels: [Int]) {
    self.inputs = inputs
    self.labels = labels
  }

  /// Extents of one item.
  var itemExtents: [Int] { Array(inputs.shape.dimensions.dropFirst()) }
}
