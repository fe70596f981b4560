/// Why a model file cannot become a graph: what is wrong, where, and what to do.
public struct ImportError: Error, Equatable, Sendable {
  public enum Problem: Equatable, Sendable {
    /// The file cannot be opened or read.
    case unreadable(String)
    /// The bytes are not what they claim to be, or contradict each other.
    case damaged(String)
    /// Operators without a lowering, all of them.
    case unsupportedOperators([UnsupportedOperator])
    /// A valid file that uses something else which is not supported.
    case unsupported(String)
  }

  public var problem: Problem
  /// The file's name as it was given.
  public var file: String
  /// The foreign node, tensor or input, if one is to blame.
  public var node: String?
  /// Where in the file, if that is known.
  public var byteOffset: Int?

  public init(_ problem: Problem, file: String, node: String? = nil, byteOffset: Int? = nil) {
    self.problem = problem
    self.file = file
    self.node = node
    self.byteOffset = byteOffset
  }

  /// True if the file is well-formed as far as was seen, but needs what is not there; false if the file is bad.
  public var isUnsupported: Bool {
    switch problem {
    case .unreadable, .damaged: false
    case .unsupportedOperators, .unsupported: true
    }
  }
}

/// One foreign node that no rule takes.
public struct UnsupportedOperator: Equatable, Sendable {
  /// The node's name, or its first result's if it has none.
  public var name: String
  /// The operator's name, with its domain if that is not the standard one.
  public var `operator`: String
  /// Version of the operator set that the file asks for.
  public var opset: Int
  public var reason: String

  public init(name: String, operator: String, opset: Int, reason: String) {
    self.name = name
    self.operator = `operator`
    self.opset = opset
    self.reason = reason
  }
}

extension ImportError: CustomStringConvertible {
  /// One message; names from the file are escaped.
  public var description: String {
    var place = file.escapedForDisplay
    if let node { place += ", '\(node.escapedForDisplay)'" }
    if let byteOffset { place += ", byte \(byteOffset)" }
    switch problem {
    case .unreadable(let reason): return "\(place): cannot be read: \(reason)."
    case .damaged(let reason): return "\(place): \(reason). Export or fetch the file again."
    case .unsupported(let reason): return "\(place): \(reason)."
    case .unsupportedOperators(let operators):
      var shown = operators.prefix(20).map { $0.description }
      if operators.count > shown.count { shown.append("and \(operators.count - shown.count) more") }
      return "\(place): \(operators.count) unsupported operator\(operators.count == 1 ? "" : "s"): "
        + shown.joined(separator: "; ")
        + ". Export the model without them; 'deepchip inspect --operators' lists what is known."
    }
  }
}

extension UnsupportedOperator: CustomStringConvertible {
  public var description: String {
    "\(`operator`.escapedForDisplay) (set \(opset)) at '\(name.escapedForDisplay)': \(reason)"
  }
}

extension String {
  /// The text with everything that could change a terminal, a line or a quotation written as `\u{…}`, cut after 200
  /// characters.
  ///
  /// Control and format characters (right-to-left marks among them), line separators, quotes and backslashes are
  /// escaped.
  public var escapedForDisplay: String {
    var text = ""
    for (index, scalar) in unicodeScalars.enumerated() {
      guard index < 200 else { return text + "…" }
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
        text += "\\u{" + String(scalar.value, radix: 16) + "}"
      default:
        if scalar == "'" || scalar == "\"" || scalar == "\\" || scalar == "`" {
          text += "\\u{" + String(scalar.value, radix: 16) + "}"
        } else {
          text.unicodeScalars.append(scalar)
        }
      }
    }
    return text
  }
}
