/// Codes of 1 to 8 bits one after the other, without gaps: the first code in the lowest bits of the first byte.
///
/// Eight codes of k bits take exactly k bytes; the bits after the last code are 0.
public enum PackedBits {
  /// Bytes that `count` codes take; nil when that overflows or the alphabet is not valid.
  public static func byteCount(count: Int, alphabet: CodeAlphabet) -> Int? {
    guard alphabet.isValid, count >= 0 else { return nil }
    let (whole, overflow) = (count / 8).multipliedReportingOverflow(by: alphabet.bitWidth)
    let (sum, overflow2) = whole.addingReportingOverflow((count % 8 * alphabet.bitWidth + 7) / 8)
    return overflow || overflow2 ? nil : sum
  }

  /// - Throws: `invalidCode` at the first code outside the alphabet, `unsupportedAlphabet`.
  public static func encode(_ codes: [Int8], alphabet: CodeAlphabet) throws(CodingError) -> [UInt8] {
    guard let byteCount = byteCount(count: codes.count, alphabet: alphabet) else {
      throw CodingError(.unsupportedAlphabet, at: 0)
    }
    if let index = codes.firstIndex(where: { !alphabet.contains($0) }) { throw CodingError(.invalidCode, at: index) }
    let (width, isBinary) = (alphabet.bitWidth, alphabet == .binary)
    let mask = UInt64(1) << UInt64(width) - 1
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    var (window, filled) = (UInt64(0), 0)
    for code in codes {
      let bits = isBinary ? (code > 0 ? 1 : 0) : UInt64(UInt8(bitPattern: code)) & mask
      window |= bits << UInt64(filled)
      filled += width
      while filled >= 8 {
        bytes.append(UInt8(truncatingIfNeeded: window))
        window >>= 8
        filled -= 8
      }
    }
    if filled > 0 { bytes.append(UInt8(truncatingIfNeeded: window)) }
    return bytes
  }

  /// - Throws: `length`, `padding`, `invalidCode` (the ternary pattern 2), `unsupportedAlphabet`.
  /// - Complexity: O(*count*); a plain copy for 8 bits. Allocates only the result, after the length is checked.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, count: Int, alphabet: CodeAlphabet
  ) throws(CodingError) -> [Int8] {
    guard let expected = byteCount(count: count, alphabet: alphabet) else {
      throw CodingError(.unsupportedAlphabet, at: 0)
    }
    guard bytes.count == expected else { throw CodingError(.length(expected: expected, found: bytes.count), at: 0) }
    return try InterleavedANS.array(count) { codes throws(CodingError) in
      try decode(bytes, into: codes, alphabet: alphabet)
    }
  }

  /// Decodes as many codes as `codes` has room for.
  ///
  /// - Throws: as the other.
  static func decode(
    _ bytes: UnsafeRawBufferPointer, into codes: UnsafeMutableBufferPointer<Int8>, alphabet: CodeAlphabet
  ) throws(CodingError) {
    let count = codes.count
    guard let expected = byteCount(count: count, alphabet: alphabet) else {
      throw CodingError(.unsupportedAlphabet, at: 0)
    }
    guard bytes.count == expected else { throw CodingError(.length(expected: expected, found: bytes.count), at: 0) }
    let (width, last) = (alphabet.bitWidth, count % 8 * alphabet.bitWidth % 8)
    if last != 0 && bytes[expected - 1] >> UInt8(last) != 0 { throw CodingError(.padding, at: expected - 1) }
    if width == 8 {
      UnsafeMutableRawBufferPointer(codes).copyMemory(from: bytes)
    } else {
      unpack(bytes, count: count, alphabet: alphabet, into: codes)
    }
    if alphabet == .ternary, let index = codes.firstIndex(of: -2) {
      throw CodingError(.invalidCode, at: index / 4)
    }
  }

  /// Eight codes at a time: they fill `bitWidth` bytes.
  private static func unpack(
    _ bytes: UnsafeRawBufferPointer, count: Int, alphabet: CodeAlphabet, into codes: UnsafeMutableBufferPointer<Int8>
  ) {
    let width = UInt64(alphabet.bitWidth)
    // A code's value from its bits: (bits ^ flip) · step − offset.
    let (flip, step, offset): (UInt64, Int64, Int64) =
      switch alphabet {
      case .signed, .ternary: (1 << (width - 1), 1, 1 << Int64(width - 1))
      case .unsigned: (0, 1, 0)
      case .binary: (0, 2, 1)
      }
    let mask = UInt64(1) << width - 1
    var start = 0
    for first in stride(from: 0, to: count, by: 8) {
      var window: UInt64 = 0
      if start <= bytes.count - 8 {
        window = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
      } else {
        for index in start..<min(start + alphabet.bitWidth, bytes.count) {
          window |= UInt64(bytes[index]) &<< UInt64(8 * (index - start))
        }
      }
      for index in first..<min(first + 8, count) {
        codes[index] = Int8(truncatingIfNeeded: Int64(bitPattern: (window & mask) ^ flip) &* step &- offset)
        window &>>= width
      }
      start += alphabet.bitWidth
    }
  }
}
