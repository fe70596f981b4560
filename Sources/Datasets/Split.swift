/// The part of a data set that is meant: for training and calibration, or for judging the result.
public enum Split: String, CaseIterable, Hashable, Sendable {
  case train, test
}

extension Split: CustomStringConvertible {
  public var description: String { rawValue }
}
