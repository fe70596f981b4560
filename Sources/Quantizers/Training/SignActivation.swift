/// Activations −1 and +1; the gradient passes where |x| is at most 1.
///
/// The codes of the rule are 0 and 2 around the zero point 1, so that padding by 0 has a code; so they are in a packed network.
///
/// - Source: Hubara et al., *Binarized Neural Networks*, arXiv 1602.02830. Departure: 0 is positive.
public struct SignActivation: TrainableActivationQuantizer {
  public init() {}

  /// None.
  public func initialState(_ statistics: ActivationStatistics) -> [QuantizerState] { [] }

  public func rule(_ state: [QuantizerState]) -> ActivationRule {
    ActivationRule(step: 1, zeroPoint: 1, highestCode: 2, isSign: true)
  }

  public func stateGradients(_ sums: ActivationGradientSums, state: [QuantizerState], count: Int) -> [[Float]] { [] }
}
