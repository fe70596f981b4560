/// Ternary codes as runs of zeros in a canonical Huffman code, each followed by the sign of the non-zero that ends it.
///
/// The symbol k in 0...15 is k zeros and a non-zero, whose sign follows (1 for −1); 16 is sixteen zeros or as many as
/// there are left. The 17 code lengths, 0 (does not occur) to 15, come first, in four bits each.
///
/// Codes are canonical: numbers that grow with length, and with the symbol among equal lengths. They are sent from
/// their highest bit, everything else from its lowest; the first bit is the lowest of a byte, those after the last are 0.
///
/// - Source: S. Han et al., *Deep Compression*, arXiv 1510.00149, sections 2 and 4.
public enum HuffmanGaps {
  static let symbolCount = 17
  static let escape = 16
  /// Codes that a byte stands for at most: eight escapes.
  static let codesPerByte = 128

  /// - Throws: `invalidCode` at the first code outside −1...1.
  public static func encode(_ codes: [Int8]) throws(CodingError) -> [UInt8] {
    if let index = codes.firstIndex(where: { !(-1...1).contains($0) }) { throw CodingError(.invalidCode, at: index) }
    guard !codes.isEmpty else { return [] }
    var counts = [Int](repeating: 0, count: symbolCount)
    forEachRun(in: codes) { symbol, _ in counts[symbol] += 1 }
    let lengths = lengths(counts)
    let reversed = reversedCodes(lengths)
    var writer = BitWriter()
    for length in lengths { writer.write(UInt32(length), count: 4) }
    forEachRun(in: codes) { symbol, end in
      writer.write(reversed[symbol], count: lengths[symbol])
      if symbol != escape { writer.write(codes[end] < 0 ? 1 : 0, count: 1) }
    }
    writer.align()
    return writer.bytes
  }

  /// Calls `body` with each symbol and the place of the non-zero that ends its run.
  private static func forEachRun(in codes: [Int8], _ body: (Int, Int) -> Void) {
    var run = 0
    for (index, code) in codes.enumerated() {
      if code != 0 {
        body(run, index)
        run = 0
      } else {
        run += 1
        if run == escape {
          body(escape, index)
          run = 0
        }
      }
    }
    if run > 0 { body(escape, codes.count) }
  }

  /// Huffman's code lengths, at most 15; a symbol alone has 1.
  private static func lengths(_ counts: [Int]) -> [Int] {
    var weights = counts
    while true {
      let lengths = unlimitedLengths(weights)
      if lengths.allSatisfy({ $0 <= 15 }) { return lengths }
      weights = weights.map { $0 == 0 ? 0 : $0 / 2 + 1 }
    }
  }

  private static func unlimitedLengths(_ counts: [Int]) -> [Int] {
    var lengths = [Int](repeating: 0, count: counts.count)
    var trees: [(count: Int, symbols: [Int])] = counts.indices.filter { counts[$0] > 0 }.map { (counts[$0], [$0]) }
    if trees.count == 1 { lengths[trees[0].symbols[0]] = 1 }
    while trees.count > 1 {
      // Stable among equals, so that the same counts give the same code.
      trees.sort { ($0.count, $0.symbols[0]) < ($1.count, $1.symbols[0]) }
      let (first, second) = (trees.removeFirst(), trees.removeFirst())
      for symbol in first.symbols + second.symbols { lengths[symbol] += 1 }
      trees.append((first.count + second.count, first.symbols + second.symbols))
    }
    return lengths
  }

  /// The canonical codes with their bits in the order of sending, from the lowest.
  private static func reversedCodes(_ lengths: [Int]) -> [UInt32] {
    var codes = [UInt32](repeating: 0, count: lengths.count)
    var next: UInt32 = 0
    for length in 1...15 {
      next <<= 1
      for symbol in lengths.indices where lengths[symbol] == length {
        for bit in 0..<length where next >> UInt32(bit) & 1 != 0 { codes[symbol] |= 1 << UInt32(length - 1 - bit) }
        next += 1
      }
    }
    return codes
  }
}

// MARK: - Decoding

extension HuffmanGaps {
  /// - Throws: `length` when there are more than 128 codes a byte, before anything is allocated; `invalidModel` when the
  ///   lengths are those of no code; `truncated`, `invalidStream`, `padding`.
  public static func decode(_ bytes: UnsafeRawBufferPointer, count: Int) throws(CodingError) -> [Int8] {
    guard count > 0 else {
      guard bytes.count == 0, count == 0 else { throw CodingError(.length(expected: 0, found: bytes.count), at: 0) }
      return []
    }
    guard bytes.count >= (count - 1) / codesPerByte + 1 else {
      throw CodingError(.length(expected: (count - 1) / codesPerByte + 1, found: bytes.count), at: 0)
    }
    var reader = BitReader(bytes)
    let table = try CanonicalCode(from: &reader)
    var codes = [Int8](repeating: 0, count: count)
    var failure: CodingError?
    codes.withUnsafeMutableBufferPointer { codes in
      do throws(CodingError) { try table.decode(from: &reader, into: codes) } catch { failure = error }
    }
    if let failure { throw failure }
    guard reader.position == bytes.count else {
      throw CodingError(.length(expected: reader.position, found: bytes.count), at: reader.position)
    }
    return codes
  }

  /// How many codes have each length, and the symbols in the order of their codes.
  private struct CanonicalCode {
    /// Numbers of codes of length 1...15, at their index.
    var counts = SIMD16<UInt8>()
    var symbols = SIMD32<UInt8>()

    init(from reader: inout BitReader) throws(CodingError) {
      var lengths = SIMD32<UInt8>()
      for symbol in 0..<symbolCount {
        lengths[symbol] = UInt8(truncatingIfNeeded: try reader.bits(4))
        if lengths[symbol] > 0 { counts[Int(lengths[symbol])] += 1 }
      }
      var (place, room) = (0, 1)
      for length in 1...15 {
        room = 2 * room - Int(counts[length])
        guard room >= 0 else { throw CodingError(.invalidModel, at: 0) }
        for symbol in 0..<symbolCount where lengths[symbol] == UInt8(length) {
          symbols[place] = UInt8(truncatingIfNeeded: symbol)
          place += 1
        }
      }
    }

    func decode(from reader: inout BitReader, into codes: UnsafeMutableBufferPointer<Int8>) throws(CodingError) {
      var index = 0
      while index < codes.count {
        let symbol = try self.symbol(from: &reader)
        index += symbol
        if symbol != escape {
          guard index < codes.count else { throw CodingError(.invalidStream, at: reader.position) }
          codes[index] = try reader.bits(1) == 0 ? 1 : -1
          index += 1
        }
      }
      try reader.align()
    }

    /// Walks the lengths: the codes of one length are consecutive numbers.
    private func symbol(from reader: inout BitReader) throws(CodingError) -> Int {
      var (code, first, place) = (0, 0, 0)
      for length in 1...15 {
        code = code << 1 | Int(try reader.bits(1))
        let count = Int(counts[length])
        if code - first < count { return Int(symbols[place + code - first]) }
        place += count
        first = (first + count) << 1
      }
      throw CodingError(.invalidStream, at: reader.position)
    }
  }
}
