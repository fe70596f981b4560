/// Leaves out the most extreme values on each side.
public struct PercentileCalibrator: Calibrator {
  /// Share of the values that lie below the upper end, in percent; as many lie above the lower end.
  public var percentile: Double

  /// - Precondition: more than 50 and at most 100.
  public init(percentile: Double = 99.99) {
    precondition(percentile > 50 && percentile <= 100, "The percentile lies above 50, up to 100")
    self.percentile = percentile
  }

  /// The ends of the bins where the share left out on each side is reached.
  ///
  /// Zero is inside any coded range, so a side without values on the far side of 0 is never cut beyond 0.
  public func range(of histogram: Histogram) -> ClosedRange<Float> {
    let allowed = Double(histogram.total) * (1 - percentile / 100)
    let bins = histogram.counts
    var (first, last) = (0, bins.count - 1)
    var left = Double(bins[first])
    while left <= allowed && first < last {
      first += 1
      left += Double(bins[first])
    }
    var right = Double(bins[last])
    while right <= allowed && last > first {
      last -= 1
      right += Double(bins[last])
    }
    let lower = first == 0 ? histogram.range.lowerBound : Float(histogram.center(first) - histogram.binWidth / 2)
    let upper =
      last == bins.count - 1
      ? histogram.range.upperBound : Float(histogram.center(last) + histogram.binWidth / 2)
    return lower...max(lower, upper)
  }
}
