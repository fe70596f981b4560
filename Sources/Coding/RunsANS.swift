import CCoding

/// Ternary codes as runs of zeros in asymmetric numeral systems: one step for each non-zero.
///
/// With the longest run m, symbol 2 g + s is g < m zeros and then +1, or −1 if s is 1; symbol 2 m is m zeros, or as many as
/// there are left in the group. Rows form groups that can be decoded alone; a run may reach over the end of a row.
///
///     head       byte: bits 0-1 lanes (0: 1, 1: 4, 2: 32), bit 3 groups
///     longest    byte: m, 1...127
///     model      frequencies of 2 m + 1 symbols, see SymbolModel; 0 bits to a whole byte
///     groups     see RowGroups: each a varint, the number of its symbols, and a SymbolStream
///
/// Independent weights come as close to their entropy as with a symbol for each weight, in a fraction of the steps.
public struct RunsANS {
  /// Entries of the table that `init` fills.
  public static let tableCount = SymbolStream.tableCount
  private static let longestRun = 127
  /// Symbols decoded at a time.
  private static let blockCount = 2_048

  private let groups: RowGroups
  private let laneCount: Int
  private let runs: dc_runs
  private let payload: UnsafeRawBufferPointer
  private let table: UnsafeMutableBufferPointer<UInt32>

  /// Reads the model and the sizes of the groups; the payload and `table` have to stay while this is used.
  ///
  /// - Parameters:
  ///   - payload: what `encode` made.
  ///   - count: codes in all.
  ///   - rowLength: codes in a row; `count` is a multiple.
  ///   - table: `tableCount` entries of any contents.
  /// - Throws: `length` when there are more than 256 codes a byte; `truncated`, `invalidModel`, `unsupportedAlphabet`.
  public init(
    _ payload: UnsafeRawBufferPointer, count: Int, rowLength: Int, table: UnsafeMutableBufferPointer<UInt32>
  ) throws(CodingError) {
    try RowGroups.check(payload, count: count, rowLength: rowLength)
    guard table.count >= Self.tableCount else { throw CodingError(.unsupportedAlphabet, at: 0) }
    var reader = ByteReader(payload)
    let head = try reader.byte()
    guard head & ~0x0B == 0, head & 3 != 3 else { throw CodingError(.invalidModel, at: 0) }
    laneCount = [1, 4, 32][Int(head & 3)]
    let longest = Int(try reader.byte())
    guard (1...Self.longestRun).contains(longest) else { throw CodingError(.invalidModel, at: 1) }
    var bits = BitReader(UnsafeRawBufferPointer(rebasing: payload[2...]))
    try SymbolModel(order: 0, symbolCount: 2 * longest + 1).read(from: &bits, intoPlaces: table)
    (self.payload, self.table) = (payload, table)
    var runs = dc_runs()
    dc_prepare_runs(&runs, UInt32(longest))
    self.runs = runs
    groups = try RowGroups(
      payload, at: 2 + bits.position, isGrouped: head & 8 != 0, count: count, rowLength: rowLength)
  }

  public var groupCount: Int { groups.groupCount }

  /// The rows of a group.
  public func rows(ofGroup group: Int) -> Range<Int> { groups.rows(ofGroup: group) }

  /// Decodes one group into `codes`, which has room for its rows.
  ///
  /// - Throws: `truncated`; `invalidStream`, `length`, `padding` unless the lanes end as an encoder starts, with the bytes.
  public func decode(group: Int, into codes: UnsafeMutableBufferPointer<Int8>) throws(CodingError) {
    try decode(group, try groups.range(ofGroup: group), into: codes)
  }

  /// Decodes everything into `codes`, one for each weight.
  public func decode(into codes: UnsafeMutableBufferPointer<Int8>) throws(CodingError) {
    precondition(codes.count == groups.rowCount * groups.rowLength, "There is room for exactly the codes")
    var index = try groups.index()
    for group in 0..<groupCount {
      let rows = rows(ofGroup: group)
      let places = rows.lowerBound * groups.rowLength..<rows.upperBound * groups.rowLength
      try decode(group, try index.next(), into: UnsafeMutableBufferPointer(rebasing: codes[places]))
    }
  }

