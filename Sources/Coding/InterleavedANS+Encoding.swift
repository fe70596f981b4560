extension InterleavedANS {
  /// Share of the bytes without contexts that contexts save at least where they keep 32 lanes from decoding fast.
  private static let contextGain = 1.0 / 200

  /// The codes in the contexts that make them shortest.
  ///
  /// - Parameters:
  ///   - codes: in rows, one after the other.
  ///   - rowLength: codes in a row, at least 1; the number of codes is a multiple.
  ///   - alphabet: the codes that may occur.
  /// - Throws: `invalidCode` at the first code outside the alphabet; `unsupportedAlphabet`, also for no codes.
  public static func encode(
    _ codes: [Int8], rowLength: Int, alphabet: CodeAlphabet
  ) throws(CodingError) -> [UInt8] {
    guard alphabet.isValid, !codes.isEmpty, rowLength > 0, codes.count % rowLength == 0 else {
      throw CodingError(.unsupportedAlphabet, at: 0)
    }
    if let index = codes.firstIndex(where: { !alphabet.contains($0) }) { throw CodingError(.invalidCode, at: index) }
    let encoder = Encoder(codes.map { UInt8(truncatingIfNeeded: alphabet.symbol($0)) }, rowLength, alphabet)
    return encoder.payload()
  }

  private struct Encoder {
    let symbols: [UInt8]
    let rowLength: Int
    let model: SymbolModel
    let frequencies: [Int]
    /// Sums of the frequencies before, by context and symbol.
    let sums: [Int]
    /// Bytes of the words, about.
    let estimate: Int

    init(_ symbols: [UInt8], _ rowLength: Int, _ alphabet: CodeAlphabet) {
      let counts = Self.counts(symbols, rowLength, symbolCount: alphabet.symbolCount)
      var best: (model: SymbolModel, frequencies: [Int], words: Int, total: Int)?
      var gain = 0
      for order in 0...SymbolModel.maxOrder {
        guard SymbolModel.supports(order: order, symbolCount: alphabet.symbolCount) else { continue }
        let model = SymbolModel(order: order, symbolCount: alphabet.symbolCount)
        let frequencies = model.frequencies(counts: counts)
        var writer = BitWriter()
        model.write(frequencies, to: &writer)
        let words = Self.byteCount(counts, model, frequencies)
        let total = words + writer.bytes.count
        if best.map({ total < $0.total - gain }) ?? true { best = (model, frequencies, words, total) }
        gain =
          best?.model.order == 0 && SymbolStream.laneCount(estimate: words) == 32
          ? Int(contextGain * Double(total)) : 0
      }
      (self.symbols, self.rowLength) = (symbols, rowLength)
      model = best?.model ?? SymbolModel(order: 0, symbolCount: alphabet.symbolCount)
      frequencies = best?.frequencies ?? []
      estimate = best?.words ?? 0
      var sums = frequencies
      for index in sums.indices {
        sums[index] = index % model.stride == 0 ? 0 : sums[index - 1] + frequencies[index - 1]
      }
      self.sums = sums
    }

    /// How often symbols occur, by the three symbols before in their row and the symbol.
    private static func counts(_ symbols: [UInt8], _ rowLength: Int, symbolCount: Int) -> [Int] {
      var counts = [Int](repeating: 0, count: 256)
      guard symbolCount <= 4 else {
        for symbol in symbols { counts[Int(symbol)] += 1 }
        return counts
      }
      for start in stride(from: 0, to: symbols.count, by: rowLength) {
        var context = 0
        for index in start..<start + rowLength {
          counts[context << 2 | Int(symbols[index])] += 1
          context = (context << 2 | Int(symbols[index])) & 63
        }
      }
      return counts
    }

    /// Bytes that symbols so frequent take in the model.
    private static func byteCount(_ counts: [Int], _ model: SymbolModel, _ frequencies: [Int]) -> Int {
      var bits = 0.0
      for (index, count) in counts.enumerated() where count > 0 {
        let frequency = frequencies[(index / model.stride & model.contextMask) * model.stride + index % model.stride]
        bits += Double(count) * (12 - SymbolModel.log2(frequency))
      }
      return Int(bits / 8)
    }

    func payload() -> [UInt8] {
      let rowCount = symbols.count / rowLength
      let wanted = SymbolStream.laneCount(estimate: estimate)
      let takesTurns = wanted == 32 && model.order == 0
      let lanes = takesTurns ? 32 : rowCount >= 4 ? min(wanted, 4) : 1
      let rowsPerGroup = RowGroups.rowsPerGroup(
        rowCount, lanes: takesTurns ? 1 : lanes, estimate: estimate,
        groupByteCount: SymbolStream.groupByteCount(lanes: lanes))
      let groups = stride(from: 0, to: rowCount, by: rowsPerGroup).map { first in
        let rows = first..<min(first + rowsPerGroup, rowCount)
        return takesTurns
          ? SymbolStream.encode(
            symbols[rows.lowerBound * rowLength..<rows.upperBound * rowLength], lanes: lanes, frequencies: frequencies)
          : group(rows: rows, lanes: lanes)
      }
      var writer = ByteWriter()
      let lanesFlag: UInt8 = takesTurns ? turnFlag : lanes == 4 ? 4 : 0
      writer.byte(UInt8(model.order) | lanesFlag | (groups.count > 1 ? 8 : 0))
      var bits = BitWriter()
      model.write(frequencies, to: &bits)
      writer.append(bits.bytes)
      RowGroups.write(groups, rowsPerGroup: rowsPerGroup, count: symbols.count, to: &writer)
      return writer.bytes
    }

    /// States and words of some rows: encoded from the last symbol to the first.
    private func group(rows: Range<Int>, lanes: Int) -> [UInt8] {
      var states = [UInt64](repeating: UInt64(lowest), count: lanes)
      var words: [UInt16] = []
      let bands = stride(from: rows.lowerBound, to: rows.upperBound, by: lanes)
      symbols.withUnsafeBufferPointer { symbols in
        for first in bands.reversed() {
          let count = min(lanes, rows.upperBound - first)
          for column in stride(from: rowLength - 1, through: 0, by: -1) {
            for lane in stride(from: count - 1, through: 0, by: -1) {
              let start = (first + lane) * rowLength
              let index = context(symbols, start, column) * model.stride + Int(symbols[start + column])
              push(UInt64(frequencies[index]), UInt64(sums[index]), &states[lane], &words)
            }
          }
        }
      }
      var writer = ByteWriter()
      for state in states { writer.uint32(UInt32(truncatingIfNeeded: state)) }
      for word in words.reversed() { writer.uint16(word) }
      return writer.bytes
    }

    private func context(_ symbols: UnsafeBufferPointer<UInt8>, _ start: Int, _ column: Int) -> Int {
      var context = 0
      for distance in 1...SymbolModel.maxOrder where distance <= model.order && distance <= column {
        context |= Int(symbols[start + column - distance]) << (2 * (distance - 1))
      }
      return context
    }

    private func push(_ frequency: UInt64, _ sum: UInt64, _ state: inout UInt64, _ words: inout [UInt16]) {
      if state >= frequency << 20 {
        words.append(UInt16(truncatingIfNeeded: state))
        state >>= 16
      }
      state = (state / frequency) << 12 + state % frequency + sum
    }
  }
}
