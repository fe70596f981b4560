import Coding
import Foundation
import Tensors
import Testing

@Suite struct WeightCodeTests {
  static let alphabets: [CodeAlphabet] =
    [.binary, .ternary] + (2...8).map { .signed(bitWidth: $0) } + (1...7).map { .unsigned(bitWidth: $0) }
  static let counts = Array(0...41) + [1_000, 4_099]

  static let densities = [0, 0.01, 0.1, 0.27, 0.5, 0.9, 1]

  @Test("Codes come back, in as many bytes as announced", arguments: WeightCode.allCases, alphabets)
  func codesComeBack(code: WeightCode, alphabet: CodeAlphabet) throws {
    for (index, count) in Self.counts.enumerated() {
      let codes = codes(alphabet, count: count, density: Self.densities[index % 7], seed: UInt64(count))
      guard code.supports(alphabet) else {
        #expect(throws: CodingError(.unsupportedAlphabet, at: 0)) { try code.encode(codes, alphabet: alphabet) }
        continue
      }
      let bytes = try code.encode(codes, alphabet: alphabet)
      let byteCount = code.byteCount(count: count, alphabet: alphabet)
      #expect((byteCount != nil) == code.hasFixedLength)
      if let byteCount { #expect(bytes.count == byteCount) }
      #expect(try decode(bytes, code, alphabet, count: count) == codes)
    }
  }

  @Test(
    "Rows of any number and length come back, at all densities", arguments: WeightCode.allCases,
    [CodeAlphabet.ternary, .binary, .signed(bitWidth: 2), .signed(bitWidth: 4), .signed(bitWidth: 8)])
  func rowsComeBack(code: WeightCode, alphabet: CodeAlphabet) throws {
    guard code.supports(alphabet) else { return }
    for (rows, rowLength) in [(1, 5_000), (3, 9), (4, 1), (5, 1_000), (66, 96), (2_000, 2), (700, 801)] {
      for density in Self.densities {
        let codes = codes(alphabet, count: rows * rowLength, density: density, seed: UInt64(rows))
        let bytes = try code.encode(codes, rowLength: rowLength, alphabet: alphabet)
        #expect(try decode(bytes, code, alphabet, count: codes.count, rowLength: rowLength) == codes)
      }
    }
  }

  @Test("Any bytes decode to codes of the alphabet or are refused", arguments: WeightCode.allCases, alphabets)
  func anyBytesAreSafe(code: WeightCode, alphabet: CodeAlphabet) {
    var random = SplitMix64(seed: 5)
    for count in Self.counts {
      guard code.supports(alphabet) else { continue }
      let byteCount = code.byteCount(count: count, alphabet: alphabet) ?? Int.random(in: 0...count, using: &random)
      let bytes = (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
      if let codes = try? decode(bytes, code, alphabet, count: count) {
        #expect(codes.count == count && codes.allSatisfy(alphabet.contains))
      }
    }
  }

  @Test("Bytes cut at any place are refused", arguments: WeightCode.allCases, alphabets)
  func truncationIsRefused(code: WeightCode, alphabet: CodeAlphabet) throws {
    guard code.supports(alphabet) else { return }
    for (rows, density) in [(1, 0.3), (7, 0.02), (12, 1)] {
      let codes = codes(alphabet, count: rows * 90, density: density, seed: 3)
      let bytes = try code.encode(codes, rowLength: 90, alphabet: alphabet)
      for count in 0..<bytes.count {
        #expect(throws: CodingError.self) {
          try decode(Array(bytes[..<count]), code, alphabet, count: codes.count, rowLength: 90)
        }
      }
      #expect(throws: CodingError.self) {
        try decode(bytes + [0], code, alphabet, count: codes.count, rowLength: 90)
      }
    }
  }

