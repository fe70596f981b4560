import Tensors

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
