/// A list of integers with no more bits than needed, all in a common width.
///
/// Two forms, of which the shorter is written: two's complement (for numbers on both sides of 0), and the distance
/// from a number below them all (for numbers far from 0, or equal ones). Bits that are 0 in all are left out.
///
///     head    byte: bits 0-6 width, 0...64; bit 7 set for two's complement
///     shift   byte, 0...63; left out if width is 0
///     base    signed varint; left out in two's complement, where it is 0
///     bits    for each integer, width bits, the first in the lowest bits of the first byte; 0 bits to a whole byte
///
/// An integer is `base + (bits << shift)`. The count is known from elsewhere; an empty list takes no bytes, a list of
/// zeros one.
public enum PackedIntegers {
  /// Appends `integers`.
  public static func write(_ integers: [Int64], to writer: inout ByteWriter) {
    var bits = ByteWriter()
    write(integers, to: &writer, bitsTo: &bits)
    writer.append(bits.bytes)
  }

  /// Appends head, shift and base of `integers` to `writer`, and their bits to `bits`.
  public static func write(_ integers: [Int64], to writer: inout ByteWriter, bitsTo bits: inout ByteWriter) {
    guard let smallest = integers.min(), let largest = integers.max() else { return }
    let signed = Form(integers, base: nil)
    let plain = Form(integers, base: smallest)
    // A base of 0 is the shortest, if it costs no bits.
    let zero = smallest >= 0 && largest.leadingZeroBitCount == 64 - plain.width - plain.shift
    let based = zero ? Form(integers, base: 0) : plain
    let form = signed.byteCount(integers.count) < based.byteCount(integers.count) ? signed : based
    form.writeHead(to: &writer)
    form.writeBits(integers, to: &bits)
  }

  /// Reads `count` integers, one part after the other from the same bytes.
  ///
  /// - Throws: as the other.
  public static func read(count: Int, from reader: inout ByteReader) throws(CodingError) -> [Int64] {
    guard count > 0 else { return [] }
    let start = reader.position
    let form = try Form(from: &reader)
    return try integers(count, form, at: start, bitsFrom: &reader)
  }

  /// Reads `count` integers: head, shift and base from `reader`, their bits from `bits`.
  ///
  /// The caller limits `count`: equal integers take no bits, so that a small file can announce many.
  ///
  /// - Throws: `truncated` before anything is allocated; `integerTooLarge`, `padding`.
  public static func read(
    count: Int, from reader: inout ByteReader, bitsFrom bits: inout ByteReader
  ) throws(CodingError) -> [Int64] {
    guard count > 0 else { return [] }
    let start = reader.position
    let form = try Form(from: &reader)
    return try integers(count, form, at: start, bitsFrom: &bits)
  }

  private static func integers(
    _ count: Int, _ form: Form, at start: Int, bitsFrom reader: inout ByteReader
  ) throws(CodingError) -> [Int64] {
    guard form.width > 0 else { return [Int64](repeating: form.base ?? 0, count: count) }
    let (bitCount, overflow) = count.multipliedReportingOverflow(by: form.width)
    guard !overflow, bitCount <= Int.max - 7 else { throw CodingError(.integerTooLarge, at: start) }
    let bytes = try reader.take((bitCount + 7) / 8)
    if bitCount % 8 != 0, let last = bytes.last, last >> UInt8(bitCount % 8) != 0 {
      throw CodingError(.padding, at: reader.position - 1)
    }
    var integers: [Int64] = []
    integers.reserveCapacity(count)
    for index in 0..<count {
      guard let integer = form.integer(bits(bytes, from: index * form.width, count: form.width)) else {
        throw CodingError(.integerTooLarge, at: start)
      }
      integers.append(integer)
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

  /// Everything but the bits.
  private struct Form {
    var width: Int
    var shift: Int
    /// Nil in two's complement.
    var base: Int64?

    /// The smallest form with this base, which is not above any of `integers`.
    init(_ integers: [Int64], base: Int64?) {
      self.base = base
      var (union, spread): (UInt64, UInt64) = (0, 0)
      for integer in integers {
        let distance = UInt64(bitPattern: integer &- (base ?? 0))
        union |= distance
        // In two's complement the bits below the sign count, and those of −1 − x are as many.
        spread |= base == nil && integer < 0 ? ~distance : distance
      }
      shift = union == 0 ? 0 : union.trailingZeroBitCount
      let significant = 64 - spread.leadingZeroBitCount + (base == nil && union != 0 ? 1 : 0)
      width = union == 0 ? 0 : significant - shift
    }

    init(from reader: inout ByteReader) throws(CodingError) {
      let start = reader.position
      let head = try reader.byte()
      width = Int(head & 0x7F)
      shift = width == 0 ? 0 : Int(try reader.byte())
      guard shift <= 63, width + shift <= 64 else { throw CodingError(.integerTooLarge, at: start) }
      base = head & 0x80 != 0 ? nil : try reader.signedVarint()
    }

    func writeHead(to writer: inout ByteWriter) {
      writer.byte(UInt8(width) | (base == nil ? 0x80 : 0))
      if width > 0 { writer.byte(UInt8(shift)) }
      if let base { writer.signedVarint(base) }
    }

    func writeBits(_ integers: [Int64], to writer: inout ByteWriter) {
      guard width > 0 else { return }
      var (window, filled): (UInt8, Int) = (0, 0)
      for integer in integers {
        var (bits, left) = (UInt64(bitPattern: integer &- (base ?? 0)) >> UInt64(shift), width)
        while left > 0 {
          let taken = min(left, 8 - filled)
          window |= UInt8(truncatingIfNeeded: bits & ((1 << UInt64(taken)) - 1)) << UInt8(filled)
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

    /// Bytes of a list of `count`.
    func byteCount(_ count: Int) -> Int {
      var head = ByteWriter()
      writeHead(to: &head)
      return head.count + (count * width + 7) / 8
    }

    /// The integer of these bits; nil if it does not fit in 64 bits.
    func integer(_ bits: UInt64) -> Int64? {
      guard let base else {
        let unused = UInt64(64 - width)
        return (Int64(bitPattern: bits << unused) >> Int64(unused)) << Int64(shift)
      }
      let distance = bits << UInt64(shift)
      // What lies between base and the largest Int64 is below 2^64 and not negative.
      guard distance <= UInt64(bitPattern: Int64.max &- base) else { return nil }
      return Int64(bitPattern: UInt64(bitPattern: base) &+ distance)
    }
  }
}
