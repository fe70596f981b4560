import Tensors

/// The range with the least squared error, clipping and rounding together.
///
/// Both ends shrink together over a grid of fractions of the full range, then each end alone; the error is that of the
/// 8-bit encoding the range leads to, at the middle of each bin.
public struct SquaredErrorCalibrator: Calibrator {
  /// Candidates between 0 and the full range.
  public var gridCount: Int

  /// - Precondition: at least 2 candidates.
  public init(gridCount: Int = 100) {
    precondition(gridCount >= 2, "At least two candidates")
    self.gridCount = gridCount
  }

  public func range(of histogram: Histogram) -> ClosedRange<Float> {
    let full = histogram.range
    guard histogram.binWidth > 0, histogram.total > 0 else { return full }
    var best = (error: Self.error(histogram, full), range: full)
    func consider(_ lower: Float, _ upper: Float) {
      guard lower < upper else { return }
      let error = Self.error(histogram, lower...upper)
      if error < best.error { best = (error, lower...upper) }
    }
    for step in (1..<gridCount).reversed() {
      let fraction = Float(step) / Float(gridCount)
      consider(
        full.lowerBound * (full.lowerBound < 0 ? fraction : 1), full.upperBound * (full.upperBound > 0 ? fraction : 1))
    }
    if full.lowerBound < 0 && full.upperBound > 0 {
      for step in 1...gridCount { consider(full.lowerBound * Float(step) / Float(gridCount), best.range.upperBound) }
      for step in 1...gridCount { consider(best.range.lowerBound, full.upperBound * Float(step) / Float(gridCount)) }
    }
    return best.range
  }

  /// The sum of squared differences between bin middles and what their codes stand for.
  private static func error(_ histogram: Histogram, _ range: ClosedRange<Float>) -> Double {
    let encoding = AffineEncoding(covering: range)
    let scale = Double(encoding.scales[0])
    let (lowest, highest) = (-Double(encoding.zeroPoints[0]), 255 - Double(encoding.zeroPoints[0]))
    var error = 0.0
    let (start, width) = (histogram.center(0), histogram.binWidth)
    for (bin, count) in histogram.counts.enumerated() where count > 0 {
      let value = start + Double(bin) * width
      let code = min(max((value / scale).rounded(), lowest), highest)
      let difference = value - code * scale
      error += Double(count) * difference * difference
    }
    return error
  }
}
