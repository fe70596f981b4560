import Foundation

/// How numbers are written on axes and in legends.
public enum NumberStyle: Sendable, Hashable {
  /// As many digits as it takes.
  case plain
  /// A fraction as percent: 0.914 is `91.4 %`.
  case percent

  /// A value with about four digits, the same on every platform.
  func text(_ value: Double) -> String {
    switch self {
    case .plain: Self.trimmed(value)
    case .percent: Self.trimmed(value * 100) + " %"
    }
  }

  private static func trimmed(_ value: Double) -> String {
    guard value.isFinite else { return "none" }
    let magnitude = abs(value)
    if magnitude != 0 && (magnitude < 1e-3 || magnitude >= 1e6) { return String(format: "%.3g", value) }
    let digits = magnitude >= 1000 ? 0 : magnitude >= 1 ? 2 : 4
    var text = String(format: "%.\(digits)f", value)
    guard text.contains(".") else { return text }
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text == "-0" ? "0" : text
  }
}

extension String {
  /// The text inside an element or a quoted attribute; characters that XML does not know are replaced.
  var xmlEscaped: String {
    var text = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "'": text += "&#39;"
      case "\u{9}", "\u{A}", "\u{D}": text += " "
      case "\u{0}"..."\u{1F}", "\u{7F}", "\u{FFFE}", "\u{FFFF}": text += "\u{FFFD}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  /// Cut to `count` characters, with an ellipsis in the middle: the end of a layer's name tells more than its middle.
  func shortened(to count: Int) -> String {
    guard self.count > count, count >= 3 else { return self }
    let head = (count - 1) / 2
    return prefix(head) + "…" + suffix(count - 1 - head)
  }
}

extension Double {
  /// A place in a picture: a hundredth of a pixel is enough.
  var place: String {
    let text = String(format: "%.2f", self)
    return text == "-0.00" ? "0.00" : text
  }
}
