import Tensors

/// Evenly spaced values that replace activations: `lowest + step · round((clamp(x) − lowest) / step)`, half to even.
///
/// `lowest` is a whole number of steps, so that 0 has a code whenever it lies between the ends.
public struct ActivationRule: Sendable, Hashable {
  /// Real value of one code step; finite and positive.
  public var step: Float
  /// The code that means 0.
  public var zeroPoint: Int32
  /// Codes are 0...highestCode.
  public var highestCode: Int32

  public init(step: Float, zeroPoint: Int32, highestCode: Int32) {
    self.step = step
    self.zeroPoint = zeroPoint
    self.highestCode = highestCode
  }

  /// Real value of code 0.
  public var lowest: Float { Float(-zeroPoint) * step }
  /// Real value of the highest code.
  public var highest: Float { Float(highestCode - zeroPoint) * step }
}

/// Sums over a batch that the gradient of every activation quantizer's state is made of; g is the gradient of the loss at
/// the quantized value.
public struct ActivationGradientSums: Sendable, Hashable {
  /// Σ g where x lies below the lowest value.
  public var below: Double
  /// Σ g where x lies above the highest value.
  public var above: Double
  /// Σ g · (quantized(x) − x) / step where x lies between them.
  public var inside: Double

  public init(below: Double = 0, above: Double = 0, inside: Double = 0) {
    self.below = below
    self.above = above
    self.inside = inside
  }
}

/// What is known of a value before it is quantized: of sample inputs at the start, of a batch in training.
public struct ActivationStatistics: Sendable, Hashable {
  /// Smallest and largest value, or a calibrated range.
  public var range: ClosedRange<Float>
  /// Mean of |x|.
  public var meanMagnitude: Float

  public init(range: ClosedRange<Float>, meanMagnitude: Float) {
    self.range = range
    self.meanMagnitude = meanMagnitude
  }
}

/// An activation quantizer in the training loop.
///
/// Forward it is an `ActivationRule`; the gradient passes where x lies between the ends of the rule, and is 0 elsewhere.
public protocol TrainableActivationQuantizer: Sendable {
  /// The state at the start.
  func initialState(_ statistics: ActivationStatistics) -> [QuantizerState]

  /// The rule that the state stands for; its codes have at most 8 bits.
  func rule(_ state: [QuantizerState]) -> ActivationRule

  /// Gradients of the state, entry by entry; zeros for untrained entries.
  ///
  /// - Parameters:
  ///   - sums: over the batch.
  ///   - state: as `rule` saw it.
  ///   - count: activations summed.
  func stateGradients(_ sums: ActivationGradientSums, state: [QuantizerState], count: Int) -> [[Float]]

  /// Lets untrained state follow the values of a batch; does nothing by default.
  func update(_ state: inout [QuantizerState], with statistics: ActivationStatistics, progress: QuantizationProgress)

  /// Whether `update` wants the statistics of each batch.
  var followsBatches: Bool { get }
}

extension TrainableActivationQuantizer {
  public func update(
    _ state: inout [QuantizerState], with statistics: ActivationStatistics, progress: QuantizationProgress
  ) {}
  public var followsBatches: Bool { false }
}
