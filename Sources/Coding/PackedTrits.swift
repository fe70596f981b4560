/// Codes −1, 0, +1, five in a byte: `Σ (code + 1) · 3^i`, the first code with weight 1; 1.6 bits a code.
///
/// Places after the last code count 0 in the sum.
public enum PackedTrits {
  /// Bytes that `count` codes take; nil when negative.
  public static func byteCount(count: Int) -> Int? { count < 0 ? nil : count / 5 + (count % 5 == 0 ? 0 : 1) }

  /// - Throws: `invalidCode` at the first code outside −1...1.
  public static func encode(_ codes: [Int8]) throws(CodingError) -> [UInt8] {
    if let index = codes.firstIndex(where: { !(-1...1).contains($0) }) { throw CodingError(.invalidCode, at: index) }
    return stride(from: 0, to: codes.count, by: 5).map { first in
      codes[first..<min(first + 5, codes.count)].reversed().reduce(0) { $0 * 3 + UInt8($1 + 1) }
    }
  }

  /// - Throws: `length`; `invalidCode` for a byte above 242; `padding`.
  public static func decode(_ bytes: UnsafeRawBufferPointer, count: Int) throws(CodingError) -> [Int8] {
    guard let expected = byteCount(count: count) else { throw CodingError(.unsupportedAlphabet, at: 0) }
    guard bytes.count == expected else { throw CodingError(.length(expected: expected, found: bytes.count), at: 0) }
    return try InterleavedANS.array(count) { codes throws(CodingError) in try decode(bytes, into: codes) }
  }

  /// Decodes as many codes as `codes` has room for.
  ///
  /// - Throws: as the other.
  static func decode(
    _ bytes: UnsafeRawBufferPointer, into codes: UnsafeMutableBufferPointer<Int8>
  ) throws(CodingError) {
    let count = codes.count
    guard let expected = byteCount(count: count) else { throw CodingError(.unsupportedAlphabet, at: 0) }
    guard bytes.count == expected else { throw CodingError(.length(expected: expected, found: bytes.count), at: 0) }
    if let index = bytes.firstIndex(where: { $0 > 242 }) { throw CodingError(.invalidCode, at: index) }
    if let last = bytes.last, count % 5 != 0 {
      var limit = 1
      for _ in 0..<count % 5 { limit *= 3 }
      guard Int(last) < limit else { throw CodingError(.padding, at: expected - 1) }
    }
    var index = 0
    for byte in bytes {
      var rest = byte
      for _ in 0..<min(5, count - index) {
        let quotient = rest / 3
        codes[index] = Int8(truncatingIfNeeded: rest &- quotient &* 3) &- 1
        rest = quotient
        index += 1
      }
    }
  }
}
