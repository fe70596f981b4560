import CCoding

/// Codes of any alphabet in about as many bits as their entropy: asymmetric numeral systems with static models.
///
/// Large payloads without contexts have 32 lanes, which decode one code after the other in turn (`SymbolStream`). Else one or
/// four lanes, each a 32-bit state, decode the rows of weights side by side. Rows form groups that can be decoded alone.
/// The decoder needs tables of 16 KB at most and asks for no memory of its own.
///
///     head       byte: bits 0-1 symbols in a context, bit 2 four lanes, bit 3 groups, bit 4 32 lanes in turn
///     model      see SymbolModel; 0 bits to a whole byte
///     groups     see RowGroups: each a state of 4 bytes per lane, words of 2 bytes
///
/// - Source: J. Duda, *Asymmetric numeral systems*, arXiv 1311.2540; F. Giesen, *Interleaved entropy coders*,
///   arXiv 1402.3392.
public struct InterleavedANS {
  /// The smallest state, with which an encoder starts and a decoder ends.
  static let lowest: UInt32 = 1 << 16
  /// Entries of the tables that `init` fills.
  public static let tableCount = max(SymbolModel.tableCount, SymbolStream.tableCount)
  static let turnFlag: UInt8 = 16

  public let alphabet: CodeAlphabet
  public let rowLength: Int
  let laneCount: Int
  private let model: SymbolModel
  private let groups: RowGroups
  private let payload: UnsafeRawBufferPointer
  private let tables: UnsafeMutableBufferPointer<UInt32>

  /// Reads the model and the sizes of the groups; the payload and `tables` have to stay while this is used.
  ///
  /// - Parameters:
  ///   - payload: what `encode` made.
  ///   - count: codes in all.
  ///   - rowLength: codes in a row; `count` is a multiple.
  ///   - alphabet: the codes that may occur.
  ///   - tables: `tableCount` entries of any contents.
  /// - Throws: `length` when there are more than 256 codes a byte; `truncated`, `invalidModel`, `unsupportedAlphabet`.
  public init(
    _ payload: UnsafeRawBufferPointer, count: Int, rowLength: Int, alphabet: CodeAlphabet,
    tables: UnsafeMutableBufferPointer<UInt32>
  ) throws(CodingError) {
    guard alphabet.isValid, tables.count >= Self.tableCount else { throw CodingError(.unsupportedAlphabet, at: 0) }
    try RowGroups.check(payload, count: count, rowLength: rowLength)
    let head = payload[0]
    let takesTurns = head & Self.turnFlag != 0
    model = SymbolModel(order: Int(head & 3), symbolCount: alphabet.symbolCount)
    guard head & 0xE0 == 0, SymbolModel.supports(order: model.order, symbolCount: model.symbolCount),
      !takesTurns || head & 7 == 0
    else { throw CodingError(.invalidModel, at: 0) }
    var bits = BitReader(UnsafeRawBufferPointer(rebasing: payload[1...]))
    if takesTurns {
      try model.read(from: &bits, intoPlaces: tables)
    } else {
      try model.read(from: &bits, into: tables)
    }
    (self.payload, self.tables, self.alphabet, self.rowLength) = (payload, tables, alphabet, rowLength)
    laneCount = takesTurns ? 32 : head & 4 == 0 ? 1 : 4
    groups = try RowGroups(
      payload, at: 1 + bits.position, isGrouped: head & 8 != 0, count: count, rowLength: rowLength)
  }

  public var rowCount: Int { groups.rowCount }
  /// Rows in a group; the last group may have fewer.
  public var rowsPerGroup: Int { groups.rowsPerGroup }
  public var groupCount: Int { groups.groupCount }

  /// The rows of a group.
  public func rows(ofGroup group: Int) -> Range<Int> { groups.rows(ofGroup: group) }

  /// Decodes one group into `codes`, which has room for its rows.
  ///
  /// - Throws: `truncated`; `invalidStream` unless the lanes end as an encoder starts.
  /// - Complexity: O(*codes*) after a walk over the index.
  public func decode(group: Int, into codes: UnsafeMutableBufferPointer<Int8>) throws(CodingError) {
    try decode(group, try groups.range(ofGroup: group), into: codes)
  }

