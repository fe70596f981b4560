/// Reads bits from bytes, the first in the lowest bit of the first byte; every read is checked.
struct BitReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var position = 0
  private var window: UInt64 = 0
  private var filled = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next `count` bits, 0...32, the first one lowest.
  mutating func bits(_ count: Int) throws(CodingError) -> UInt32 {
    while filled < count {
      guard position < bytes.count else { throw CodingError(.truncated(needed: 1, available: 0), at: position) }
      window |= UInt64(bytes[position]) &<< UInt64(filled)
      position += 1
      filled += 8
    }
    let value = window & ((1 &<< UInt64(count)) &- 1)
    window &>>= UInt64(count)
    filled -= count
    return UInt32(truncatingIfNeeded: value)
  }

  /// Ends the reading at a whole byte: the bits before it that were not read have to be 0.
  mutating func align() throws(CodingError) {
    // Reads fetch no more bytes than they need, so that fewer than 8 bits are left.
    guard window == 0 else { throw CodingError(.padding, at: position - 1) }
    filled = 0
  }
}

/// Appends bits to bytes; what it writes `BitReader` reads.
struct BitWriter {
  private(set) var bytes: [UInt8] = []
  private var window: UInt64 = 0
  private var filled = 0

  /// Appends the lowest `count` bits of `value`, 0...32; those above are 0.
  mutating func write(_ value: UInt32, count: Int) {
    window |= UInt64(value) << UInt64(filled)
    filled += count
    while filled >= 8 {
      bytes.append(UInt8(truncatingIfNeeded: window))
      window >>= 8
      filled -= 8
    }
  }

  /// Fills the last byte with zeros.
  mutating func align() {
    if filled > 0 { write(0, count: 8 - filled) }
  }
}
