import CKernels

/// The clipping threshold at which the coded distribution keeps most of the information.
///
/// For every threshold on a grid, the values inside form the distribution P (what lies outside is counted in the last
/// bin), and merging its bins into `stepCount` steps, each spread evenly over its non-empty bins, forms Q. The
/// threshold with the least Kullback-Leibler divergence D(P ‖ Q) is taken.
///
/// Ranges without negative values are cut from above and have all steps on one side; others are treated as magnitudes
/// with half the steps, as in the sources, and cut on both sides at the same magnitude.
///
/// - Source: S. Migacz, *8-bit Inference with TensorRT*, GTC 2017 (2048 bins, 128 steps for magnitudes); ONNX Runtime,
///   `quantization/calibrate.py`, `HistogramCollector.get_entropy_threshold`; the count of zeros is replaced by its
///   neighbor's as in NVIDIA's `pytorch-quantization`. Departure: clipped values are left out of Q but not smoothed; a
///   bin where P is positive and Q is not costs as much as Q = 10⁻⁴ of the total there.
public struct EntropyCalibrator: Calibrator {
  /// Codes on the longer side: 256 for one-sided ranges, half for two-sided.
  public var stepCount: Int

  /// - Precondition: at least 2 steps.
  public init(stepCount: Int = 256) {
    precondition(stepCount >= 2, "At least two steps")
    self.stepCount = stepCount
  }

  public func range(of histogram: Histogram) -> ClosedRange<Float> {
    let range = histogram.range
    guard histogram.binWidth > 0, histogram.total > 0 else { return range }
    let isOneSided = range.lowerBound >= 0 || range.upperBound <= 0
    var magnitudes = Self.magnitudes(histogram)
    // Zero has its own code under every threshold; half of all values after a ReLU would drown the rest.
    if magnitudes.count > 1 { magnitudes[0] = magnitudes[1] }
    let steps = isOneSided ? stepCount : stepCount / 2
    let largest = max(range.lowerBound.magnitude, range.upperBound.magnitude)
    guard steps < magnitudes.count else { return range }
    var best = (divergence: Double.infinity, threshold: magnitudes.count)
    // Eight bins are one step at most at the widest: a finer grid does not change the scale noticeably.
    for threshold in stride(from: magnitudes.count, through: steps, by: -8) {
      let divergence = Self.divergence(magnitudes, threshold: threshold, steps: steps)
      if divergence < best.divergence { best = (divergence, threshold) }
    }
    let limit = largest * Float(best.threshold) / Float(magnitudes.count)
    return max(range.lowerBound, -limit)...min(range.upperBound, limit)
  }

  /// Counts by magnitude, in as many bins from 0 to the largest magnitude.
  private static func magnitudes(_ histogram: Histogram) -> [Double] {
    let count = histogram.counts.count
    let largest = Double(max(histogram.range.lowerBound.magnitude, histogram.range.upperBound.magnitude))
    var bins = [Double](repeating: 0, count: count)
    for bin in 0..<count where histogram.counts[bin] > 0 {
      let place = Int(histogram.center(bin).magnitude / largest * Double(count))
      bins[min(place, count - 1)] += Double(histogram.counts[bin])
    }
    return bins
  }

  /// D(P ‖ Q) when values beyond the first `threshold` bins are clipped.
  private static func divergence(_ bins: [Double], threshold: Int, steps: Int) -> Double {
    let outside = bins[threshold...].reduce(0, +)
    let inside = bins[..<threshold].reduce(0, +)
    let total = inside + outside
    guard total > 0, inside > 0 else { return .infinity }
    var divergence = 0.0
    for step in 0..<steps {
      let (start, end) = (step * threshold / steps, (step + 1) * threshold / steps)
      var (sum, nonEmpty) = (0.0, 0.0)
      for bin in start..<end where bins[bin] > 0 { (sum, nonEmpty) = (sum + bins[bin], nonEmpty + 1) }
      for bin in start..<end {
        let p = (bins[bin] + (bin == threshold - 1 ? outside : 0)) / total
        guard p > 0 else { continue }
        let q = bins[bin] > 0 ? sum / nonEmpty / inside : 1e-4
        divergence += p * dc_log(p / q)
      }
    }
    return divergence
  }
}