  /// Decodes everything into `codes`, `rowCount · rowLength` of them.
  public func decode(into codes: UnsafeMutableBufferPointer<Int8>) throws(CodingError) {
    precondition(codes.count == rowCount * rowLength, "There is room for exactly the codes")
    var index = try groups.index()
    for group in 0..<groupCount {
      let rows = rows(ofGroup: group)
      let places = rows.lowerBound * rowLength..<rows.upperBound * rowLength
      try decode(group, try index.next(), into: UnsafeMutableBufferPointer(rebasing: codes[places]))
    }
  }

  private func decode(
    _ group: Int, _ range: Range<Int>, into codes: UnsafeMutableBufferPointer<Int8>
  ) throws(CodingError) {
    let rows = rows(ofGroup: group).count
    precondition(codes.count >= rows * rowLength, "There is room for a group")
    let part = UnsafeMutableBufferPointer(rebasing: codes[..<(rows * rowLength)])
    let end = try laneCount == 32 ? decodeInTurn(range, into: part) : decode(rows, in: range, into: part)
    try groups.finish(group, at: end, in: range)
  }

  /// One code after the other.
  ///
  /// - Returns: where the group ends.
  private func decodeInTurn(
    _ range: Range<Int>, into codes: UnsafeMutableBufferPointer<Int8>
  ) throws(CodingError) -> Int {
    var stream = try SymbolStream(payload, in: range, lanes: laneCount, table: tables)
    // Symbols of 8 bits in two's complement are the codes.
    try stream.decode(into: codes.withMemoryRebound(to: UInt8.self) { $0 })
    if alphabet != .signed(bitWidth: 8) {
      for index in codes.indices { codes[index] = alphabet.code(Int(codes[index]) & 255) }
    }
    return try stream.finished()
  }

  /// Rows side by side.
  ///
  /// - Returns: where the group ends.
  private func decode(
    _ rows: Int, in range: Range<Int>, into codes: UnsafeMutableBufferPointer<Int8>
  ) throws(CodingError) -> Int {
    let (start, end) = (range.lowerBound, range.upperBound)
    guard range.count >= 4 * laneCount else {
      throw CodingError(.truncated(needed: 4 * laneCount, available: range.count), at: start)
    }
    var states = SIMD4<UInt32>(repeating: Self.lowest)
    for lane in 0..<laneCount {
      states[lane] = UInt32(littleEndian: payload.loadUnaligned(fromByteOffset: start + 4 * lane, as: UInt32.self))
      guard states[lane] >= Self.lowest else { throw CodingError(.invalidStream, at: start + 4 * lane) }
    }
    var position = start + 4 * laneCount
    var row = 0
    while row < rows {
      let lanes = min(laneCount, rows - row)
      let part = UnsafeMutableBufferPointer(rebasing: codes[row * rowLength..<(row + lanes) * rowLength])
      guard
        let next =
          model.symbolCount <= 4
          ? decodeSmall(lanes, &states, from: position, to: end, into: part)
          : decodeLarge(lanes, &states, from: position, to: end, into: part)
      else { throw CodingError(.truncated(needed: 2, available: 0), at: end) }
      position = next
      row += lanes
    }
    guard states == SIMD4(repeating: Self.lowest) else { throw CodingError(.invalidStream, at: start) }
    return position
  }
}

// MARK: - The inner loops

