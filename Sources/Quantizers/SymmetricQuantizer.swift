import Tensors

/// Evenly spaced signed codes with zero in the middle: 8, 4, 2 bits, or anything from 2 to 8.
///
/// A weight w is coded `round(w / scale)`, clamped to −(2^(b−1) − 1)...2^(b−1) − 1; the full range adds −2^(b−1).
/// Zero has the code 0, so pruned weights stay pruned.
///
///     let coded = try SymmetricQuantizer(bitWidth: 8, granularity: .perOutputChannel).quantize(weights)
///
/// - Source: Jacob et al., *Quantization and Training of Neural Networks for Efficient
///   Integer-Arithmetic-Only Inference*, arXiv 1712.05877, section 3.
public struct SymmetricQuantizer: Quantizer {
  /// How the scale of a channel is chosen.
  public enum ScaleRule: Hashable, Sendable {
    /// The smallest scale at which nothing is clipped.
    case widest
    /// The scale with the least squared error of 80 between a fifth of the widest and the widest.
    case leastSquares
  }

  /// Bits of one code, 2...8.
  public var bitWidth: Int
  public var granularity: Granularity
  /// Whether the code −2^(b−1) is used too.
  public var usesFullRange: Bool
  public var scaleRule: ScaleRule

  /// - Precondition: 2 to 8 bits.
  public init(
    bitWidth: Int = 8, granularity: Granularity = .perOutputChannel, usesFullRange: Bool = false,
    scaleRule: ScaleRule = .widest
  ) {
    precondition((2...8).contains(bitWidth), "A symmetric code has 2 to 8 bits")
    self.bitWidth = bitWidth
    self.granularity = granularity
    self.usesFullRange = usesFullRange
    self.scaleRule = scaleRule
  }

  /// The codes that are used.
  public var codeRange: ClosedRange<Int32> {
    let half = Int32(1) << Int32(bitWidth - 1)
    return (usesFullRange ? -half : 1 - half)...(half - 1)
  }

  /// Codes each weight by the nearest multiple of its channel's scale.
  ///
  /// - Complexity: O(*n*) for the widest scale, 80 times that for least squares.
  public func quantize(_ latent: Tensor<Float>) throws(QuantizationError) -> CodedTensor {
    try latent.requireFinite()
    let layout = try ChannelLayout(latent.shape, axis: granularity.axis)
    var scales = widestScales(latent, layout)
    if scaleRule == .leastSquares { refine(&scales, latent, layout) }
    let range = codeRange
    var codes = [Int8](repeating: 0, count: latent.scalars.count)
    layout.forEach(codes.count) { channel, index in
      codes[index] = Int8(Self.code(latent.scalars[index], scales[channel], range))
    }
    let encoding = AffineEncoding(
      scales: scales, zeroPoints: [Int32](repeating: 0, count: scales.count), axis: granularity.axis,
      bitWidth: bitWidth, isSigned: true)
    return CodedTensor(codes: Tensor(shape: latent.shape, scalars: codes), encoding: .affine(encoding))
  }

  private func widestScales(_ latent: Tensor<Float>, _ layout: ChannelLayout) -> [Float] {
    var scales = [Float](repeating: 0, count: layout.count)
    let (lowest, highest) = (Float(codeRange.lowerBound), Float(codeRange.upperBound))
    layout.forEach(latent.scalars.count) { channel, index in
      let w = latent.scalars[index]
      scales[channel] = max(scales[channel], w < 0 ? w / lowest : w / highest)
    }
    return scales.replacingZeros()
  }

  private func refine(_ scales: inout [Float], _ latent: Tensor<Float>, _ layout: ChannelLayout) {
    let range = codeRange
    var best = [Float](repeating: .infinity, count: scales.count)
    let widest = scales
    for step in (21...100).reversed() {
      let candidates = widest.map { $0 * (Float(step) / 100) }
      var errors = [Float](repeating: 0, count: scales.count)
      layout.forEach(latent.scalars.count) { channel, index in
        let w = latent.scalars[index]
        let error = w - candidates[channel] * Float(Self.code(w, candidates[channel], range))
        errors[channel] += error * error
      }
      for channel in scales.indices where errors[channel] < best[channel] && candidates[channel].isNormal {
        (best[channel], scales[channel]) = (errors[channel], candidates[channel])
      }
    }
  }

  @inline(__always)
  private static func code(_ w: Float, _ scale: Float, _ range: ClosedRange<Int32>) -> Int32 {
    let code = (w / scale).rounded(.toNearestOrEven)
    return Int32(min(max(code, Float(range.lowerBound)), Float(range.upperBound)))
  }
}

extension [Float] {
  /// Scales of channels that hold nothing but zeros take the largest other scale, or 1.
  ///
  /// All channels share one shift when sums are requantized: a scale that is large without need costs the others bits.
  /// Scales too small for a normal number count as zero.
  func replacingZeros() -> [Float] {
    let largest = self.max() ?? 0
    let replacement = largest.isNormal ? largest : 1
    return map { $0.isNormal ? $0 : replacement }
  }
}
