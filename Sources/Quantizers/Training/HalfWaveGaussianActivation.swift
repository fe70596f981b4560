/// Activations of 0 and above in fixed steps, those with the least squared error for a rectified standard normal
/// distribution, which batch normalization makes.
///
/// - Source: Cai et al., *Deep Learning with Low Precision by Half-wave Gaussian Quantization*, arXiv 1702.00953, uniform
///   steps with the clipped gradient. Departure: small positive values round to 0 instead of to the first step, so that
///   the best steps are wider (0.651 instead of 0.538 with 2 bits) and the error about half.
public struct HalfWaveGaussianActivation: TrainableActivationQuantizer {
  /// k, 1...8.
  public let bitWidth: Int

  /// - Precondition: 1 to 8 bits.
  public init(bitWidth: Int) {
    precondition((1...8).contains(bitWidth), "Activation codes have 1 to 8 bits")
    self.bitWidth = bitWidth
  }

  /// By bits, from 1; a test derives them again.
  private static let steps: [Float] = [
    1.224006, 0.6507697, 0.3534113, 0.1932485, 0.1054876, 0.05726128, 0.03087008, 0.01652815,
  ]

  /// None.
  public func initialState(_ statistics: ActivationStatistics) -> [QuantizerState] { [] }

  public func rule(_ state: [QuantizerState]) -> ActivationRule {
    ActivationRule(
      step: Self.steps[bitWidth - 1], zeroPoint: 0, highestCode: ActivationRule.highestCode(bitWidth))
  }

  public func stateGradients(_ sums: ActivationGradientSums, state: [QuantizerState], count: Int) -> [[Float]] { [] }
}
