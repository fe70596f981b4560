import Tensors

/// Weights −α and +α, α the mean magnitude of the filter or of the layer, found anew in each step.
///
/// - Source: Rastegari et al., *XNOR-Net*, arXiv 1603.05279, section 3.1 (binary weight networks), and with one scale for
///   the layer Zhou et al., *DoReFa-Net*, arXiv 1606.06160, section 2.2. The codes are those of `BinaryQuantizer`, except
///   that weights of exactly 0, which are pruned, do not count in means.
public struct BinaryWeightQuantizer: TrainableWeightQuantizer {
  /// The gradient at latent weights.
  public enum GradientRule: Hashable, Sendable {
    /// dL/dw = g, as DoReFa-Net and DeepChip have it.
    case straightThrough
    /// dL/dw = g · (1/n + α where |w| is at most 1), n the weights that share α, as XNOR-Net has it.
    case scaled
  }

  /// Whether each filter has its own scale, or the layer one.
  public var isPerChannel: Bool
  public var gradientRule: GradientRule

  public init(isPerChannel: Bool = true, gradientRule: GradientRule = .straightThrough) {
    self.isPerChannel = isPerChannel
    self.gradientRule = gradientRule
  }

  /// None.
  public func initialState(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [QuantizerState] { [] }

  public func forward(
    _ latent: UnsafeBufferPointer<Float>, channels: Int, state: inout [QuantizerState],
    progress: QuantizationProgress, into values: UnsafeMutableBufferPointer<Float>
  ) {
    SignCoding.write(latent, scales: scales(latent, channels), into: values)
  }

  public func backward(
    _ gradient: UnsafeMutableBufferPointer<Float>, latent: UnsafeBufferPointer<Float>, channels: Int,
    state: [QuantizerState], progress: QuantizationProgress
  ) -> [[Float]] {
    guard gradientRule == .scaled else { return [] }
    let scales = scales(latent, channels)
    let length = latent.count / max(scales.count, 1)
    let share = 1 / Float(max(length, 1))
    for (channel, scale) in scales.enumerated() {
      for index in channel * length..<(channel + 1) * length {
        gradient[index] *= latent[index].magnitude <= 1 ? share + scale : share
      }
    }
    return []
  }

  public func coded(
    _ latent: Tensor<Float>, state: [QuantizerState], progress: QuantizationProgress
  ) throws(QuantizationError) -> CodedTensor {
    try latent.requireFinite()
    let layout = try ChannelLayout(latent.shape, axis: isPerChannel ? 0 : nil)
    let scales = latent.scalars.withUnsafeBufferPointer { self.scales($0, layout.count) }
    return SignCoding.coded(latent, scales: scales, axis: isPerChannel ? 0 : nil)
  }

  private func scales(_ latent: UnsafeBufferPointer<Float>, _ channels: Int) -> [Float] {
    SignCoding.meanScales(latent, channels: isPerChannel ? channels : 1)
  }
}
