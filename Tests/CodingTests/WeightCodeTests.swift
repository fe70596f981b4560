import Coding
import Tensors
import Testing

@Suite struct WeightCodeTests {
  static let alphabets: [CodeAlphabet] =
    [.binary, .ternary] + (2...8).map { .signed(bitWidth: $0) } + (1...7).map { .unsigned(bitWidth: $0) }
  static let counts = Array(0...41) + [1_000, 4_099]

  @Test("Codes come back, in as many bytes as announced", arguments: WeightCode.allCases, alphabets)
  func codesComeBack(code: WeightCode, alphabet: CodeAlphabet) throws {
    for count in Self.counts {
      let codes = codes(alphabet, count: count, seed: UInt64(count))
      guard let byteCount = code.byteCount(count: count, alphabet: alphabet) else {
        #expect(throws: CodingError(.unsupportedAlphabet, at: 0)) { try code.encode(codes, alphabet: alphabet) }
        continue
      }
      let bytes = try code.encode(codes, alphabet: alphabet)
      #expect(bytes.count == byteCount)
      #expect(try decode(bytes, code, alphabet, count: count) == codes)
    }
  }

  @Test("Any bytes decode to codes of the alphabet or are refused", arguments: WeightCode.allCases, alphabets)
  func anyBytesAreSafe(code: WeightCode, alphabet: CodeAlphabet) {
    var random = SplitMix64(seed: 5)
    for count in Self.counts {
      guard let byteCount = code.byteCount(count: count, alphabet: alphabet) else { continue }
      let bytes = (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
      if let codes = try? decode(bytes, code, alphabet, count: count) {
        #expect(codes.count == count && codes.allSatisfy(alphabet.contains))
      }
    }
  }

  @Test("Too few and too many bytes are refused before anything is allocated", arguments: WeightCode.allCases)
  func lengthIsChecked(code: WeightCode) {
    for (count, found) in [(41, 0), (41, 99), (0, 1), (1 << 60, 8), (-1, 0)] {
      #expect(throws: CodingError.self) {
        try decode([UInt8](repeating: 0, count: found), code, .ternary, count: count)
      }
    }
  }

  @Test("A code outside its alphabet is refused by its index", arguments: WeightCode.allCases)
  func foreignCodesAreRefused(code: WeightCode) {
    #expect(throws: CodingError(.invalidCode, at: 3)) { try code.encode([0, 1, -1, 2, 5], alphabet: .ternary) }
  }

  @Test("The bytes are those of the document")
  func bytesAreAsDocumented() throws {
    #expect(try WeightCode.raw.encode([1, -1, -1, 1, 1, -1, 1, 1, 1], alphabet: .binary) == [0b1101_1001, 1])
    #expect(try WeightCode.raw.encode([0, 1, -1, 0, 1], alphabet: .ternary) == [0b00_11_01_00, 1])
    #expect(try WeightCode.raw.encode([-4, 3, 1], alphabet: .signed(bitWidth: 3)) == [0b01_011_100, 0])
    #expect(try WeightCode.raw.encode([-1, 127], alphabet: .signed(bitWidth: 8)) == [0xFF, 0x7F])
    #expect(try WeightCode.trits.encode([1, 0, -1, 0, 1, 1], alphabet: .ternary) == [2 + 3 + 27 + 162, 2])
  }

  @Test("Ternary codes take the fewest bytes as trits, others as they are")
  func smallestCode() {
    #expect(WeightCode.smallest(count: 100, alphabet: .ternary) == .trits)
    #expect(WeightCode.smallest(count: 100, alphabet: .binary) == .raw)
    #expect(WeightCode.smallest(count: 100, alphabet: .signed(bitWidth: 9)) == nil)
  }

  private func codes(_ alphabet: CodeAlphabet, count: Int, seed: UInt64) -> [Int8] {
    var random = SplitMix64(seed: seed)
    let all = (Int8.min...Int8.max).filter(alphabet.contains)
    return (0..<count).map { _ in all.randomElement(using: &random) ?? 0 }
  }

  private func decode(
    _ bytes: [UInt8], _ code: WeightCode, _ alphabet: CodeAlphabet, count: Int
  ) throws -> [Int8] {
    try bytes.withUnsafeBytes { try code.decode($0, count: count, alphabet: alphabet) }
  }
}
