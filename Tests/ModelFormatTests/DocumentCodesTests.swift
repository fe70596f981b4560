import Coding
import Tensors
import Testing

@Suite struct DocumentCodesTests {
  /// Alphabets with the first byte of an encoding that has them.
  static let alphabets: [(CodeAlphabet, Int)] = [
    (.ternary, 0x80), (.binary, 0x20), (.signed(bitWidth: 2), 0x21), (.signed(bitWidth: 4), 0x23),
    (.signed(bitWidth: 8), 0x27), (.unsigned(bitWidth: 1), 0), (.unsigned(bitWidth: 5), 4),
  ]

  @Test("Decoders written from the document read every weight code", arguments: WeightCode.allCases, 0..<7)
  func decodersAgree(code: WeightCode, alphabet: Int) throws {
    let (alphabet, encoding) = Self.alphabets[alphabet]
    guard code.supports(alphabet) else { return }
    var random = SplitMix64(seed: 11)
    let all = (Int8.min...Int8.max).filter(alphabet.contains)
    for (rows, rowLength) in [(0, 4), (1, 1), (1, 700), (3, 27), (16, 144), (90, 401), (300, 901)] {
      for density in [Float(0), 0.04, 0.3, 1] {
        var codes: [Int8] = []
        for _ in 0..<rows * rowLength {
          let repeats = random.nextUnit() < 0.3
          let other = random.nextUnit() < density ? all.randomElement(using: &random) : all[all.count / 2]
          codes.append(repeats ? codes.last ?? all[0] : other ?? 0)
        }
        let bytes = try code.encode(codes, rowLength: rowLength, alphabet: alphabet)
        let found = DocumentCodes(bytes, codes.count, rowLength, encoding).codes(Int(code.rawValue))
        #expect(found == codes.map(Int.init), "\(rows) x \(rowLength), \(density)")
      }
    }
  }
}