extension InterleavedANS {
  /// Two to four symbols, in contexts.
  ///
  /// - Returns: where the next word starts, or nil when there are too few.
  private func decodeSmall(
    _ lanes: Int, _ states: inout SIMD4<UInt32>, from first: Int, to end: Int,
    into codes: UnsafeMutableBufferPointer<Int8>
  ) -> Int? {
    guard let base = codes.baseAddress, let words = payload.baseAddress, let tables = UnsafePointer(tables.baseAddress)
    else { return nil }
    let coding = SmallSymbols(
      tables: tables, mask: UInt32(truncatingIfNeeded: model.contextMask), alphabet: alphabet)
    let length = rowLength
    var (position, column) = (first, 0)
    var contexts = SIMD4<UInt32>()
    if lanes == 4 {
      var (a, b, c, d) = (states[0], states[1], states[2], states[3])
      var (ca, cb, cc, cd): (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
      while column < length && position <= end - 8 {
        base[column] = coding.next(&a, &ca, words, &position)
        base[column + length] = coding.next(&b, &cb, words, &position)
        base[column + 2 * length] = coding.next(&c, &cc, words, &position)
        base[column + 3 * length] = coding.next(&d, &cd, words, &position)
        column += 1
      }
      states = SIMD4(a, b, c, d)
      contexts = SIMD4(ca, cb, cc, cd)
    }
    while column < length {
      for lane in 0..<lanes {
        let code = coding.symbol(&states[lane], &contexts[lane])
        guard refill(&states[lane], words, &position, end) else { return nil }
        base[column + lane * length] = code
      }
      column += 1
    }
    return position
  }

  /// More than four symbols: one table, and the symbol of each sum.
  private func decodeLarge(
    _ lanes: Int, _ states: inout SIMD4<UInt32>, from first: Int, to end: Int,
    into codes: UnsafeMutableBufferPointer<Int8>
  ) -> Int? {
    guard let base = codes.baseAddress, let words = payload.baseAddress, let tables = UnsafePointer(tables.baseAddress)
    else { return nil }
    let coding = LargeSymbols(tables: tables, alphabet: alphabet)
    let length = rowLength
    var (position, column) = (first, 0)
    if lanes == 4 {
      var (a, b, c, d) = (states[0], states[1], states[2], states[3])
      while column < length && position <= end - 8 {
        base[column] = coding.next(&a, words, &position)
        base[column + length] = coding.next(&b, words, &position)
        base[column + 2 * length] = coding.next(&c, words, &position)
        base[column + 3 * length] = coding.next(&d, words, &position)
        column += 1
      }
      states = SIMD4(a, b, c, d)
    }
    while column < length {
      for lane in 0..<lanes {
        let code = coding.symbol(&states[lane])
        guard refill(&states[lane], words, &position, end) else { return nil }
        base[column + lane * length] = code
      }
      column += 1
    }
    return position
  }

  /// Takes a word into a state below the smallest; false when there is none.
  private func refill(
    _ state: inout UInt32, _ words: UnsafeRawPointer, _ position: inout Int, _ end: Int
  ) -> Bool {
    guard state < Self.lowest else { return true }
    guard position <= end - 2 else { return false }
    Self.take(&state, words, &position)
    return true
  }

  /// Takes a word into a state below the smallest, without a branch; there have to be two bytes more.
  @inline(__always)
  fileprivate static func take(_ state: inout UInt32, _ words: UnsafeRawPointer, _ position: inout Int) {
    let word = UInt32(UInt16(littleEndian: words.loadUnaligned(fromByteOffset: position, as: UInt16.self)))
    let isLow = state < lowest
    state = isLow ? state &<< 16 | word : state
    position &+= isLow ? 2 : 0
  }
}

/// Decodes one of up to four symbols.
private struct SmallSymbols {
  let tables: UnsafePointer<UInt32>
  let mask: UInt32
  /// The codes of the four symbols, a byte each.
  let codes: UInt32

  init(tables: UnsafePointer<UInt32>, mask: UInt32, alphabet: CodeAlphabet) {
    (self.tables, self.mask) = (tables, mask)
    var codes: UInt32 = 0
    for symbol in 0..<min(alphabet.symbolCount, 4) {
      codes |= UInt32(UInt8(bitPattern: alphabet.code(symbol))) << UInt32(8 * symbol)
    }
    self.codes = codes
  }

  @inline(__always)
  func symbol(_ state: inout UInt32, _ context: inout UInt32) -> Int8 {
    let table = tables + Int(context &<< 2)
    let slot = state & 4_095
    var symbol: UInt32 = slot >= table[1] & 0xFFFF ? 1 : 0
    symbol &+= slot >= table[2] & 0xFFFF ? 1 : 0
    symbol &+= slot >= table[3] & 0xFFFF ? 1 : 0
    let entry = table[Int(symbol)]
    state = (entry &>> 16) &* (state &>> 12) &+ slot &- (entry & 0xFFFF)
    context = (context &<< 2 | symbol) & mask
    return Int8(truncatingIfNeeded: codes &>> (symbol &<< 3))
  }

