import Tensors

/// Weights that are replaced by their sign times the scale of their filter; 0 counts as positive.
enum SignCoding {
  /// - Parameter scales: one for the tensor, or one for each output channel.
  static func write(
    _ latent: UnsafeBufferPointer<Float>, scales: [Float], into values: UnsafeMutableBufferPointer<Float>
  ) {
    let length = latent.count / max(scales.count, 1)
    for (channel, scale) in scales.enumerated() {
      for index in channel * length..<(channel + 1) * length { values[index] = latent[index] < 0 ? -scale : scale }
    }
  }

  /// - Parameter axis: 0, or nil with one scale.
  static func coded(_ latent: Tensor<Float>, scales: [Float], axis: Int?) -> CodedTensor {
    let encoding = AffineEncoding(
      scales: scales, zeroPoints: [Int32](repeating: 0, count: scales.count), axis: axis, bitWidth: 1, isSigned: true)
    return CodedTensor(codes: latent.map { $0 < 0 ? -1 : 1 }, encoding: .affine(encoding))
  }

  /// Mean magnitudes of the weights that are not 0, by output channel or over all.
  ///
  /// A filter of zeros gets a scale 2^−20 of the largest.
  static func meanScales(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [Float] {
    let length = latent.count / max(channels, 1)
    let means = (0..<channels).map { channel in
      Float(
        LatentStatistics.meanMagnitude(
          UnsafeBufferPointer(rebasing: latent[channel * length..<(channel + 1) * length])))
    }
    let least = QuantizerArithmetic.usable((means.max() ?? 0) * 0x1p-20)
    return means.map { $0 > least ? $0 : least }
  }
}
