import CCoding

/// How often each symbol comes after the ones before it: the static model of `InterleavedANS`.
///
/// Frequencies are in 1/4096. An alphabet of up to four symbols may have a table for each combination of the last one,
/// two or three symbols of the row (weights of a filter are alike); larger ones have a single table.
///
/// In a file a table is, for each symbol but the last, four bits with the bit width n of its frequency and then, if n
/// is above 1, its n − 1 bits below the highest; the last symbol has what is left of 4096.
struct SymbolModel {
  static let probabilityBits = 12
  static let total = 4_096
  /// The largest number of symbols that a context is made of.
  static let maxOrder = 3
  /// Entries that a decoder's tables take at most: 256 symbols, and 4,096 bytes to find them.
  static let tableCount = 256 + 1_024

  /// Symbols before, of which the context is made; 0...3.
  let order: Int
  let symbolCount: Int

  init(order: Int, symbolCount: Int) {
    self.order = order
    self.symbolCount = symbolCount
  }

  /// Entries of a table for one context: a power of two, so that contexts are bits.
  var stride: Int { symbolCount <= 4 ? 4 : 256 }
  var contextMask: Int { (1 << (2 * order)) - 1 }

  /// True when the two bits of each symbol in `context` are below the number of symbols.
  func isReachable(_ context: Int) -> Bool {
    for place in 0..<order where (context >> (2 * place)) & 3 >= symbolCount { return false }
    return true
  }

  static func supports(order: Int, symbolCount: Int) -> Bool {
    order == 0 || (order <= maxOrder && symbolCount <= 4)
  }
}

// MARK: - Reading

extension SymbolModel {
  /// Reads the tables into `tables`: an entry is `frequency << 16 | sum of those before`, by context and symbol.
  ///
  /// Behind the 256 entries, alphabets of more than four symbols have the symbol of each of the 4,096 sums, a byte each.
  ///
  /// - Throws: `truncated`; `invalidModel` when frequencies are above 4096 in sum.
  func read(
    from reader: inout BitReader, into tables: UnsafeMutableBufferPointer<UInt32>
  ) throws(CodingError) {
    for context in 0...contextMask where isReachable(context) {
      let first = context * stride
      var sum = 0
      for symbol in 0..<symbolCount {
        let frequency = symbol == symbolCount - 1 ? Self.total - sum : try frequency(from: &reader)
        guard frequency <= Self.total - sum else { throw CodingError(.invalidModel, at: reader.position) }
        tables[first + symbol] = UInt32(frequency) << 16 | UInt32(sum)
        sum += frequency
      }
      // Sums that no slot reaches.
      if symbolCount < 4 { for symbol in symbolCount..<4 { tables[first + symbol] = UInt32(Self.total) } }
    }
    try reader.align()
    if symbolCount > 4 { findSymbols(tables) }
  }

  /// Reads the only table into `places`, as `SymbolStream` wants it: an entry for each of the 4,096 places.
  ///
  /// - Throws: `truncated`; `invalidModel` when frequencies are above 4096 in sum.
  func read(
    from reader: inout BitReader, intoPlaces places: UnsafeMutableBufferPointer<UInt32>
  ) throws(CodingError) {
    precondition(places.count >= Self.total, "There is room for the places")
    var sum = 0
    for symbol in 0..<symbolCount {
      let frequency = symbol == symbolCount - 1 ? Self.total - sum : try frequency(from: &reader)
      guard frequency <= Self.total - sum else { throw CodingError(.invalidModel, at: reader.position) }
      // Sum and frequency are at most the number of places.
      dc_fill_entries(places.baseAddress.map { $0 + sum }, UInt32(frequency), UInt32(symbol))
      sum += frequency
    }
    try reader.align()
  }

  private func frequency(from reader: inout BitReader) throws(CodingError) -> Int {
    let width = Int(try reader.bits(4))
    guard width > 1 else { return width }
    return 1 << (width - 1) | Int(try reader.bits(width - 1))
  }

