import Tensors

/// Activations in codes 0...2^k − 1 that cover a range: one that calibration found, or a moving average of batches.
///
/// - Source: Jacob et al., *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
///   Inference*, arXiv 1712.05877, section 3.1.
public struct RangeActivation: TrainableActivationQuantizer {
  /// k, 1...8.
  public let bitWidth: Int
  /// Share of a batch's range in the moving average, in 0...1; nil keeps the calibrated range.
  public let momentum: Float?

  /// - Precondition: 1 to 8 bits, a momentum in 0...1.
  public init(bitWidth: Int = 8, momentum: Float? = nil) {
    precondition((1...8).contains(bitWidth), "Activation codes have 1 to 8 bits")
    precondition((0...1).contains(momentum ?? 0), "A momentum lies in 0...1")
    self.bitWidth = bitWidth
    self.momentum = momentum
  }

  /// `range`, its two ends, not trained.
  public func initialState(_ statistics: ActivationStatistics) -> [QuantizerState] {
    let range = statistics.range
    return [QuantizerState("range", [range.lowerBound, range.upperBound], isTrained: false)]
  }

  public func rule(_ state: [QuantizerState]) -> ActivationRule {
    let (lower, upper) = (state[0].values[0], state[0].values[1])
    // Comparisons that NaN fails.
    return ActivationRule(covering: (lower < 0 ? lower : 0)...(upper > 0 ? upper : 0), bitWidth: bitWidth)
  }

  public func stateGradients(_ sums: ActivationGradientSums, state: [QuantizerState], count: Int) -> [[Float]] {
    [[0, 0]]
  }

  public func update(
    _ state: inout [QuantizerState], with statistics: ActivationStatistics, progress: QuantizationProgress
  ) {
    guard let momentum, progress.updatesState else { return }
    let ends = [statistics.range.lowerBound, statistics.range.upperBound]
    for (index, end) in ends.enumerated() where end.isFinite {
      state[0].values[index] += momentum * (end - state[0].values[index])
    }
  }

  public var followsBatches: Bool { momentum != nil }
}

extension ActivationRule {
  /// The rule that covers a range stretched to contain 0; with 8 bits that of `AffineEncoding(covering:)`.
  init(covering range: ClosedRange<Float>, bitWidth: Int) {
    let highest = ActivationRule.highestCode(bitWidth)
    let (lower, upper) = (Double(min(range.lowerBound, 0)), Double(max(range.upperBound, 0)))
    let width = Float((upper - lower) / Double(highest))
    let step = width > 0 ? QuantizerArithmetic.usable(width) : 1
    let zeroPoint = Int32(min(max((-lower / Double(step)).rounded(), 0), Double(highest)))
    self.init(step: step, zeroPoint: zeroPoint, highestCode: highest)
  }
}
