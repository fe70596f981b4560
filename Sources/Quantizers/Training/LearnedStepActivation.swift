import CKernels

/// Activations of 0 and above in codes 0...2^k − 1 whose step is trained.
///
/// dL/ds = (Σ g·(round(x/s) − x/s) between the ends + Qp · Σ g above) / √(N·Qp), Qp = 2^k − 1, N the activations summed.
///
/// - Source: Esser et al., *Learned Step Size Quantization*, arXiv 1902.08153. Departures: N counts the whole batch, as
///   most implementations do; the step starts no wider than the range seen needs, which matters from about 4 bits on.
public struct LearnedStepActivation: TrainableActivationQuantizer {
  /// k, 1...8.
  public let bitWidth: Int

  /// - Precondition: 1 to 8 bits.
  public init(bitWidth: Int) {
    precondition((1...8).contains(bitWidth), "Activation codes have 1 to 8 bits")
    self.bitWidth = bitWidth
  }

  /// `step`, trained: 2 · mean|x| / √Qp, at most a Qp-th of the upper end of the range seen.
  public func initialState(_ statistics: ActivationStatistics) -> [QuantizerState] {
    let highest = Float(ActivationRule.highestCode(bitWidth))
    let widest = statistics.range.upperBound > 0 ? statistics.range.upperBound / highest : .infinity
    let step = min(2 * statistics.meanMagnitude / dc_sqrtf(highest), widest)
    return [QuantizerState("step", [step > 0 ? QuantizerArithmetic.usable(step) : 1 / highest], isTrained: true)]
  }

  public func rule(_ state: [QuantizerState]) -> ActivationRule {
    ActivationRule(
      step: QuantizerArithmetic.usable(state[0].values[0]), zeroPoint: 0,
      highestCode: ActivationRule.highestCode(bitWidth))
  }

  public func stateGradients(_ sums: ActivationGradientSums, state: [QuantizerState], count: Int) -> [[Float]] {
    let highest = Double(ActivationRule.highestCode(bitWidth))
    return [[Float((sums.inside + highest * sums.above) / dc_sqrt(Double(max(count, 1)) * highest))]]
  }
}
