import Coding
import Tensors
import Testing

@Suite struct MixedBytesTests {
  private func decoded(_ payload: [UInt8], count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try payload.withUnsafeBytes { payload in
      try bytes.withUnsafeMutableBufferPointer { try MixedBytes.decode(payload, into: $0) }
    }
    return bytes
  }

  /// Words that come again, with some bytes of noise.
  private func text(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    let words = ["layer1.", "conv", "bn", ".weight", "/Relu", "2", "17"].map { Array($0.utf8) }
    var bytes: [UInt8] = []
    while bytes.count < count {
      bytes += words.randomElement(using: &random) ?? []
      if Int.random(in: 0..<9, using: &random) == 0 { bytes.append(UInt8.random(in: 0...255, using: &random)) }
    }
    return Array(bytes[..<count])
  }

  @Test("Bytes come back", arguments: [0, 1, 2, 3, 4, 255, 256, 257, 5_000], UInt64(0)..<3)
  func bytesComeBack(count: Int, seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    for bytes in [text(count, seed: seed), noise, [UInt8](repeating: 7, count: count)] {
      #expect(try decoded(MixedBytes.encode(bytes), count: count) == bytes)
    }
  }

  @Test("Words that come again take a third, noise takes no tenth more, equal bytes a 256th")
  func sizes() throws {
    #expect(try MixedBytes.encode(text(5_000, seed: 1)).count < 5_000 / 3)
    var random = SplitMix64(seed: 1)
    let noise = (0..<5_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    #expect(try MixedBytes.encode(noise).count < 5_500)
    #expect(try MixedBytes.encode([UInt8](repeating: 0, count: 1 << 20)).count == 1 << 12)
  }

  @Test("Damage is an error or other bytes, a cut is an error", arguments: UInt64(0)..<4)
  func damageIsSafe(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let bytes = text(300, seed: seed)
    let payload = try MixedBytes.encode(bytes)
    for count in 0..<payload.count {
      #expect(throws: CodingError.self) { try decoded(Array(payload[..<count]), count: bytes.count) }
    }
    for _ in 0..<200 {
      var changed = payload
      changed[Int.random(in: 0..<payload.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      _ = try? decoded(changed, count: bytes.count)
    }
    #expect(throws: CodingError.self) { try decoded(payload + [0], count: bytes.count) }
    #expect(throws: CodingError(.length(expected: 4, found: 1), at: 0)) { try decoded([0], count: 1_000) }
    #expect(throws: CodingError(.length(expected: 0, found: 1), at: 0)) { try decoded([0], count: 0) }
  }
}
