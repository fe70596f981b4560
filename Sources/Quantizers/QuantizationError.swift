/// Why real numbers could not be coded.
public struct QuantizationError: Error, Equatable, Sendable {
  public enum Problem: Equatable, Sendable {
    /// The element at `index` (row-major) is NaN or infinite.
    case notFinite(index: Int)
    /// The tensor has no axis of that number.
    case axis(Int, rank: Int)
    /// An encoding has `scales` scales, the axis `extent` indices.
    case scaleCount(scales: Int, extent: Int)
    /// The codes of this encoding do not fit in a signed byte.
    case codesTooWide(bitWidth: Int, isSigned: Bool)
  }

  public var problem: Problem
  /// What was to be coded, a node or a value; empty when not known here.
  public var place: String

  public init(_ problem: Problem, place: String = "") {
    self.problem = problem
    self.place = place
  }

  /// The same problem with the place where it happened.
  public func at(_ place: String) -> QuantizationError { QuantizationError(problem, place: place) }
}

extension QuantizationError: CustomStringConvertible {
  public var description: String {
    let start = place.isEmpty ? "" : "'" + place + "': "
    return switch problem {
    case .notFinite(let index):
      start + "element \(index) is NaN or infinite and has no code. Repair the trained weights or leave the layer real."
    case .axis(let axis, let rank):
      start + "a tensor of rank \(rank) has no channel axis \(axis). Use one scale per tensor."
    case .scaleCount(let scales, let extent):
      start + "\(scales) scales do not fit an axis of \(extent)."
    case .codesTooWide(let bitWidth, let isSigned):
      start + "\(isSigned ? "signed" : "unsigned") codes of \(bitWidth) bits do not fit in a signed byte."
    }
  }
}
