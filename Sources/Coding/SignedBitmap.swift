/// Ternary codes as a map of the non-zeros and their signs: `1 + density` bits a code.
///
/// First ⌈count / 8⌉ bytes with a bit for each code, set where it is not 0; then a bit for each non-zero in order,
/// set for −1. The first bit is the lowest of a byte; those after the last are 0.
public enum SignedBitmap {
  /// - Throws: `invalidCode` at the first code outside −1...1.
  public static func encode(_ codes: [Int8]) throws(CodingError) -> [UInt8] {
    if let index = codes.firstIndex(where: { !(-1...1).contains($0) }) { throw CodingError(.invalidCode, at: index) }
    var writer = BitWriter()
    for code in codes { writer.write(code == 0 ? 0 : 1, count: 1) }
    writer.align()
    for code in codes where code != 0 { writer.write(code < 0 ? 1 : 0, count: 1) }
    writer.align()
    return writer.bytes
  }

  /// - Throws: `length`, before anything is allocated; `padding`.
  public static func decode(_ bytes: UnsafeRawBufferPointer, count: Int) throws(CodingError) -> [Int8] {
    let mapped = count / 8 + (count % 8 == 0 ? 0 : 1)
    guard count >= 0, bytes.count >= mapped else {
      throw CodingError(.length(expected: mapped, found: bytes.count), at: 0)
    }
    let map = UnsafeRawBufferPointer(rebasing: bytes[..<mapped])
    if count % 8 != 0, map[mapped - 1] >> UInt8(count % 8) != 0 { throw CodingError(.padding, at: mapped - 1) }
    let nonZeroCount = map.reduce(0) { $0 + $1.nonzeroBitCount }
    let expected = mapped + (nonZeroCount + 7) / 8
    guard bytes.count == expected else { throw CodingError(.length(expected: expected, found: bytes.count), at: 0) }
    if nonZeroCount % 8 != 0, bytes[expected - 1] >> UInt8(nonZeroCount % 8) != 0 {
      throw CodingError(.padding, at: expected - 1)
    }
    var sign = 8 * mapped
    return [Int8](unsafeUninitializedCapacity: count) { codes, initialized in
      for index in 0..<count {
        let isSet = Int8(truncatingIfNeeded: map[index / 8] &>> UInt8(index % 8) & 1)
        let isNegative = sign / 8 < expected ? Int8(truncatingIfNeeded: bytes[sign / 8] &>> UInt8(sign % 8) & 1) : 0
        codes[index] = isSet &* (1 &- 2 &* isNegative)
        sign += Int(isSet)
      }
      initialized = count
    }
  }
}
