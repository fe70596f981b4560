/// Activations clipped to 0...1 in steps of 1 / (2^k − 1): the fixed-point activations of DeepChip and of DoReFa-Net.
///
/// - Source: Zhou et al., *DoReFa-Net*, arXiv 1606.06160, section 2.3; the same in Schindler et al., *Towards Efficient
///   Forward Propagation on Resource-Constrained Systems*, ECML-PKDD 2018, with 8 bits.
public struct FixedPointActivation: TrainableActivationQuantizer {
  /// k, 1...8.
  public let bitWidth: Int

  /// - Precondition: 1 to 8 bits.
  public init(bitWidth: Int) {
    precondition((1...8).contains(bitWidth), "Activation codes have 1 to 8 bits")
    self.bitWidth = bitWidth
  }

  /// None.
  public func initialState(_ statistics: ActivationStatistics) -> [QuantizerState] { [] }

  public func rule(_ state: [QuantizerState]) -> ActivationRule {
    let highest = ActivationRule.highestCode(bitWidth)
    return ActivationRule(step: 1 / Float(highest), zeroPoint: 0, highestCode: highest)
  }

  public func stateGradients(_ sums: ActivationGradientSums, state: [QuantizerState], count: Int) -> [[Float]] { [] }
}

extension ActivationRule {
  /// 2^k − 1.
  static func highestCode(_ bitWidth: Int) -> Int32 { (Int32(1) << Int32(bitWidth)) - 1 }
}
