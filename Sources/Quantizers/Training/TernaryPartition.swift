/// Which weights are coded +1, −1 and 0: above one threshold, below the other, and between.
///
/// An exact number of weights can be kept though some magnitudes are equal: of those equal to the threshold, the first in
/// memory are kept.
struct TernaryPartition {
  /// w > positive is coded +1; not negative.
  var positive: Float
  /// w < −negative is coded −1; not negative.
  var negative: Float
  /// Weights before this index are coded ±1 when they equal a threshold, too.
  var tieEnd = 0

  init(positive: Float, negative: Float) {
    (self.positive, self.negative) = (positive, negative)
  }

  /// Keeps the share `density` of the weights with the largest magnitudes, fewer if fewer are not 0.
  ///
  /// - Complexity: O(*n*).
  init(density: Float, of latent: UnsafeBufferPointer<Float>) {
    let kept = (Double(density) * Double(latent.count)).rounded()
    guard kept >= 1 else {
      self.init(positive: .infinity, negative: .infinity)
      return
    }
    let rank = kept < Double(latent.count) ? Int(kept) : latent.count
    let threshold = LatentStatistics.magnitude(ofRank: rank, in: latent)
    self.init(positive: threshold, negative: threshold)
    guard threshold > 0 else { return }
    var ties = rank
    for w in latent { ties &-= w.magnitude > threshold ? 1 : 0 }
    while tieEnd < latent.count && ties > 0 {
      ties -= latent[tieEnd].magnitude == threshold ? 1 : 0
      tieEnd += 1
    }
  }

  /// The thresholds of both partitions that leave more zeros.
  func raised(to other: TernaryPartition) -> TernaryPartition {
    if other.positive >= positive && other.negative >= negative { return other }
    var both = TernaryPartition(positive: max(positive, other.positive), negative: max(negative, other.negative))
    both.tieEnd = other.tieEnd
    return both
  }

  /// Calls `body` with ranges of indices in each of which plain comparisons decide.
  @inline(__always)
  func forEachRange(_ count: Int, _ body: (_ range: Range<Int>, _ positive: Float, _ negative: Float) -> Void) {
    let end = min(tieEnd, count)
    if end > 0 { body(0..<end, positive.nextDown, negative.nextDown) }
    if end < count { body(end..<count, positive, negative) }
  }

  /// Writes one value for each class.
  func write(
    _ latent: UnsafeBufferPointer<Float>, positive above: Float, negative below: Float,
    into values: UnsafeMutableBufferPointer<Float>
  ) {
    forEachRange(latent.count) { range, positive, negative in
      for index in range {
        let w = latent[index]
        values[index] = w > positive ? above : w < -negative ? below : 0
      }
    }
  }

  /// Sums the gradient over both classes, then multiplies it by a factor for each class, 1 for zeros.
  ///
  /// Eight weights at a time, as the choices are too random for branches; the order of the sums is fixed.
  func pullback(
    _ gradient: UnsafeMutableBufferPointer<Float>, _ latent: UnsafeBufferPointer<Float>, positive above: Float,
    negative below: Float
  ) -> (positive: Double, negative: Double) {
    var sums = (positive: 0.0, negative: 0.0)
    guard let weights = UnsafeRawPointer(latent.baseAddress), let raw = UnsafeMutableRawPointer(gradient.baseAddress)
    else { return sums }
    forEachRange(latent.count) { range, positive, negative in
      var start = range.lowerBound
      while range.upperBound - start >= 8 {
        // Sums of float over a block of 1,024, of double over blocks.
        let end = min(start + 1024, range.upperBound - (range.upperBound - start) % 8)
        var ofPositive = SIMD8<Float>.zero
        var ofNegative = SIMD8<Float>.zero
        for index in stride(from: start, to: end, by: 8) {
          let w = weights.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self)
          let g = raw.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self)
          let (isPositive, isNegative) = (w .> positive, w .< -negative)
          ofPositive += SIMD8.zero.replacing(with: g, where: isPositive)
          ofNegative += SIMD8.zero.replacing(with: g, where: isNegative)
          let factors = SIMD8(repeating: 1).replacing(with: above, where: isPositive)
          raw.storeBytes(
            of: g * factors.replacing(with: below, where: isNegative), toByteOffset: 4 * index, as: SIMD8<Float>.self)
        }
        sums.positive += Double(ofPositive.sum())
        sums.negative += Double(ofNegative.sum())
        start = end
      }
      for index in start..<range.upperBound {
        let (w, g) = (latent[index], gradient[index])
        sums.positive += w > positive ? Double(g) : 0
        sums.negative += w < -negative ? Double(g) : 0
        gradient[index] = g * (w > positive ? above : w < -negative ? below : 1)
      }
    }
    return sums
  }

  /// −1, 0 or +1 for every weight.
  func codes(_ latent: [Float]) -> [Int8] {
    var codes = [Int8](repeating: 0, count: latent.count)
    forEachRange(latent.count) { range, positive, negative in
      for index in range {
        let w = latent[index]
        codes[index] = w > positive ? 1 : w < -negative ? -1 : 0
      }
    }
    return codes
  }
}
