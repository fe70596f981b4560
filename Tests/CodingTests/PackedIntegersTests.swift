import Coding
import Tensors
import Testing

@Suite struct PackedIntegersTests {
  static let lists: [[Int64]] = [
    [], [0], [0, 0, 0], [5], [-5, -5], [.min], [.max], [.min, .max], [.min, 0, .max], [-1, 0], [-1], [1, 2, 3],
    [1 << 40, (1 << 40) + 3], [-(1 << 40), 1 << 40], [1 << 62, 1 << 61], [.max - 1, .max], [.min, .min + 1],
    [Int64.min, -1], [-2, 1], [-2, 2], [1024, 2048, 512],
  ]

  @Test("What is written is read again", arguments: lists)
  func listsComeBack(list: [Int64]) throws {
    #expect(try read(written(list), count: list.count) == list)
  }

  @Test("Random lists of any width, sign and common factor come back", arguments: UInt64(0)..<64)
  func randomListsComeBack(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for count in 1...40 {
      let width = Int64.random(in: 0...63, using: &random)
      let shift = Int64.random(in: 0...63 - width, using: &random)
      let base = Int64.random(in: -2...2, using: &random) << 58
      let list = (0..<count).map { _ in
        base &+ (Int64(bitPattern: random.next() & ((1 << UInt64(width)) - 1)) << shift)
      }
      #expect(try read(written(list), count: count) == list)
    }
  }

  @Test(
    "Bytes are no more than the integers need",
    arguments: [
      ([], []), ([0, 0, 0], [0x80]), ([7, 7], [0x00, 0x0E]), ([-1, 0, 1, -2], [0x82, 0, 0b1001_0011]),
      ([0, 256, 768], [0x02, 8, 0, 0b11_01_00]), ([1000, 1001], [0x01, 0, 0xD0, 0x0F, 0b10]),
    ] as [([Int64], [UInt8])])
  func bytesAreFew(list: [Int64], bytes: [UInt8]) {
    #expect(written(list) == bytes)
  }

  @Test("Every cut is refused, and no bytes trap", arguments: UInt64(0)..<16)
  func anyBytesAreSafe(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<500 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      _ = try? read(bytes, count: Int.random(in: 0...20, using: &random))
    }
    let bytes = written((0..<9).map { _ in Int64(bitPattern: random.next()) })
    for count in 0..<bytes.count {
      #expect(throws: CodingError.self) { try read(Array(bytes[..<count]), count: 9) }
    }
  }

  private func written(_ list: [Int64]) -> [UInt8] {
    var writer = ByteWriter()
    PackedIntegers.write(list, to: &writer)
    return writer.bytes
  }

  private func read(_ bytes: [UInt8], count: Int) throws -> [Int64] {
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      let list = try PackedIntegers.read(count: count, from: &reader)
      return list
    }
  }
}
