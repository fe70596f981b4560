import CKernels

/// What decides which latent weights are ternarized to 0.
public enum TernaryThreshold: Hashable, Sendable {
  /// |w| up to this share of the largest; in `0..<1`.
  case ratio(Float)

  /// A weight takes the centroid c of {−Wn, 0, Wp} with the least (w − c)² + λ·I(c).
  ///
  /// I(c) = −log2 of the share of weights nearest to c; that of 0 counts as at least a half. λ is this number, in `0..<1`,
  /// times the λ at which the largest weight of a sign would become 0 (the smaller of the two).
  ///
  /// - Source: Marban, Becking, Wiedemann, Samek, *Learning Sparse & Ternary Neural Networks with Entropy-Constrained
  ///   Trained Ternarization (EC2T)*, arXiv 2004.01077. Departure: no factor for the size of the layer.
  case entropyPenalty(Float)
}

extension TernaryThreshold {
  /// The classes of the weights.
  ///
  /// A density replaces the ratio. With an entropy penalty it is a bound: whichever leaves more zeros counts.
  func partition(
    _ latent: UnsafeBufferPointer<Float>, positiveScale: Float, negativeScale: Float, density: Float?
  ) -> TernaryPartition {
    switch self {
    case .ratio(let ratio):
      if let density { return TernaryPartition(density: density, of: latent) }
      let threshold = ratio * LatentStatistics.largestMagnitude(latent)
      return TernaryPartition(positive: threshold, negative: threshold)
    case .entropyPenalty(let penalty):
      let own = Self.entropyConstrained(latent, penalty, Double(positiveScale), Double(negativeScale))
      guard let density else { return own }
      return own.raised(to: TernaryPartition(density: density, of: latent))
    }
  }

  /// (w − W)² + λ·I(W) < w² + λ·I(0) where |w| > W/2 + λ·(I(W) − I(0)) / 2W.
  private static func entropyConstrained(
    _ latent: UnsafeBufferPointer<Float>, _ penalty: Float, _ positive: Double, _ negative: Double
  ) -> TernaryPartition {
    var counts = (positive: 0, negative: 0)
    var extremes = (positive: Float(0), negative: Float(0))
    let (positiveHalf, negativeHalf) = (Float(positive / 2), Float(-negative / 2))
    for w in latent {
      counts.positive &+= w > positiveHalf ? 1 : 0
      counts.negative &+= w < negativeHalf ? 1 : 0
      extremes.positive = w > extremes.positive ? w : extremes.positive
      extremes.negative = w < extremes.negative ? w : extremes.negative
    }
    let total = Double(max(latent.count, 1))
    let information = { (count: Int) in -dc_log2(Double(max(count, 1)) / total) }
    let ofZero = -dc_log2(max(Double(latent.count - counts.positive - counts.negative) / total, 0.5))
    let gaps = (positive: information(counts.positive) - ofZero, negative: information(counts.negative) - ofZero)
    var limit = Double.infinity
    for (gap, extreme, scale) in [
      (gaps.positive, Double(extremes.positive), positive), (gaps.negative, -Double(extremes.negative), negative),
    ] where gap > 0 {
      limit = min(limit, max((extreme - scale / 2) * 2 * scale / gap, 0))
    }
    let lambda = limit.isFinite ? Double(penalty) * limit : 0
    let threshold = { (scale: Double, gap: Double) in Float(max(scale / 2 + lambda * gap / (2 * scale), 0)) }
    return TernaryPartition(
      positive: threshold(positive, gaps.positive), negative: threshold(negative, gaps.negative))
  }
}
