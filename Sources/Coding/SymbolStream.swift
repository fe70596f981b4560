import CCoding

/// Symbols of a static model in interleaved asymmetric numeral systems whose lanes take turns.
///
/// 1, 4 or 32 states decode the symbols 0, 1, 2, ... one after the other from one stream of 16-bit words; 32 of them fill two
/// vectors of AVX-512. A stream starts with the states, 4 bytes each, at least 2^16; all end at 2^16.
///
/// - Source: F. Giesen, *Interleaved entropy coders*, arXiv 1402.3392.
struct SymbolStream {
  /// The state with which an encoder starts.
  static let lowest: UInt64 = 1 << 16
  /// Entries of the table of a model: one for each place of a frequency.
  static let tableCount = SymbolModel.total
  /// Bytes that pay for the states of four and of 32 lanes.
  private static let lanesByteCount = (four: 1_024, all: 32_768)
  /// The same where codes have to be fast.
  private static let fastByteCount = (four: 128, all: 1_024)

  private var stream = dc_symbol_stream()
  private let bytes: UnsafeRawBufferPointer
  private let range: Range<Int>
  private let table: UnsafePointer<UInt32>

  /// - Parameters:
  ///   - range: of `bytes`, where the stream lies.
  ///   - table: as `SymbolModel.read(from:intoPlaces:)` fills it.
  /// - Throws: `truncated`, also when a state is too small.
  init(
    _ bytes: UnsafeRawBufferPointer, in range: Range<Int>, lanes: Int, table: UnsafeMutableBufferPointer<UInt32>
  ) throws(CodingError) {
    guard let start = bytes.baseAddress, let entries = table.baseAddress, table.count >= Self.tableCount else {
      throw CodingError(.invalidModel, at: 0)
    }
    (self.bytes, self.range, self.table) = (bytes, range, UnsafePointer(entries))
    let first = (start + range.lowerBound).assumingMemoryBound(to: UInt8.self)
    guard dc_begin_symbols(&stream, Int32(lanes), first, range.count) != 0 else {
      throw CodingError(.truncated(needed: 4 * lanes, available: range.count), at: range.lowerBound)
    }
  }

  /// Decodes as many symbols as `symbols` has room for.
  ///
  /// - Throws: `truncated`.
  mutating func decode(into symbols: UnsafeMutableBufferPointer<UInt8>) throws(CodingError) {
    guard let start = symbols.baseAddress else { return }
    guard dc_decode_symbols(&stream, table, start, symbols.count) == symbols.count else {
      throw CodingError(.truncated(needed: 2, available: 0), at: range.upperBound)
    }
  }

  /// The place in the bytes where the stream ends.
  ///
  /// - Throws: `invalidStream` unless the lanes end as an encoder starts.
  func finished() throws(CodingError) -> Int {
    guard withUnsafePointer(to: stream, { dc_symbols_are_over($0) }) != 0, let words = stream.words,
      let start = bytes.baseAddress
    else {
      throw CodingError(.invalidStream, at: range.lowerBound)
    }
    return UnsafeRawPointer(words) - start
  }
}

// MARK: - Writing

extension SymbolStream {
  /// 1, 4 or 32, for a payload of about `estimate` bytes.
  static func laneCount(estimate: Int, _ preference: CodePreference = .balanced) -> Int {
    let least = preference == .fast ? fastByteCount : lanesByteCount
    return estimate >= least.all ? 32 : estimate >= least.four ? 4 : 1
  }

  /// Bytes of a group that pay for the states of its lanes.
  static func groupByteCount(lanes: Int) -> Int { lanes == 32 ? 65_536 : 4_096 }

  /// Encodes from the last symbol to the first.
  ///
  /// - Parameter frequencies: by symbol, above 0 for those that occur, 4096 in sum.
  static func encode(_ symbols: some BidirectionalCollection<UInt8>, lanes: Int, frequencies: [Int]) -> [UInt8] {
    var sums = [0]
    for frequency in frequencies { sums.append(sums[sums.count - 1] + frequency) }
    var states = [UInt64](repeating: lowest, count: lanes)
    var words: [UInt16] = []
    var lane = symbols.count % lanes
    for symbol in symbols.reversed() {
      lane = lane == 0 ? lanes - 1 : lane - 1
      let frequency = UInt64(frequencies[Int(symbol)])
      if states[lane] >= frequency << 20 {
        words.append(UInt16(truncatingIfNeeded: states[lane]))
        states[lane] >>= 16
      }
      states[lane] = (states[lane] / frequency) << 12 + states[lane] % frequency + UInt64(sums[Int(symbol)])
    }
    var writer = ByteWriter()
    for state in states { writer.uint32(UInt32(truncatingIfNeeded: state)) }
    for word in words.reversed() { writer.uint16(word) }
    return writer.bytes
  }
}
