/// The ways in which a tensor of weight codes becomes bytes: the list that the file format, the tests and the
/// documentation read.
///
/// The raw value is the byte that names the code in a file. Where the length depends on the weights, a file has it after
/// that byte.
public enum WeightCode: UInt8, CaseIterable, Hashable, Sendable {
  /// Every code in its alphabet's bits: `PackedBits`.
  case raw = 1
  /// Five ternary codes a byte: `PackedTrits`.
  case trits = 2
  /// A bit for each ternary code and one for each sign: `SignedBitmap`.
  case bitmap = 3
  /// Runs of zeros in Huffman codes, with signs: `HuffmanGaps`.
  case gaps = 4
  /// Asymmetric numeral systems, for all alphabets: `InterleavedANS`.
  case rans = 5
  /// Runs of zeros in asymmetric numeral systems, a step for each non-zero: `RunsANS`.
  case runs = 6
  /// A table of levels and their numbers in asymmetric numeral systems: `Codebook`.
  case codebook = 7
  /// Bit by bit, with learned probabilities: `MixedContexts`. The smallest and the slowest.
  case mixed = 8

  /// The name in tables and messages.
  public var name: String {
    switch self {
    case .raw: "raw"
    case .trits: "trits"
    case .bitmap: "bitmap"
    case .gaps: "gaps"
    case .rans: "rans"
    case .runs: "runs"
    case .codebook: "codebook"
    case .mixed: "mixed"
    }
  }

  /// True if it can hold codes of this alphabet.
  public func supports(_ alphabet: CodeAlphabet) -> Bool {
    switch self {
    case .raw, .rans: alphabet.isValid
    case .trits, .bitmap, .gaps, .runs, .mixed: alphabet == .ternary
    // Below four bits the table gains nothing.
    case .codebook: alphabet.isValid && alphabet != .binary && alphabet.bitWidth >= 4
    }
  }

  /// True if the number of codes gives the number of bytes.
  public var hasFixedLength: Bool {
    switch self {
    case .raw, .trits: true
    case .bitmap, .gaps, .rans, .runs, .codebook, .mixed: false
    }
  }

  /// Bytes that `count` codes take; nil when that depends on them, when this code cannot hold the alphabet, or when the
  /// count overflows.
  public func byteCount(count: Int, alphabet: CodeAlphabet) -> Int? {
    switch self {
    case .raw: PackedBits.byteCount(count: count, alphabet: alphabet)
    case .trits: alphabet == .ternary ? PackedTrits.byteCount(count: count) : nil
    case .bitmap, .gaps, .rans, .runs, .codebook, .mixed: nil
    }
  }

  /// - Parameters:
  ///   - codes: in rows, one after the other.
  ///   - rowLength: codes in a row of weights (those of one output), of which there is a whole number; it matters to
  ///     `rans` and `runs` only. Nil for a single row.
  ///   - alphabet: the codes that may occur.
  ///   - preference: how many more bytes `runs` may take to be fast.
  /// - Throws: `unsupportedAlphabet`; `invalidCode` at the first code outside the alphabet.
  public func encode(
    _ codes: [Int8], rowLength: Int? = nil, alphabet: CodeAlphabet, preference: CodePreference = .balanced
  ) throws(CodingError) -> [UInt8] {
    guard supports(alphabet) else { throw CodingError(.unsupportedAlphabet, at: 0) }
    switch self {
    case .raw: return try PackedBits.encode(codes, alphabet: alphabet)
    case .trits: return try PackedTrits.encode(codes)
    case .bitmap: return try SignedBitmap.encode(codes)
    case .gaps: return try HuffmanGaps.encode(codes)
    case .rans:
      guard !codes.isEmpty else { return [] }
      return try InterleavedANS.encode(codes, rowLength: rowLength ?? codes.count, alphabet: alphabet)
    case .runs:
      guard !codes.isEmpty else { return [] }
      return try RunsANS.encode(codes, rowLength: rowLength ?? codes.count, preference: preference)
    case .mixed: return codes.isEmpty ? [] : try MixedContexts.encode(codes, rowLength: rowLength ?? codes.count)
    case .codebook:
      guard !codes.isEmpty else { return [] }
      return try Codebook.encode(codes, rowLength: rowLength ?? codes.count, alphabet: alphabet)
    }
  }