  private func decode(
    _ group: Int, _ range: Range<Int>, into codes: UnsafeMutableBufferPointer<Int8>
  ) throws(CodingError) {
    let count = rows(ofGroup: group).count * groups.rowLength
    precondition(codes.count >= count, "There is room for a group")
    guard let base = codes.baseAddress else { return }
    base.update(repeating: 0, count: count)
    let (symbolCount, opened) = try open(range, count: count)
    var stream = opened
    var failure: CodingError?
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.blockCount) { block in
      do throws(CodingError) {
        try fill(base, count, symbolCount, from: &stream, block)
      } catch { failure = CodingError(error.problem, at: max(error.offset, range.lowerBound)) }
    }
    if let failure { throw failure }
    try groups.finish(group, at: try stream.finished(), in: range)
  }

  /// The number of symbols of a group of `count` codes, and their stream.
  private func open(
    _ range: Range<Int>, count: Int
  ) throws(CodingError) -> (symbolCount: Int, stream: SymbolStream) {
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: payload[range]))
    // Every symbol stands for a code at least.
    guard let symbolCount = Int(exactly: try reader.varint()), symbolCount <= count else {
      throw CodingError(.invalidStream, at: range.lowerBound)
    }
    let streamRange = range.lowerBound + reader.position..<range.upperBound
    return (symbolCount, try SymbolStream(payload, in: streamRange, lanes: laneCount, table: table))
  }

  /// Codes behind those of a piece that a buffer for pieces has room for.
  static let pieceSlack = Int(DC_LONGEST_RUN)

  /// Decodes one group some rows at a time into the front of `buffer`, which `body` sees with the rows' numbers.
  ///
  /// - Parameters:
  ///   - rowCount: rows of a piece; the last of the group may have fewer.
  ///   - buffer: room for the rows and `pieceSlack` more.
  /// - Throws: as `decode(group:into:)`; the pieces before were seen by then.
  func decode(
    group: Int, inPiecesOf rowCount: Int, buffer: UnsafeMutableBufferPointer<Int8>,
    _ body: (Range<Int>, UnsafeMutableBufferPointer<Int8>) -> Void
  ) throws(CodingError) {
    let (rows, range) = (rows(ofGroup: group), try groups.range(ofGroup: group))
    let (symbolCount, opened) = try open(range, count: rows.count * groups.rowLength)
    var stream = opened
    var failure: CodingError?
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.pieceBlockCount) { block in
      do throws(CodingError) {
        var symbols = PendingSymbols(block: block, left: symbolCount)
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: rowCount) {
          let piece = first..<min(first + rowCount, rows.upperBound)
          let count = piece.count * groups.rowLength
          precondition(buffer.count >= count + Self.pieceSlack, "There is room for a piece")
          try fill(buffer, count, from: &stream, &symbols)
          body(piece, UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        }
        // Only zeros may reach beyond the end.
        guard symbols.isEmpty, symbols.over == 0 || symbols.overCode == 0 else {
          throw CodingError(.invalidStream, at: 0)
        }
      } catch { failure = CodingError(error.problem, at: max(error.offset, range.lowerBound)) }
    }
    if let failure { throw failure }
    try groups.finish(group, at: try stream.finished(), in: range)
  }

  /// Symbols of pieces that are decoded at a time.
  private static let pieceBlockCount = 512

  /// Symbols of a group that no piece has used yet.
  private struct PendingSymbols {
    let block: UnsafeMutableBufferPointer<UInt8>
    /// Those that are decoded.
    var ready = 0..<0
    /// Those that are not.
    var left: Int
    /// Codes that the last run reaches into the next piece, and the last of them.
    var over = 0
    var overCode: Int8 = 0

    init(block: UnsafeMutableBufferPointer<UInt8>, left: Int) { (self.block, self.left) = (block, left) }

    var isEmpty: Bool { left == 0 && ready.isEmpty }
  }

  /// Writes the next `count` codes.
  private func fill(
    _ codes: UnsafeMutableBufferPointer<Int8>, _ count: Int, from stream: inout SymbolStream,
    _ symbols: inout PendingSymbols
  ) throws(CodingError) {
    guard let base = codes.baseAddress, let block = symbols.block.baseAddress else { return }
    base.update(repeating: 0, count: count + Self.pieceSlack)
    guard symbols.over <= count else {
      symbols.over -= count
      return
    }
    if symbols.over > 0 { base[symbols.over - 1] = symbols.overCode }
    var place = symbols.over
    while place < count {
      if symbols.ready.isEmpty {
        guard symbols.left > 0 else { throw CodingError(.invalidStream, at: 0) }
        let part = UnsafeMutableBufferPointer(rebasing: symbols.block[..<min(symbols.left, symbols.block.count)])
        try stream.decode(into: part)
        symbols.left -= part.count
        symbols.ready = 0..<part.count
      }
      let used = withUnsafePointer(to: runs) {
        dc_write_runs_until($0, block + symbols.ready.lowerBound, symbols.ready.count, base, &place, count)
      }
      symbols.ready = symbols.ready.lowerBound + used..<symbols.ready.upperBound
    }
    symbols.over = place - count
    symbols.overCode = symbols.over > 0 ? base[place - 1] : 0
  }

  private func fill(
    _ codes: UnsafeMutablePointer<Int8>, _ count: Int, _ symbolCount: Int, from stream: inout SymbolStream,
    _ block: UnsafeMutableBufferPointer<UInt8>
  ) throws(CodingError) {
    var (position, left) = (0, symbolCount)
    while left > 0 {
      let part = UnsafeMutableBufferPointer(rebasing: block[..<min(left, Self.blockCount)])
      try stream.decode(into: part)
      left -= part.count
      position = withUnsafePointer(to: runs) {
        dc_write_runs($0, part.baseAddress, part.count, codes, position, count)
      }
      // Only the very last run may be cut off.
      guard position < count || (position == count && left == 0) else { throw CodingError(.invalidStream, at: 0) }
    }
    guard position == count else { throw CodingError(.invalidStream, at: 0) }
  }

  /// All codes of a payload.
  ///
  /// - Throws: as `init` and `decode(into:)`; `length` before anything is allocated.
  public static func decode(
    _ payload: UnsafeRawBufferPointer, count: Int, rowLength: Int
  ) throws(CodingError) -> [Int8] {
    guard count > 0 else { return try InterleavedANS.noCodes(payload) }
    return try InterleavedANS.withTables { tables throws(CodingError) in
      let decoder = try RunsANS(payload, count: count, rowLength: rowLength, table: tables)
      return try InterleavedANS.array(count) { codes throws(CodingError) in try decoder.decode(into: codes) }
    }
  }
}

