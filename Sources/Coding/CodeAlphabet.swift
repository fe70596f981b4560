/// Which codes a tensor of weights may hold; each fits in an Int8.
public enum CodeAlphabet: Hashable, Sendable {
  /// Two's complement, `−2^(bitWidth − 1) ... 2^(bitWidth − 1) − 1`; 2 to 8 bits.
  case signed(bitWidth: Int)
  /// Plain, `0 ... 2^bitWidth − 1`; 1 to 7 bits.
  case unsigned(bitWidth: Int)
  /// −1 and +1; one bit, set for +1.
  case binary
  /// −1, 0 and +1; two bits in two's complement.
  case ternary

  /// Bits of one code before any entropy coding.
  public var bitWidth: Int {
    switch self {
    case .signed(let bitWidth), .unsigned(let bitWidth): bitWidth
    case .binary: 1
    case .ternary: 2
    }
  }

  /// False for a bit width outside the case's range.
  public var isValid: Bool {
    switch self {
    case .signed(let bitWidth): (2...8).contains(bitWidth)
    case .unsigned(let bitWidth): (1...7).contains(bitWidth)
    case .binary, .ternary: true
    }
  }

  /// True if `code` belongs to it; false for all when not valid.
  public func contains(_ code: Int8) -> Bool {
    guard isValid else { return false }
    return switch self {
    case .signed(let bitWidth): code >= -1 << (bitWidth - 1) && Int(code) < 1 << (bitWidth - 1)
    case .unsigned(let bitWidth): code >= 0 && Int(code) < 1 << bitWidth
    case .binary: code == 1 || code == -1
    case .ternary: (-1...1).contains(code)
    }
  }

  /// How many codes it has.
  public var symbolCount: Int {
    switch self {
    case .signed(let bitWidth), .unsigned(let bitWidth): 1 << bitWidth
    case .binary: 2
    case .ternary: 3
    }
  }

  /// The code's number, 0 ..< `symbolCount`: two's complement bits; 0, 1 for −1, +1; 0, 1, 2 for ternary 0, +1, −1.
  ///
  /// - Precondition: the alphabet contains `code`.
  public func symbol(_ code: Int8) -> Int {
    switch self {
    case .signed, .unsigned: Int(UInt8(bitPattern: code)) & (symbolCount - 1)
    case .binary: code > 0 ? 1 : 0
    case .ternary: code < 0 ? 2 : Int(code)
    }
  }

  /// The code with the number `symbol`, which is below `symbolCount`.
  public func code(_ symbol: Int) -> Int8 {
    switch self {
    case .signed(let bitWidth):
      Int8(truncatingIfNeeded: (symbol ^ (1 << (bitWidth - 1))) &- (1 << (bitWidth - 1)))
    case .unsigned: Int8(truncatingIfNeeded: symbol)
    case .binary: symbol == 0 ? -1 : 1
    case .ternary: symbol == 2 ? -1 : Int8(truncatingIfNeeded: symbol)
    }
  }
}
