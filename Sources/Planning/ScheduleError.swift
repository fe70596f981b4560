import Graphs
import Tensors

/// Why a graph cannot be made ready for a batch size.
public enum ScheduleError: Error, Equatable, Sendable {
  case batch(Int)
  /// A value of this name would be too large for memory addresses.
  case tooLarge(value: String)
}

extension ScheduleError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .batch(let batch): "a batch of \(batch): give a number from 1 to 65536"
    case .tooLarge(let value): "value '\(value)' is too large for this batch: take a smaller one"
    }
  }
}
