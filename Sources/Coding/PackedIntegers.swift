/// A list of integers with no more bits than needed: the smallest, and what each has above it in a common width.
///
/// Written as `width` (a byte, 0...64); unless that is 0, `shift` (a byte, 0...63); `minimum` (signed varint); then
/// for each integer the `width` bits of `(integer − minimum) >> shift`, the first in the lowest bits of the first
/// byte, and 0 bits to the end of the last byte. The count is known from elsewhere. Equal integers take no bits.
public enum PackedIntegers {
  /// Appends `integers`; nothing at all for an empty list.
  public static func write(_ integers: [Int64], to writer: inout ByteWriter) {
    guard let minimum = integers.min() else { return }
    let offsets = integers.map { UInt64(bitPattern: $0 &- minimum) }
    let union = offsets.reduce(0, |)
    guard union != 0 else {
      writer.byte(0)
      writer.signedVarint(minimum)
      return
    }
    let shift = union.trailingZeroBitCount
    let width = 64 - union.leadingZeroBitCount - shift
    writer.byte(UInt8(width))
    writer.byte(UInt8(shift))
    writer.signedVarint(minimum)
    var (window, filled): (UInt8, Int) = (0, 0)
    for offset in offsets {
      var (bits, left) = (offset >> UInt64(shift), width)
      while left > 0 {
        let taken = min(left, 8 - filled)
        window |= UInt8(truncatingIfNeeded: bits) << UInt8(filled)
        bits >>= UInt64(taken)
        left -= taken
        filled += taken
        if filled == 8 {
          writer.byte(window)
          (window, filled) = (0, 0)
        }
      }
    }
    if filled > 0 { writer.byte(window) }
  }

  /// Reads `count` integers.
  ///
  /// The caller limits `count`: equal integers take no bytes, so that a small file can announce many.
  ///
  /// - Throws: `truncated` before anything is allocated; `integerTooLarge`, `padding`.
  public static func read(count: Int, from reader: inout ByteReader) throws(CodingError) -> [Int64] {
    guard count > 0 else { return [] }
    let start = reader.position
    let width = Int(try reader.byte())
    guard width > 0 else { return [Int64](repeating: try reader.signedVarint(), count: count) }
    let shift = Int(try reader.byte())
    guard shift <= 63, width + shift <= 64 else { throw CodingError(.integerTooLarge, at: start) }
    let minimum = try reader.signedVarint()
    let (bitCount, overflow) = count.multipliedReportingOverflow(by: width)
    guard !overflow, bitCount <= Int.max - 7 else { throw CodingError(.integerTooLarge, at: start) }
    let bytes = try reader.take((bitCount + 7) / 8)
    if bitCount % 8 != 0, let last = bytes.last, last >> UInt8(bitCount % 8) != 0 {
      throw CodingError(.padding, at: reader.position - 1)
    }
    var integers: [Int64] = []
    integers.reserveCapacity(count)
    for index in 0..<count {
      let offset = bits(bytes, from: index * width, count: width) << UInt64(shift)
      // The distance to the largest Int64 is below 2^64 and not negative.
      guard offset <= UInt64(bitPattern: Int64.max &- minimum) else { throw CodingError(.integerTooLarge, at: start) }
      integers.append(Int64(bitPattern: UInt64(bitPattern: minimum) &+ offset))
    }
    return integers
  }

  private static func bits(_ bytes: UnsafeRawBufferPointer, from first: Int, count: Int) -> UInt64 {
    var (value, filled): (UInt64, Int) = (0, 0)
    while filled < count {
      let position = first + filled
      let taken = min(8 - position % 8, count - filled)
      let part = UInt64(bytes[position / 8] >> UInt8(position % 8)) & ((1 << UInt64(taken)) - 1)
      value |= part << UInt64(filled)
      filled += taken
    }
    return value
  }
}