  /// The inverse of `encode`, for any bytes, with the same `rowLength`.
  ///
  /// - Throws: `length` before anything is allocated, also for more than 256 codes a byte; `invalidCode`, `padding`,
  ///   `truncated`, `invalidModel`, `invalidStream`, `unsupportedAlphabet`.
  public func decode(
    _ bytes: UnsafeRawBufferPointer, count: Int, rowLength: Int? = nil, alphabet: CodeAlphabet
  ) throws(CodingError) -> [Int8] {
    guard supports(alphabet), count >= 0 else { throw CodingError(.unsupportedAlphabet, at: 0) }
    switch self {
    case .raw: return try PackedBits.decode(bytes, count: count, alphabet: alphabet)
    case .trits: return try PackedTrits.decode(bytes, count: count)
    case .bitmap: return try SignedBitmap.decode(bytes, count: count)
    case .gaps: return try HuffmanGaps.decode(bytes, count: count)
    case .rans: return try InterleavedANS.decode(bytes, count: count, rowLength: rowLength ?? count, alphabet: alphabet)
    case .runs: return try RunsANS.decode(bytes, count: count, rowLength: rowLength ?? count)
    case .mixed: return try MixedContexts.decode(bytes, count: count, rowLength: rowLength ?? count)
    case .codebook: return try Codebook.decode(bytes, count: count, rowLength: rowLength ?? count, alphabet: alphabet)
    }
  }