// MARK: - Encoding

extension RunsANS {
  private static let candidates = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 127]

  /// - Parameters:
  ///   - codes: in rows, one after the other.
  ///   - rowLength: codes in a row, at least 1; the number of codes is a multiple.
  ///   - preference: with `fast`, longer runs and more lanes take a few bytes more, and a fraction of the time where codes are few.
  /// - Throws: `invalidCode` at the first code outside −1...1; `unsupportedAlphabet`, also for no codes.
  public static func encode(
    _ codes: [Int8], rowLength: Int, preference: CodePreference = .balanced
  ) throws(CodingError) -> [UInt8] {
    guard !codes.isEmpty, rowLength > 0, codes.count % rowLength == 0 else {
      throw CodingError(.unsupportedAlphabet, at: 0)
    }
    if let index = codes.firstIndex(where: { !(-1...1).contains($0) }) { throw CodingError(.invalidCode, at: index) }
    let (longest, estimate) = bestRun(codes, preference)
    let lanes = SymbolStream.laneCount(estimate: estimate, preference)
    let rowCount = codes.count / rowLength
    let rowsPerGroup = RowGroups.rowsPerGroup(
      rowCount, lanes: 1, estimate: estimate, groupByteCount: SymbolStream.groupByteCount(lanes: lanes))
    let groups = stride(from: 0, to: rowCount, by: rowsPerGroup).map { first in
      symbols(codes[first * rowLength..<min(first + rowsPerGroup, rowCount) * rowLength], longest)
    }
    var counts = [Int](repeating: 0, count: 2 * longest + 1)
    for group in groups { for symbol in group { counts[Int(symbol)] += 1 } }
    let frequencies = SymbolModel.frequencies(counts[...])
    var (writer, bits) = (ByteWriter(), BitWriter())
    writer.byte((lanes == 32 ? 2 : lanes == 4 ? 1 : 0) | (groups.count > 1 ? 8 : 0))
    writer.byte(UInt8(longest))
    SymbolModel(order: 0, symbolCount: counts.count).write(ordered: frequencies, to: &bits)
    writer.append(bits.bytes)
    RowGroups.write(
      groups.map { symbols in
        var group = ByteWriter()
        group.varint(UInt64(symbols.count))
        group.append(SymbolStream.encode(symbols, lanes: lanes, frequencies: frequencies))
        return group.bytes
      }, rowsPerGroup: rowsPerGroup,
      count: codes.count, to: &writer)
    return writer.bytes
  }

  private static func symbols(_ codes: ArraySlice<Int8>, _ longest: Int) -> [UInt8] {
    var symbols: [UInt8] = []
    var run = 0
    for code in codes {
      if code != 0 {
        symbols.append(UInt8(2 * run + (code < 0 ? 1 : 0)))
        run = 0
      } else {
        run += 1
        if run == longest {
          symbols.append(UInt8(2 * longest))
          run = 0
        }
      }
    }
    if run > 0 { symbols.append(UInt8(2 * longest)) }
    return symbols
  }

  /// The longest run with which the codes are shortest, or a longer one that takes little more: it takes fewer steps. And
  /// how many bytes they take, about.
  private static func bestRun(_ codes: [Int8], _ preference: CodePreference) -> (longest: Int, byteCount: Int) {
    // Runs by length and sign; what is longer counts as several.
    var counts = [Int](repeating: 0, count: 2 * longestRun + 1)
    for symbol in symbols(codes[...], longestRun) { counts[Int(symbol)] += 1 }
    let sizes = candidates.map { longest in
      var merged = [Int](repeating: 0, count: 2 * longest + 1)
      for (symbol, count) in counts.enumerated() where count > 0 {
        merged[2 * longest] += symbol / 2 / longest * count
        if symbol < 2 * longestRun { merged[symbol / 2 % longest * 2 + symbol % 2] += count }
      }
      let frequencies = SymbolModel.frequencies(merged[...])
      var bits = BitWriter()
      SymbolModel(order: 0, symbolCount: merged.count).write(ordered: frequencies, to: &bits)
      return bits.bytes.count + SymbolModel.byteCount(merged, frequencies)
    }
    let smallest = sizes.min() ?? 0
    let most = smallest + smallest / (preference == .fast ? 16 : 256)
    let best = sizes.lastIndex { $0 <= most } ?? 0
    return (candidates[best], sizes[best])
  }
}
