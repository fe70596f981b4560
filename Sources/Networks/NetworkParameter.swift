/// A number in the name of a network.
public struct NetworkParameter: Sendable {
  /// A capital letter, as in `wrn-D-K`.
  public let letter: String
  /// What it means, and which values it takes, for help texts.
  public let help: String
  /// Stands for the number when the name has none; nil if the name must have it.
  public let defaultValue: Double?

  /// Whether a value is one of those that `help` promises.
  let accepts: @Sendable (Double) -> Bool

  /// A whole number.
  static func whole(
    _ letter: String, _ help: String, _ range: ClosedRange<Int>,
    where isValid: @escaping @Sendable (Int) -> Bool = { _ in true }
  ) -> NetworkParameter {
    NetworkParameter(letter: letter, help: help, defaultValue: nil) { value in
      guard let whole = Int(exactly: value) else { return false }
      return range.contains(whole) && isValid(whole)
    }
  }

  /// A factor on the number of channels; 1 if the name has none.
  static let width = NetworkParameter(letter: "W", help: "a factor on the channels, 0.1 to 4", defaultValue: 1) {
    (0.1...4).contains($0)
  }
}

/// Numbers that were read from a name, in the order of the kind's parameters.
struct NetworkValues {
  var numbers: [Double]

  /// A whole number, as `NetworkParameter.whole` has checked.
  func whole(_ index: Int) -> Int { Int(numbers[index]) }

  subscript(index: Int) -> Double { numbers[index] }
}

extension Double {
  /// Digits with at most one point inside, such as `16` and `0.25`; nil for anything else.
  ///
  /// The standard library's own parser also takes signs, exponents, `nan` and `0x`.
  init?(plain text: some StringProtocol) {
    var (digits, divisor, count) = (0.0, 1.0, 0)
    var isFraction = false
    for byte in text.utf8 {
      if byte == UInt8(ascii: "."), !isFraction, count > 0 {
        isFraction = true
        continue
      }
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), count < 9 else { return nil }
      digits = digits * 10 + Double(byte - UInt8(ascii: "0"))
      if isFraction { divisor *= 10 }
      count += 1
    }
    guard count > 0, !isFraction || divisor > 1 else { return nil }
    self = digits / divisor
  }
}
