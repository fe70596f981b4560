import Tensors

/// Codes −127...127 with a scale per output channel at which nothing is clipped, found anew in each step.
///
/// value = s · round(w / s), s = max|w| / 127 over the channel; dL/dw = g.
///
/// - Source: Jacob et al., *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
///   Inference*, arXiv 1712.05877, section 3. The codes are those of `SymmetricQuantizer`.
public struct ChannelRangeQuantizer: TrainableWeightQuantizer {
  public init() {}

  /// None.
  public func initialState(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [QuantizerState] { [] }

  public func forward(
    _ latent: UnsafeBufferPointer<Float>, channels: Int, state: inout [QuantizerState],
    progress: QuantizationProgress, into values: UnsafeMutableBufferPointer<Float>
  ) {
    guard channels > 0 else { return }
    let length = latent.count / channels
    for (channel, scale) in Self.scales(latent, channels: channels).enumerated() {
      for index in channel * length..<(channel + 1) * length {
        let code = QuantizerArithmetic.clamp(latent[index] / scale, -127, 127)
        values[index] = QuantizerArithmetic.nearest(code) * scale
      }
    }
  }

  public func backward(
    _ gradient: UnsafeMutableBufferPointer<Float>, latent: UnsafeBufferPointer<Float>, channels: Int,
    state: [QuantizerState], progress: QuantizationProgress
  ) -> [[Float]] { [] }

  public func coded(
    _ latent: Tensor<Float>, state: [QuantizerState], progress: QuantizationProgress
  ) throws(QuantizationError) -> CodedTensor {
    try SymmetricQuantizer(bitWidth: 8, granularity: .perOutputChannel).quantize(latent)
  }

  private static func scales(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [Float] {
    let length = latent.count / channels
    return (0..<channels).map { channel in
      let row = UnsafeBufferPointer(rebasing: latent[channel * length..<(channel + 1) * length])
      return LatentStatistics.largestMagnitude(row) / 127
    }.replacingZeros()
  }
}
