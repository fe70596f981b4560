/// `text` for a comment: letters, digits, spaces and a few signs stay, everything else is written as a number.
///
/// Neither comment ends, nor trigraphs, nor line continuations, nor changes of writing direction can come out.
func commentText(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    guard result.utf8.count < 80 else { return result + "..." }
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", " ", "_", "-", ".", ":", "/", ",", "(", ")", "=":
      result.unicodeScalars.append(scalar)
    default: result += "<" + String(scalar.value, radix: 16, uppercase: true) + ">"
    }
  }
  return result
}

/// A float with all its bits, as a hexadecimal constant of C99.
///
/// - Precondition: finite.
func floatText(_ value: Float) -> String {
  precondition(value.isFinite, "Infinities have no constant")
  let sign = value.sign == .minus ? "-" : ""
  guard value != 0 else { return sign + "0.0f" }
  let isNormal = value.isNormal
  let significand = value.significandBitPattern | (isNormal ? 1 << 23 : 0)
  let exponent = isNormal ? Int(value.exponent) - 23 : -149
  return sign + "0x" + String(significand, radix: 16) + "p" + String(exponent) + "f"
}

/// Lines of at most 110 characters, each number followed by a comma.
func listText(_ numbers: [String]) -> String {
  var (text, line) = ("", "")
  for number in numbers {
    if line.utf8.count + number.utf8.count > 108 {
      text += "  " + line + "\n"
      line = ""
    }
    line += number + ","
  }
  return text + "  " + line + "\n"
}

extension String {
  /// Every line, with more space before it.
  func indented(by count: Int) -> String {
    let space = String(repeating: " ", count: count)
    return split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : space + $0 }
      .joined(separator: "\n")
  }
}
