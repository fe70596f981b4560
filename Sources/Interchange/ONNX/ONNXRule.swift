import Graphs

/// How one foreign operator becomes core operators.
///
/// A new operator is a file in `Rules` with a static member, and a line in `ONNXRule.all`; dispatch, help texts and
/// tests read that list.
public struct ONNXRule: Sendable {
  /// The operator's name, as in `Conv`.
  public let name: String
  /// The operator set it belongs to; empty for the standard one.
  public let domain: String
  /// Versions of the operator set whose meaning the rule knows.
  public let versions: ClosedRange<Int>
  /// The results; nil where one cannot be expressed. May be shorter than the node's list.
  let lower: @Sendable (ONNXNode) throws(ONNXFailure) -> [ValueID?]

  init(
    _ name: String, domain: String = "", _ versions: ClosedRange<Int>,
    _ lower: @escaping @Sendable (ONNXNode) throws(ONNXFailure) -> [ValueID?]
  ) {
    self.name = name
    self.domain = domain
    self.versions = versions
    self.lower = lower
  }

  /// The newest version of the standard operator set that was read for these rules.
  ///
  /// Operators that changed between 25 and this one end at the version before their change.
  public static let newestVersion = 28
}
