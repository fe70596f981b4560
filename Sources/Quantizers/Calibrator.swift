/// Chooses the range of an activation that codes are to cover, from how its values are distributed.
///
/// A narrower range has finer steps and clips more.
public protocol Calibrator: Sendable {
  /// Whether `histogram` is looked at beyond its range, so that a second pass over the data is needed.
  var needsCounts: Bool { get }

  /// The range to cover; inside the histogram's.
  func range(of histogram: Histogram) -> ClosedRange<Float>
}

extension Calibrator {
  public var needsCounts: Bool { true }
}

/// One way to calibrate, with what the command line says about it.
///
/// `all` is the list that options, help texts and tests read. To add a calibrator: its file, and a line there.
public struct CalibratorKind: Sendable {
  /// The word on the command line, as in `--calibration entropy`.
  public let name: String
  /// One line for help texts.
  public let help: String
  public let calibrator: any Calibrator

  public static let all: [CalibratorKind] = [minMax, percentile, entropy, squaredError]

  public static let minMax = CalibratorKind(
    name: "min-max", help: "covers every value seen", calibrator: MinMaxCalibrator())
  public static let percentile = CalibratorKind(
    name: "percentile", help: "covers all but the 0.01 % most extreme values", calibrator: PercentileCalibrator())
  public static let entropy = CalibratorKind(
    name: "entropy", help: "loses least information (Kullback-Leibler) in 256 steps", calibrator: EntropyCalibrator())
  public static let squaredError = CalibratorKind(
    name: "mse", help: "has the least squared error", calibrator: SquaredErrorCalibrator())

  /// The kind of that name, or nil.
  public static func named(_ name: String) -> CalibratorKind? { all.first { $0.name == name } }
}
