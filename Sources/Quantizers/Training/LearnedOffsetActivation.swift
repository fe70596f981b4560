import CKernels

/// Activations in codes 0...2^k − 1 whose step and lowest value are trained, for ranges that reach below 0.
///
/// The lowest value β is used as the nearest whole number of steps, so that 0 has a code. With Qp = 2^k − 1 and N the
/// activations summed, dL/ds = (Σ g·(quantized(x) − x)/s between the ends + Qp · Σ g above) / √(N·Qp) and
/// dL/dβ = Σ g beyond both ends / √(N·Qp).
///
/// - Source: Bhalgat et al., *LSQ+: Improving low-bit quantization through learnable offsets and better initialization*,
///   arXiv 2004.09576. Departures: whole offsets; the start is the range that calibration found.
public struct LearnedOffsetActivation: TrainableActivationQuantizer {
  /// k, 1...8.
  public let bitWidth: Int

  /// - Precondition: 1 to 8 bits.
  public init(bitWidth: Int) {
    precondition((1...8).contains(bitWidth), "Activation codes have 1 to 8 bits")
    self.bitWidth = bitWidth
  }

  /// `step` and `offset`, both trained.
  public func initialState(_ statistics: ActivationStatistics) -> [QuantizerState] {
    let rule = ActivationRule(covering: statistics.range, bitWidth: bitWidth)
    return [
      QuantizerState("step", [rule.step], isTrained: true), QuantizerState("offset", [rule.lowest], isTrained: true),
    ]
  }

  public func rule(_ state: [QuantizerState]) -> ActivationRule {
    let highest = ActivationRule.highestCode(bitWidth)
    let step = QuantizerArithmetic.usable(state[0].values[0])
    let steps = (-state[1].values[0] / step).rounded(.toNearestOrEven)
    // Written so that NaN gives 0.
    let zeroPoint = steps > 0 ? Int32(min(steps, Float(highest))) : 0
    return ActivationRule(step: step, zeroPoint: zeroPoint, highestCode: highest)
  }

  public func stateGradients(_ sums: ActivationGradientSums, state: [QuantizerState], count: Int) -> [[Float]] {
    let highest = Double(ActivationRule.highestCode(bitWidth))
    let factor = 1 / dc_sqrt(Double(max(count, 1)) * highest)
    return [[Float((sums.inside + highest * sums.above) * factor)], [Float((sums.below + sums.above) * factor)]]
  }
}
