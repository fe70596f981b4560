import Tensors

/// One bit per weight: the sign, times the mean magnitude of the filter or the tensor.
///
/// A weight is coded +1 at 0 and above, −1 below; there is no code for zero.
///
/// - Source: Rastegari et al., *XNOR-Net*, arXiv 1603.05279, section 3.1 (binary weight networks).
public struct BinaryQuantizer: Quantizer {
  public var granularity: Granularity

  public init(granularity: Granularity = .perOutputChannel) { self.granularity = granularity }

  /// Codes each weight as −1 or +1.
  ///
  /// A filter of zeros, which has no sign, gets a scale 2^−20 of the largest: its result is next to nothing.
  ///
  /// - Complexity: O(*n*).
  public func quantize(_ latent: Tensor<Float>) throws(QuantizationError) -> CodedTensor {
    try latent.requireFinite()
    let layout = try ChannelLayout(latent.shape, axis: granularity.axis)
    var sums = [Double](repeating: 0, count: layout.count)
    var codes = [Int8](repeating: 1, count: latent.scalars.count)
    layout.forEach(codes.count) { channel, index in
      let w = latent.scalars[index]
      sums[channel] += Double(w.magnitude)
      if w < 0 { codes[index] = -1 }
    }
    let perChannel = Double(max(latent.scalars.count / max(layout.count, 1), 1))
    let means = sums.map { Float($0 / perChannel) }
    let least = max((means.max() ?? 0) * 0x1p-20, 0x1p-100)
    let encoding = AffineEncoding(
      scales: means.map { max($0, least) }, zeroPoints: [Int32](repeating: 0, count: means.count),
      axis: granularity.axis, bitWidth: 1, isSigned: true)
    return CodedTensor(codes: Tensor(shape: latent.shape, scalars: codes), encoding: .affine(encoding))
  }
}