  /// Decodes groups of rows one after the other into one buffer, which `body` sees with the rows' numbers.
  ///
  /// A group has some KB of payload, as the encoder chose, and of `runs` at most 64 rows; `bitmap` and `gaps` come at once.
  ///
  /// - Throws: as `decode`.
  public func forEachRowGroup(
    _ bytes: UnsafeRawBufferPointer, count: Int, rowLength: Int, alphabet: CodeAlphabet,
    _ body: (Range<Int>, UnsafeMutableBufferPointer<Int8>) -> Void
  ) throws(CodingError) {
    let size = try rowGroupCount(bytes, count: count, rowLength: rowLength, alphabet: alphabet)
    var buffer = [Int8](repeating: 0, count: size)
    var failure: CodingError?
    buffer.withUnsafeMutableBufferPointer { buffer in
      do throws(CodingError) {
        try forEachRowGroup(
          bytes, count: count, rowLength: rowLength, alphabet: alphabet, buffer: buffer, body)
      } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Codes of the largest group of rows that `forEachRowGroup` decodes at a time, and what the decoder writes behind them.
  ///
  /// - Throws: as `decode`, where the sizes of the groups are not sound.
  public func rowGroupCount(
    _ bytes: UnsafeRawBufferPointer, count: Int, rowLength: Int, alphabet: CodeAlphabet
  ) throws(CodingError) -> Int {
    guard supports(alphabet), count >= 0, rowLength > 0, count % rowLength == 0 else {
      throw CodingError(.unsupportedAlphabet, at: 0)
    }
    guard count > 0 else { return 0 }
    switch self {
    case .raw, .trits:
      try checkLength(bytes, count: count, alphabet: alphabet)
      return min(count / rowLength, Self.fixedRows) * rowLength
    case .bitmap, .gaps:
      // More cannot lie in the bytes; what does is checked when it is decoded.
      let (most, overflow) = bytes.count.multipliedReportingOverflow(by: RowGroups.codesPerByte)
      guard overflow || count <= most else { throw CodingError(.length(expected: count, found: bytes.count), at: 0) }
      return count
    case .rans, .runs, .codebook, .mixed:
      return try InterleavedANS.withTables { tables throws(CodingError) in
        try RowGroupDecoder(self, bytes, count: count, rowLength: rowLength, alphabet: alphabet, tables: tables)
          .bufferCount(rowLength: rowLength)
      }
    }
  }

  /// Decodes groups of rows one after the other into the front of `buffer`, which has room for `rowGroupCount` codes, and
  /// allocates nothing but for `bitmap` and `gaps`.
  ///
  /// - Throws: as `decode`.
  public func forEachRowGroup(
    _ bytes: UnsafeRawBufferPointer, count: Int, rowLength: Int, alphabet: CodeAlphabet,
    buffer: UnsafeMutableBufferPointer<Int8>, _ body: (Range<Int>, UnsafeMutableBufferPointer<Int8>) -> Void
  ) throws(CodingError) {
    guard supports(alphabet), count >= 0, rowLength > 0, count % rowLength == 0 else {
      throw CodingError(.unsupportedAlphabet, at: 0)
    }
    switch self {
    case .raw, .trits:
      try checkLength(bytes, count: count, alphabet: alphabet)
      let rows = count / rowLength
      for first in stride(from: 0, to: rows, by: Self.fixedRows) {
        let range = first..<min(first + Self.fixedRows, rows)
        // So many rows begin at a byte.
        let part = UnsafeMutableBufferPointer(rebasing: buffer[..<(range.count * rowLength)])
        try decodeFixed(bytes, from: first * rowLength, alphabet: alphabet, into: part)
        body(range, part)
      }
    case .bitmap, .gaps:
      let codes = try decode(bytes, count: count, rowLength: rowLength, alphabet: alphabet)
      guard count > 0 else { return }
      let part = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
      _ = part.update(from: codes)
      body(0..<count / rowLength, part)
    case .rans, .runs, .codebook, .mixed:
      guard count > 0 else {
        guard bytes.count == 0 else { throw CodingError(.length(expected: 0, found: bytes.count), at: 0) }
        return
      }
      try InterleavedANS.withTables { tables throws(CodingError) in
        try RowGroupDecoder(self, bytes, count: count, rowLength: rowLength, alphabet: alphabet, tables: tables)
          .decode(rowLength: rowLength, into: buffer, body)
      }
    }
  }

  /// Rows in a group of codes of fixed length: a multiple of 5 and of 8, so that a group begins at a byte.
  private static let fixedRows = 40

  private func checkLength(
    _ bytes: UnsafeRawBufferPointer, count: Int, alphabet: CodeAlphabet
  ) throws(CodingError) {
    guard let expected = byteCount(count: count, alphabet: alphabet) else {
      throw CodingError(.unsupportedAlphabet, at: 0)
    }
    guard bytes.count == expected else { throw CodingError(.length(expected: expected, found: bytes.count), at: 0) }
  }

  /// Decodes codes of fixed length from the code `first` on, which begins at a byte.
  private func decodeFixed(
    _ bytes: UnsafeRawBufferPointer, from first: Int, alphabet: CodeAlphabet,
    into codes: UnsafeMutableBufferPointer<Int8>
  ) throws(CodingError) {
    guard let start = byteCount(count: first, alphabet: alphabet),
      let end = byteCount(count: first + codes.count, alphabet: alphabet)
    else { throw CodingError(.unsupportedAlphabet, at: 0) }
    let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    do throws(CodingError) {
      if self == .trits {
        try PackedTrits.decode(part, into: codes)
      } else {
        try PackedBits.decode(part, into: codes, alphabet: alphabet)
      }
    } catch { throw CodingError(error.problem, at: start + error.offset) }
  }

  /// The code among `candidates` to store codes in, and its bytes: the one that takes the fewest in a file, with its
  /// length where there is one, unless a faster one takes not much more; the first among equals. Nil if none can hold
  /// the codes.
  ///
  /// - Parameters:
  ///   - candidates: to choose from.
  ///   - codes: row by row.
  ///   - rowLength: codes of a row; nil for a single one.
  ///   - alphabet: what the codes are from.
  ///   - preference: how much more a fast code may take.
  /// - Throws: `invalidCode` at the first code outside the alphabet.
  public static func best(
    of candidates: [WeightCode] = allCases, _ codes: [Int8], rowLength: Int? = nil, alphabet: CodeAlphabet,
    preference: CodePreference = .balanced
  ) throws(CodingError) -> (code: WeightCode, bytes: [UInt8])? {
    var smallest: (code: WeightCode, bytes: [UInt8], total: Int)?
    var fastest = smallest
    for code in candidates where code.supports(alphabet) {
      // Not where decoding fast is worth bytes, unless there is no other.
      if code == .mixed && preference != .small && smallest != nil { continue }
      let limit = smallest.map { preference.limit($0.total) } ?? Int.max
      if let byteCount = code.byteCount(count: codes.count, alphabet: alphabet), byteCount >= limit { continue }
      let bytes = try code.encode(codes, rowLength: rowLength, alphabet: alphabet, preference: preference)
      var length = ByteWriter()
      if !code.hasFixedLength { length.varint(UInt64(bytes.count)) }
      let total = bytes.count + length.count
      if total < smallest?.total ?? Int.max { smallest = (code, bytes, total) }
      if code.isFast && total < fastest?.total ?? Int.max { fastest = (code, bytes, total) }
    }
    guard let smallest else { return nil }
    if let fastest, fastest.total <= preference.limit(smallest.total) { return (fastest.code, fastest.bytes) }
    return (smallest.code, smallest.bytes)
  }

  /// True if large tensors decode in about a nanosecond a non-zero, or a fraction of it a code.
  private var isFast: Bool {
    switch self {
    case .raw, .trits, .runs: true
    case .bitmap, .gaps, .rans, .codebook, .mixed: false
    }
  }
}

/// How much more bytes a code may take that decodes faster than the one with the fewest.
public enum CodePreference: String, CaseIterable, Sendable {
  /// None.
  case small
  /// A 128th.
  case balanced
  /// A sixth.
  case fast

  func limit(_ byteCount: Int) -> Int {
    switch self {
    case .small: byteCount
    case .balanced: byteCount + byteCount / 128
    case .fast: byteCount + byteCount / 6
    }
  }
}

/// A payload whose groups of rows decode alone.
private enum RowGroupDecoder {
  case rans(InterleavedANS)
  case runs(RunsANS)
  case codebook(Codebook)
  case mixed(MixedContexts)

  init(
    _ code: WeightCode, _ bytes: UnsafeRawBufferPointer, count: Int, rowLength: Int, alphabet: CodeAlphabet,
    tables: UnsafeMutableBufferPointer<UInt32>
  ) throws(CodingError) {
    switch code {
    case .runs: self = .runs(try RunsANS(bytes, count: count, rowLength: rowLength, table: tables))
    case .codebook:
      self = .codebook(try Codebook(bytes, count: count, rowLength: rowLength, alphabet: alphabet, tables: tables))
    case .mixed: self = .mixed(try MixedContexts(bytes, count: count, rowLength: rowLength))
    case .raw, .trits, .bitmap, .gaps, .rans:
      self = .rans(try InterleavedANS(bytes, count: count, rowLength: rowLength, alphabet: alphabet, tables: tables))
    }
  }

  func rows(ofGroup group: Int) -> Range<Int> {
    switch self {
    case .rans(let decoder): decoder.rows(ofGroup: group)
    case .runs(let decoder): decoder.rows(ofGroup: group)
    case .codebook(let decoder): decoder.rows(ofGroup: group)
    case .mixed(let decoder): decoder.rows(ofGroup: group)
    }
  }

  /// Rows of `runs` that are decoded at a time: as many as a kernel packs.
  private static let pieceRows = 64

  /// Codes of the largest part that is decoded at a time, and what the decoder needs behind it.
  func bufferCount(rowLength: Int) -> Int {
    let rows = rows(ofGroup: 0).count
    return switch self {
    case .runs: min(rows, Self.pieceRows) * rowLength + RunsANS.pieceSlack
    case .rans, .codebook, .mixed: rows * rowLength
    }
  }

  func decode(
    rowLength: Int, into buffer: UnsafeMutableBufferPointer<Int8>,
    _ body: (Range<Int>, UnsafeMutableBufferPointer<Int8>) -> Void
  ) throws(CodingError) {
    let count =
      switch self {
      case .rans(let decoder): decoder.groupCount
      case .runs(let decoder): decoder.groupCount
      case .codebook(let decoder): decoder.groupCount
      case .mixed(let decoder): decoder.groupCount
      }
    for group in 0..<count {
      switch self {
      case .rans(let decoder): try decoder.decode(group: group, into: buffer)
      case .runs(let decoder):
        try decoder.decode(group: group, inPiecesOf: Self.pieceRows, buffer: buffer, body)
        continue
      case .codebook(let decoder): try decoder.decode(group: group, into: buffer)
      case .mixed(let decoder): try decoder.decode(group: group, into: buffer)
      }
      let rows = rows(ofGroup: group)
      body(rows, UnsafeMutableBufferPointer(rebasing: buffer[..<(rows.count * rowLength)]))
    }
  }
}
