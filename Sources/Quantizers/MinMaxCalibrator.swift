/// Covers every value that was seen: nothing is clipped.
public struct MinMaxCalibrator: Calibrator {
  public init() {}

  public var needsCounts: Bool { false }

  public func range(of histogram: Histogram) -> ClosedRange<Float> { histogram.range }
}
