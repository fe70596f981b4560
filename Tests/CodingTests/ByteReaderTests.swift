import Coding
import Tensors
import Testing

@Suite struct ByteReaderTests {
  @Test(
    "A varint has seven bits a byte, lowest first",
    arguments: [
      (0, [0]), (1, [1]), (127, [0x7F]), (128, [0x80, 1]), (300, [0xAC, 2]),
      (.max, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
    ] as [(UInt64, [UInt8])])
  func varintsAreAsDocumented(value: UInt64, bytes: [UInt8]) throws {
    var writer = ByteWriter()
    writer.varint(value)
    #expect(writer.bytes == bytes)
    #expect(try read(bytes) { reader throws(CodingError) in try reader.varint() } == value)
    for count in 0..<bytes.count {
      #expect(throws: CodingError(.truncated(needed: 1, available: 0), at: count)) {
        try read(Array(bytes[..<count])) { reader throws(CodingError) in try reader.varint() }
      }
    }
  }

  @Test(
    "A signed varint numbers 0, −1, 1, −2, 2, ...",
    arguments: [(0, 0), (-1, 1), (1, 2), (-2, 3), (.max, .max - 1), (.min, .max)] as [(Int64, UInt64)])
  func signedVarintsAreFolded(value: Int64, number: UInt64) throws {
    var (signed, plain) = (ByteWriter(), ByteWriter())
    signed.signedVarint(value)
    plain.varint(number)
    #expect(signed.bytes == plain.bytes)
    #expect(try read(signed.bytes) { reader throws(CodingError) in try reader.signedVarint() } == value)
  }

  @Test(
    "A varint that is too long or too large is refused",
    arguments: [
      ([0x80, 0], .integerTooLong), ([0xFF, 0x80, 0], .integerTooLong),
      ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2], .integerTooLarge),
      ([UInt8](repeating: 0x80, count: 30), .integerTooLarge),
    ] as [([UInt8], CodingError.Problem)])
  func badVarintsAreRefused(bytes: [UInt8], problem: CodingError.Problem) {
    #expect(throws: CodingError(problem, at: 0)) {
      try read(bytes) { reader throws(CodingError) in try reader.varint() }
    }
  }

  @Test("Fixed numbers come back, and not one byte is read past the end")
  func fixedNumbersComeBack() throws {
    var writer = ByteWriter()
    writer.byte(1)
    writer.uint16(0x0203)
    writer.uint32(0x0405_0607)
    writer.uint64(0x0809_0A0B_0C0D_0E0F)
    writer.float32(-1.5)
    writer.pad(to: 8)
    #expect(writer.count == 24)
    try writer.bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      #expect(try reader.byte() == 1)
      #expect(try reader.uint16() == 0x0203)
      #expect(try reader.uint32() == 0x0405_0607)
      #expect(try reader.uint64() == 0x0809_0A0B_0C0D_0E0F)
      #expect(try reader.float32() == -1.5)
      #expect(reader.remaining == 5)
      #expect(throws: CodingError(.truncated(needed: 8, available: 5), at: 19)) { try reader.uint64() }
      #expect(throws: CodingError.self) { try reader.take(-1) }
      #expect(throws: CodingError.self) { try reader.take(.max) }
      let rest = try reader.take(5)
      #expect(Array(rest) == [0, 0, 0, 0, 0])
    }
  }

  private func read<Value>(
    _ bytes: [UInt8], _ body: (inout ByteReader) throws(CodingError) -> Value
  ) throws -> Value {
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      let value = try body(&reader)
      return value
    }
  }
}
