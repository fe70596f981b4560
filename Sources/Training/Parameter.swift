import Graphs
import Tensors

/// What a float constant of a graph is to the trainer.
public enum ParameterRole: UInt8, Sendable, CaseIterable {
  /// Filters of a convolution or rows of a dense layer.
  case weights = 1
  /// Added by channel.
  case bias = 2
  /// Scale of a batch normalization.
  case gamma = 3
  /// Offset of a batch normalization.
  case beta = 4
  /// Running statistics of a batch normalization: updated, but not by gradients.
  case runningMean = 5
  case runningVariance = 6
  /// An operand of a binary operator.
  case other = 7
  /// Trained numbers of a quantizer: scales, ends of ranges.
  case quantizerScale = 8
  /// Numbers that a quantizer itself updates.
  case quantizerStatistic = 9

  /// Whether an optimizer changes it.
  public var isTrained: Bool {
    switch self {
    case .weights, .bias, .gamma, .beta, .other, .quantizerScale: true
    case .runningMean, .runningVariance, .quantizerStatistic: false
    }
  }

  /// Whether it is a constant of the graph, not a number of a quantizer.
  public var isConstant: Bool { self != .quantizerScale && self != .quantizerStatistic }
}

/// A float constant of the graph under training, or the numbers of a quantizer.
public final class Parameter {
  /// The constant's value in the graph; of a quantizer's numbers, the (first) value that it quantizes.
  public let id: ValueID
  public let name: String
  public let shape: Shape
  public let role: ParameterRole

  /// What the optimizer updates, in the order of the graph's constant.
  let values: FloatBuffer
  /// What layers read: `values`, or what a quantizer and a mask make of them.
  var effective: FloatBuffer
  /// The loss gradient that the last backward pass left.
  let gradient: FloatBuffer

  init(id: ValueID, name: String, role: ParameterRole, tensor: Tensor<Float>) {
    self.id = id
    self.name = name
    self.shape = tensor.shape
    self.role = role
    values = FloatBuffer(tensor.scalars)
    effective = values
    gradient = FloatBuffer(tensor.scalars.count)
  }

  /// The values now.
  public var value: Tensor<Float> { Tensor(shape: shape, scalars: values.values) }

  /// The gradient that the last backward pass left.
  public var lossGradient: Tensor<Float> { Tensor(shape: shape, scalars: gradient.values) }
}
