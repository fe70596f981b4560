import Tensors

/// Ternary quantization with two scales, one for each sign.
///
/// With Δ = `thresholdRatio` · max|w|, a weight w is coded +1 above Δ, −1 below −Δ, and 0 between. The two scales are
/// the mean magnitudes of the two classes, brought to `unit · p` and `unit · q` with integers p and q of at most
/// `largestLevel`, so that one integer sum p·A − q·B is exact. With `thresholdRatio` 0 every non-zero weight keeps its
/// sign and only zeros are coded 0: a pruned network keeps its zeros.
///
/// Per channel, max|w| is the channel's and the unit is the one with the least squared error in that channel; p and q
/// stay the tensor's.
///
/// - Source: Zhu et al., *Trained Ternary Quantization*, arXiv 1612.01064, section 3, for the classes; mean
///   magnitudes as in Li et al., *Ternary Weight Networks*, arXiv 1605.04711, here by sign.
public struct TernaryQuantizer: Quantizer {
  /// Half width of the dead zone, as a fraction of the largest magnitude; in `0..<1`.
  public var thresholdRatio: Float
  /// Whether the threshold and the unit are chosen for the tensor or for each channel.
  public var granularity: Granularity
  /// Bound on p and q, 1...127; 1 makes the weights symmetric.
  public var largestLevel: Int32

  /// - Precondition: the ratio lies in `0..<1`, the level in 1...127.
  public init(
    thresholdRatio: Float = 0.05, granularity: Granularity = .perOutputChannel, largestLevel: Int32 = 127
  ) {
    precondition(thresholdRatio >= 0 && thresholdRatio < 1, "The threshold ratio lies in 0..<1")
    precondition((1...127).contains(largestLevel), "Levels lie in 1...127")
    self.thresholdRatio = thresholdRatio
    self.granularity = granularity
    self.largestLevel = largestLevel
  }

  /// Codes each weight as −1, 0 or +1.
  ///
  /// - Complexity: O(*n*).
  public func quantize(_ latent: Tensor<Float>) throws(QuantizationError) -> CodedTensor {
    try latent.requireFinite()
    let layout = try ChannelLayout(latent.shape, axis: granularity.axis)
    var largest = [Float](repeating: 0, count: layout.count)
    layout.forEach(latent.scalars.count) { channel, index in
      largest[channel] = max(largest[channel], latent.scalars[index].magnitude)
    }
    let thresholds = largest.map { $0 * thresholdRatio }
    var codes = [Int8](repeating: 0, count: latent.scalars.count)
    layout.forEach(codes.count) { channel, index in
      let w = latent.scalars[index]
      codes[index] = w > thresholds[channel] ? 1 : w < -thresholds[channel] ? -1 : 0
    }
    let (p, q) = levels(latent, codes, layout)
    let encoding = TernaryEncoding(
      positiveLevel: p, negativeLevel: q, scales: units(latent, codes, layout, p, q), axis: granularity.axis)
    return CodedTensor(codes: Tensor(shape: latent.shape, scalars: codes), encoding: .ternary(encoding))
  }

  /// p and q whose ratio is closest to that of the classes' mean magnitudes, each channel counted in its own unit.
  private func levels(_ latent: Tensor<Float>, _ codes: [Int8], _ layout: ChannelLayout) -> (Int32, Int32) {
    var sums = [Double](repeating: 0, count: layout.count)
    var counts = [Double](repeating: 0, count: layout.count)
    layout.forEach(codes.count) { channel, index in
      guard codes[index] != 0 else { return }
      sums[channel] += Double(latent.scalars[index].magnitude)
      counts[channel] += 1
    }
    let inverseMeans = zip(sums, counts).map { sum, count in sum > 0 ? count / sum : 0 }
    var (positive, negative) = (0.0, 0.0)
    var (positiveCount, negativeCount) = (0.0, 0.0)
    layout.forEach(codes.count) { channel, index in
      let magnitude = Double(latent.scalars[index].magnitude) * inverseMeans[channel]
      if codes[index] > 0 { (positive, positiveCount) = (positive + magnitude, positiveCount + 1) }
      if codes[index] < 0 { (negative, negativeCount) = (negative + magnitude, negativeCount + 1) }
    }
    guard positive > 0, negative > 0 else { return (1, 1) }
    let ratio = (negative / negativeCount) / (positive / positiveCount)
    guard ratio.isFinite, ratio > 0 else { return (1, 1) }
    return RationalApproximation.closest(to: ratio, limit: largestLevel)
  }

  /// The unit of each channel with the least Σ (w − unit · level)².
  private func units(
    _ latent: Tensor<Float>, _ codes: [Int8], _ layout: ChannelLayout, _ p: Int32, _ q: Int32
  ) -> [Float] {
    var products = [Double](repeating: 0, count: layout.count)
    var squares = [Double](repeating: 0, count: layout.count)
    layout.forEach(codes.count) { channel, index in
      let level = Double(codes[index] > 0 ? p : codes[index] < 0 ? -q : 0)
      products[channel] += level * Double(latent.scalars[index])
      squares[channel] += level * level
    }
    return zip(products, squares).map { $1 > 0 ? Float($0 / $1) : 0 }.replacingZeros()
  }
}
