/// Activations clipped to 0...α in 2^k − 1 steps, α trained: parameterized clipping.
///
/// dL/dα = Σ g over x above α. The paper's L2 penalty on α is the optimizer's weight decay.
///
/// - Source: Choi et al., *PACT: Parameterized Clipping Activation for Quantized Neural Networks*, arXiv 1805.06085.
public struct ClippedActivation: TrainableActivationQuantizer {
  /// k, 1...8.
  public let bitWidth: Int
  /// α at the start; nil takes the upper end of the range seen.
  public let initialClip: Float?

  /// - Precondition: 1 to 8 bits.
  public init(bitWidth: Int, initialClip: Float? = nil) {
    precondition((1...8).contains(bitWidth), "Activation codes have 1 to 8 bits")
    self.bitWidth = bitWidth
    self.initialClip = initialClip
  }

  /// `clip`, trained.
  public func initialState(_ statistics: ActivationStatistics) -> [QuantizerState] {
    let clip = initialClip ?? statistics.range.upperBound
    return [QuantizerState("clip", [clip > 0 ? QuantizerArithmetic.usable(clip) : 1], isTrained: true)]
  }

  public func rule(_ state: [QuantizerState]) -> ActivationRule {
    let highest = ActivationRule.highestCode(bitWidth)
    let step = QuantizerArithmetic.usable(state[0].values[0] / Float(highest))
    return ActivationRule(step: step, zeroPoint: 0, highestCode: highest)
  }

  public func stateGradients(_ sums: ActivationGradientSums, state: [QuantizerState], count: Int) -> [[Float]] {
    [[Float(sums.above)]]
  }
}
