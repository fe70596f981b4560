/// Appends numbers to bytes, little-endian; what it writes `ByteReader` reads.
public struct ByteWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public var count: Int { bytes.count }

  public mutating func byte(_ value: UInt8) { bytes.append(value) }

  public mutating func uint16(_ value: UInt16) { integer(value) }

  public mutating func uint32(_ value: UInt32) { integer(value) }

  public mutating func uint64(_ value: UInt64) { integer(value) }

  public mutating func float32(_ value: Float) { integer(value.bitPattern) }

  /// An unsigned integer in LEB128, in as few bytes as it takes: 1 below 128, at most 10.
  public mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// A signed integer as `varint` of 0, −1, 1, −2, 2, ... numbered from 0.
  public mutating func signedVarint(_ value: Int64) {
    varint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  public mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

  public mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }

  /// Appends zeros until the count is a multiple of `alignment`.
  ///
  /// - Precondition: `alignment` is at least 1.
  public mutating func pad(to alignment: Int) {
    precondition(alignment >= 1, "An alignment is at least 1")
    while bytes.count % alignment != 0 { bytes.append(0) }
  }

  /// Appends zeros until there are at least `count` bytes.
  public mutating func pad(toCount count: Int) {
    while bytes.count < count { bytes.append(0) }
  }

  private mutating func integer<Integer: FixedWidthInteger>(_ value: Integer) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
