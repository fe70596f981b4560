import DeepChip
import Foundation

/// Numbers as people read them.
extension BinaryInteger {
  /// Digits in groups of three: `1,234,567`.
  var grouped: String {
    var text = ""
    for (index, digit) in String(magnitude).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return (self < 0 ? "-" : "") + String(text.reversed())
  }

  /// Bytes with a unit: `812 B`, `73.4 KiB`, `2.1 MiB`.
  var bytes: String {
    let value = Double(Int(self))
    if value < 1024 { return "\(self) B" }
    if value < 1024 * 1024 { return String(format: "%.1f KiB", value / 1024) }
    return String(format: "%.2f MiB", value / 1024 / 1024)
  }
}

extension Double {
  /// A fraction in percent with two digits.
  var percent: String { String(format: "%.2f %%", self * 100) }

  /// Microseconds with as many digits as they deserve.
  var microseconds: String {
    if self < 100 { return String(format: "%.1f µs", self) }
    if self < 10_000 { return String(format: "%.0f µs", self) }
    return String(format: "%.2f ms", self / 1000)
  }

  func digits(_ count: Int) -> String { String(format: "%.\(count)f", self) }
}