  private func findSymbols(_ tables: UnsafeMutableBufferPointer<UInt32>) {
    let symbols = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(tables)[1_024...])
    for symbol in 0..<symbolCount {
      let (frequency, sum) = (Int(tables[symbol] >> 16), Int(tables[symbol] & 0xFFFF))
      for slot in sum..<sum + frequency { symbols[slot] = UInt8(truncatingIfNeeded: symbol) }
    }
  }
}

// MARK: - Writing

extension SymbolModel {
  /// Frequencies of sum 4096 in the proportions of `counts`, at least 1 for a symbol that occurs.
  static func frequencies(_ counts: ArraySlice<Int>) -> [Int] {
    let sum = counts.reduce(0, +)
    var frequencies = [Int](repeating: 0, count: counts.count)
    guard sum > 0 else {
      frequencies[counts.count - 1] = total
      return frequencies
    }
    for (index, count) in counts.enumerated() where count > 0 {
      frequencies[index] = max(1, Int(Double(count) / Double(sum) * Double(total) + 0.5))
    }
    // What rounding leaves goes where it changes the length least: gain or loss is count / frequency.
    var rest = total - frequencies.reduce(0, +)
    while rest != 0 {
      let step = rest > 0 ? 1 : -1
      var best: (index: Int, cost: Double)?
      for (index, count) in counts.enumerated() where count > 0 && frequencies[index] + step >= 1 {
        let gain = Double(count) / (Double(frequencies[index]) + Double(step) / 2)
        let cost = step > 0 ? -gain : gain
        if best.map({ cost < $0.cost }) ?? true { best = (index, cost) }
      }
      guard let best else { break }
      frequencies[best.index] += step
      rest -= step
    }
    return frequencies
  }

  /// Frequencies by context and symbol, for symbol counts in contexts of three symbols.
  func frequencies(counts: [Int]) -> [Int] {
    var merged = [Int](repeating: 0, count: (contextMask + 1) * stride)
    for (index, count) in counts.enumerated() {
      merged[(index / stride & contextMask) * stride + index % stride] += count
    }
    var frequencies = [Int](repeating: 0, count: merged.count)
    for context in 0...contextMask where isReachable(context) {
      let first = context * stride
      let table = Self.frequencies(merged[first..<first + symbolCount])
      for symbol in 0..<symbolCount { frequencies[first + symbol] = table[symbol] }
    }
    return frequencies
  }

  /// Bytes that symbols so frequent take, about, with frequencies of sum 4096.
  static func byteCount(_ counts: [Int], _ frequencies: [Int]) -> Int {
    var bits = 0.0
    for (symbol, count) in counts.enumerated() where count > 0 {
      bits += Double(count) * (12 - log2(frequencies[symbol]))
    }
    return Int(bits / 8)
  }

  /// The logarithm of a positive number to 10⁻⁷, without a mathematical library.
  static func log2(_ value: Int) -> Double {
    let number = Double(value)
    var (mantissa, result, bit) = (number.significand, Double(number.exponent), 0.5)
    while bit > 1e-7 {
      mantissa *= mantissa
      if mantissa >= 2 {
        mantissa /= 2
        result += bit
      }
      bit /= 2
    }
    return result
  }

  /// Frequencies by symbol, of the only table.
  func write(ordered frequencies: [Int], to writer: inout BitWriter) {
    for frequency in frequencies.dropLast() { Self.write(frequency, to: &writer) }
    writer.align()
  }

  private static func write(_ frequency: Int, to writer: inout BitWriter) {
    let width = Int.bitWidth - frequency.leadingZeroBitCount
    writer.write(UInt32(width), count: 4)
    if width > 1 { writer.write(UInt32(frequency - 1 << (width - 1)), count: width - 1) }
  }

  func write(_ frequencies: [Int], to writer: inout BitWriter) {
    for context in 0...contextMask where isReachable(context) {
      for symbol in 0..<symbolCount - 1 {
        Self.write(frequencies[context * stride + symbol], to: &writer)
      }
    }
    writer.align()
  }
}