  @inline(__always)
  func next(
    _ state: inout UInt32, _ context: inout UInt32, _ words: UnsafeRawPointer, _ position: inout Int
  ) -> Int8 {
    let code = symbol(&state, &context)
    InterleavedANS.take(&state, words, &position)
    return code
  }
}

/// Decodes one of up to 256 symbols.
private struct LargeSymbols {
  let tables: UnsafePointer<UInt32>
  let symbols: UnsafeRawPointer
  /// A code is `(symbol ^ flip) − flip`.
  let flip: Int

  init(tables: UnsafePointer<UInt32>, alphabet: CodeAlphabet) {
    self.tables = tables
    symbols = UnsafeRawPointer(tables) + 1_024
    if case .signed(let bitWidth) = alphabet { flip = 1 << (bitWidth - 1) } else { flip = 0 }
  }

  @inline(__always)
  func symbol(_ state: inout UInt32) -> Int8 {
    let slot = state & 4_095
    let symbol = Int(symbols.load(fromByteOffset: Int(slot), as: UInt8.self))
    let entry = tables[symbol]
    state = (entry &>> 16) &* (state &>> 12) &+ slot &- (entry & 0xFFFF)
    return Int8(truncatingIfNeeded: (symbol ^ flip) &- flip)
  }

  @inline(__always)
  func next(_ state: inout UInt32, _ words: UnsafeRawPointer, _ position: inout Int) -> Int8 {
    let code = symbol(&state)
    InterleavedANS.take(&state, words, &position)
    return code
  }
}

// MARK: - Everything at once

extension InterleavedANS {
  /// All codes of a payload.
  ///
  /// - Throws: as `init` and `decode(into:)`; `length` before anything is allocated.
  public static func decode(
    _ payload: UnsafeRawBufferPointer, count: Int, rowLength: Int, alphabet: CodeAlphabet
  ) throws(CodingError) -> [Int8] {
    guard count > 0 else { return try noCodes(payload) }
    return try withTables { tables throws(CodingError) in
      let decoder = try InterleavedANS(
        payload, count: count, rowLength: rowLength, alphabet: alphabet, tables: tables)
      return try array(count) { codes throws(CodingError) in try decoder.decode(into: codes) }
    }
  }

  /// Calls `body` with `tableCount` entries of any contents.
  static func withTables<Result>(
    _ body: (UnsafeMutableBufferPointer<UInt32>) throws(CodingError) -> Result
  ) throws(CodingError) -> Result {
    var result: Swift.Result<Result, CodingError>?
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: tableCount) { tables in
      do throws(CodingError) { result = .success(try body(tables)) } catch { result = .failure(error) }
    }
    guard let result else { throw CodingError(.invalidModel, at: 0) }
    return try result.get()
  }

  /// What a payload without codes decodes to.
  ///
  /// - Throws: `length` when it has bytes.
  static func noCodes(_ payload: UnsafeRawBufferPointer) throws(CodingError) -> [Int8] {
    guard payload.count == 0 else { throw CodingError(.length(expected: 0, found: payload.count), at: 0) }
    return []
  }

  /// An array of `count` codes that `fill` sets.
  static func array(
    _ count: Int, _ fill: (UnsafeMutableBufferPointer<Int8>) throws(CodingError) -> Void
  ) throws(CodingError) -> [Int8] {
    var failure: CodingError?
    let codes = [Int8](unsafeUninitializedCapacity: count) { codes, initialized in
      let codes = UnsafeMutableBufferPointer(rebasing: codes[..<count])
      dc_advise_large_pages(codes.baseAddress, count)
      do throws(CodingError) { try fill(codes) } catch { failure = error }
      initialized = failure == nil ? count : 0
    }
    if let failure { throw failure }
    return codes
  }
}