  @Test("Changed bits give codes of the alphabet or an error", arguments: WeightCode.allCases, alphabets)
  func flipsAreSafe(code: WeightCode, alphabet: CodeAlphabet) throws {
    guard code.supports(alphabet) else { return }
    for (rows, density) in [(1, 0.3), (40, 0.2)] {
      let codes = codes(alphabet, count: rows * 300, density: density, seed: 4)
      var bytes = try code.encode(codes, rowLength: 300, alphabet: alphabet)
      for bit in 0..<min(8 * bytes.count, 300) {
        bytes[bit / 8] ^= 1 << (bit % 8)
        if let changed = try? decode(bytes, code, alphabet, count: codes.count, rowLength: 300) {
          #expect(changed.count == codes.count && changed.allSatisfy(alphabet.contains))
        }
        bytes[bit / 8] ^= 1 << (bit % 8)
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
    guard code.supports(.ternary) else {
      #expect(throws: CodingError(.invalidCode, at: 3)) {
        try code.encode([0, 1, -1, 9, 5], alphabet: .signed(bitWidth: 4))
      }
      return
    }
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

  @Test("Of bitmap, gaps and rans the bytes are those of the document")
  func entropyCodesAreAsDocumented() throws {
    #expect(try WeightCode.bitmap.encode([0, 1, -1, 0, 0, 0, 0, 0, 1], alphabet: .ternary) == [0b110, 1, 0b010])
    // Runs of 1 (twice), 0 and 6 zeros: code lengths 2 for 0, 1 for 1, 2 for 6.
    let gaps = try WeightCode.gaps.encode([0, 1, -1, 0, 0, 0, 0, 0, 0, 1, 0, -1], alphabet: .ternary)
    #expect(gaps.prefix(4) == [0x12, 0, 0, 0x02])
    // One symbol with all of 4096 takes no bits: head, model (two widths of 0, 4096), one state, no words.
    #expect(try WeightCode.rans.encode([-1, -1, -1], alphabet: .ternary) == [0, 0, 0, 0, 1, 0])
  }

  @Test("The smallest code is taken")
  func smallestCode() throws {
    #expect(try smallest([1, 1, -1, 0, 1, 0, -1, 1, 0], .ternary) == .trits)
    #expect(try smallest(codes(.ternary, count: 4_000, density: 0.5, seed: 1), .ternary) == .bitmap)
    #expect(try smallest(codes(.binary, count: 4_000, density: 0.5, seed: 1), .binary) == .raw)
    let sparse = codes(.ternary, count: 40_000, density: 0.1, seed: 1)
    #expect(try smallest(sparse, .ternary) == .runs)
    #expect(try WeightCode.best(of: [.rans, .gaps], sparse, alphabet: .ternary)?.code == .rans)
    let bytes = codes(.signed(bitWidth: 8), count: 40_000, density: 1, seed: 1).map { $0 / 2 }
    #expect(try smallest(bytes, .signed(bitWidth: 8)) == .rans)
    #expect(try WeightCode.best(bytes, alphabet: .signed(bitWidth: 8), preference: .fast)?.code == .raw)
    #expect(try smallest([1], .signed(bitWidth: 9)) == nil)
  }

  @Test("Random ternary weights take at most 2 % more than their entropy", arguments: [0.025, 0.1, 0.26, 0.335, 0.66])
  func nearEntropy(density: Double) throws {
    for (rows, rowLength) in [(16, 144), (32, 288), (64, 576), (512, 3_200)] {
      let codes = codes(.ternary, count: rows * rowLength, density: density, seed: 9)
      let bytes = try WeightCode.best(codes, rowLength: rowLength, alphabet: .ternary)?.bytes ?? []
      let bound = entropy(codes) * Double(codes.count) / 8
      // 8 bytes for the smallest: head, model, state.
      #expect(Double(bytes.count) < 1.02 * bound + 8, "\(rows) x \(rowLength): \(bytes.count), bound \(bound)")
    }
  }

  @Test("Weights that resemble those before them take less than their entropy")
  func contextsPay() throws {
    var random = SplitMix64(seed: 2)
    var codes: [Int8] = []
    for _ in 0..<64 * 576 {
      codes.append(
        Int.random(in: 0...9, using: &random) < 7 ? codes.last ?? 0 : Int8.random(in: -1...1, using: &random))
    }
    let bytes = try WeightCode.rans.encode(codes, rowLength: 576, alphabet: .ternary)
    #expect(Double(bytes.count) < 0.8 * entropy(codes) * Double(codes.count) / 8)
  }

  @Test("A group of rows decodes alone to its rows", arguments: [CodeAlphabet.ternary, .signed(bitWidth: 8)])
  func groupsStandAlone(alphabet: CodeAlphabet) throws {
    let (rows, rowLength) = (1731, 577)
    let codes = codes(alphabet, count: rows * rowLength, density: 0.4, seed: 8)
    let bytes = try InterleavedANS.encode(codes, rowLength: rowLength, alphabet: alphabet)
    try bytes.withUnsafeBytes { bytes in
      try withUnsafeTemporaryAllocation(of: UInt32.self, capacity: InterleavedANS.tableCount) { tables in
        let decoder = try InterleavedANS(
          bytes, count: codes.count, rowLength: rowLength, alphabet: alphabet, tables: tables)
        #expect(decoder.groupCount > 1)
        for group in (0..<decoder.groupCount).reversed() {
          let range = decoder.rows(ofGroup: group)
          var part = [Int8](repeating: 0, count: range.count * rowLength)
          _ = try part.withUnsafeMutableBufferPointer { try decoder.decode(group: group, into: $0) }
          #expect(part == Array(codes[range.lowerBound * rowLength..<range.upperBound * rowLength]))
        }
      }
    }
  }

  @Test("Streaming gives the rows of the whole, group after group", arguments: WeightCode.allCases)
  func streamingEqualsTheWhole(code: WeightCode) throws {
    for ((rows, rowLength, density), alphabet) in [
      (131, 577, 0.3), (600, 1_201, 0.27), (3, 5, 1), (83, 7, 0.5), (700, 1, 0.02), (300, 3, 0.01),
    ]
    .flatMap({
      shape in Self.alphabets.map { (shape, $0) }
    }) {
      guard code.supports(alphabet), alphabet.bitWidth != 7 else { continue }
      let codes = codes(alphabet, count: rows * rowLength, density: density, seed: 6)
      let bytes = try code.encode(codes, rowLength: rowLength, alphabet: alphabet)
      var streamed: [Int8] = []
      try bytes.withUnsafeBytes { bytes in
        try code.forEachRowGroup(bytes, count: codes.count, rowLength: rowLength, alphabet: alphabet) { rows, part in
          #expect(rows.lowerBound * rowLength == streamed.count && part.count == rows.count * rowLength)
          streamed += part
        }
      }
      #expect(streamed == codes)
    }
  }

  @Test("Damaged runs are refused in pieces where they are refused as a whole", arguments: UInt64(0)..<4)
  func piecesOfDamage(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let (rows, rowLength) = (150, 9)
    let codes = codes(.ternary, count: rows * rowLength, density: 0.1, seed: seed)
    let whole = try WeightCode.runs.encode(codes, rowLength: rowLength, alphabet: .ternary)
    for _ in 0..<300 {
      var bytes = whole
      bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      try bytes.withUnsafeBytes { bytes in
        let decoded = try? WeightCode.runs.decode(bytes, count: codes.count, rowLength: rowLength, alphabet: .ternary)
        var streamed: [Int8] = []
        let isWhole: Void? = try? WeightCode.runs.forEachRowGroup(
          bytes, count: codes.count, rowLength: rowLength, alphabet: .ternary
        ) { streamed += $1 }
        #expect((decoded == nil) == (isWhole == nil))
        if let decoded { #expect(streamed == decoded) }
      }
    }
  }

  @Test("Groups of runs decode alone, in any order")
  func runsStandAlone() throws {
    let (rows, rowLength) = (1_000, 1_201)
    let codes = codes(.ternary, count: rows * rowLength, density: 0.3, seed: 8)
    let bytes = try RunsANS.encode(codes, rowLength: rowLength)
    try bytes.withUnsafeBytes { bytes in
      try withUnsafeTemporaryAllocation(of: UInt32.self, capacity: RunsANS.tableCount) { table in
        let decoder = try RunsANS(bytes, count: codes.count, rowLength: rowLength, table: table)
        #expect(decoder.groupCount > 1)
        for group in (0..<decoder.groupCount).reversed() {
          let range = decoder.rows(ofGroup: group)
          var part = [Int8](repeating: 5, count: range.count * rowLength)
          try part.withUnsafeMutableBufferPointer { try decoder.decode(group: group, into: $0) }
          #expect(part == Array(codes[range.lowerBound * rowLength..<range.upperBound * rowLength]))
        }
      }
    }
  }

  private func smallest(_ codes: [Int8], _ alphabet: CodeAlphabet) throws -> WeightCode? {
    try WeightCode.best(codes, alphabet: alphabet)?.code
  }

  /// Bits a code, of its frequencies.
  private func entropy(_ codes: [Int8]) -> Double {
    let counts = Dictionary(codes.map { ($0, 1.0) }, uniquingKeysWith: +)
    return counts.values.reduce(0) { $0 - $1 * log2($1 / Double(codes.count)) } / Double(codes.count)
  }

  /// Random codes of which about `density` are not 0.
  private func codes(_ alphabet: CodeAlphabet, count: Int, density: Double = 1, seed: UInt64) -> [Int8] {
    var random = SplitMix64(seed: seed)
    let zero: Int8 = alphabet.contains(0) ? 0 : -1
    let others = (Int8.min...Int8.max).filter { alphabet.contains($0) && $0 != zero }
    return (0..<count).map { _ in
      Double(random.nextUnit()) < density ? others.randomElement(using: &random) ?? 0 : zero
    }
  }

  private func decode(
    _ bytes: [UInt8], _ code: WeightCode, _ alphabet: CodeAlphabet, count: Int, rowLength: Int? = nil
  ) throws -> [Int8] {
    try bytes.withUnsafeBytes { try code.decode($0, count: count, rowLength: rowLength, alphabet: alphabet) }
  }
}
