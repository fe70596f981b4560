/// Reads numbers from bytes, little-endian, front to back; every read is checked.
///
/// It does not own the bytes: they have to stay where they are while it is used.
public struct ByteReader {
  /// All bytes, those read already too.
  public let bytes: UnsafeRawBufferPointer
  /// Index of the next byte; in `0...bytes.count`.
  public private(set) var position = 0

  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Bytes not yet read.
  public var remaining: Int { bytes.count - position }

  /// The next `count` bytes, in place.
  ///
  /// - Throws: `truncated` when there are fewer, or when `count` is negative.
  public mutating func take(_ count: Int) throws(CodingError) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else {
      throw CodingError(.truncated(needed: count, available: remaining), at: position)
    }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  public mutating func byte() throws(CodingError) -> UInt8 {
    guard position < bytes.count else { throw CodingError(.truncated(needed: 1, available: 0), at: position) }
    defer { position += 1 }
    return bytes[position]
  }

  public mutating func uint16() throws(CodingError) -> UInt16 {
    UInt16(littleEndian: try take(2).loadUnaligned(as: UInt16.self))
  }

  public mutating func uint32() throws(CodingError) -> UInt32 {
    UInt32(littleEndian: try take(4).loadUnaligned(as: UInt32.self))
  }

  public mutating func uint64() throws(CodingError) -> UInt64 {
    UInt64(littleEndian: try take(8).loadUnaligned(as: UInt64.self))
  }

  /// IEEE 754 binary32; any bit pattern.
  public mutating func float32() throws(CodingError) -> Float { Float(bitPattern: try uint32()) }

  /// An unsigned integer in LEB128: seven bits a byte, lowest first, bit 7 set in all bytes but the last.
  ///
  /// - Throws: `integerTooLarge` beyond 64 bits; `integerTooLong` when a shorter form exists.
  public mutating func varint() throws(CodingError) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      guard shift < 63 || (shift == 63 && next <= 1) else { throw CodingError(.integerTooLarge, at: start) }
      value |= UInt64(next & 0x7F) &<< shift
      if next < 0x80 {
        guard next != 0 || shift == 0 else { throw CodingError(.integerTooLong, at: start) }
        return value
      }
      shift += 7
    }
  }

  /// A signed integer as `varint` of 0, −1, 1, −2, 2, ... numbered from 0.
  public mutating func signedVarint() throws(CodingError) -> Int64 {
    let folded = try varint()
    return Int64(bitPattern: (folded >> 1) ^ (0 &- (folded & 1)))
  }
}
