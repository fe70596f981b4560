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

  /// The name in tables and messages.
  public var name: String {
    switch self {
    case .raw: "raw"
    case .trits: "trits"
    case .bitmap: "bitmap"
    case .gaps: "gaps"
    case .rans: "rans"
    case .runs: "runs"
    }
  }

  /// True if it can hold codes of this alphabet.
  public func supports(_ alphabet: CodeAlphabet) -> Bool {
    switch self {
    case .raw, .rans: alphabet.isValid
    case .trits, .bitmap, .gaps, .runs: alphabet == .ternary
    }
  }

  /// True if the number of codes gives the number of bytes.
  public var hasFixedLength: Bool {
    switch self {
    case .raw, .trits: true
    case .bitmap, .gaps, .rans, .runs: false
    }
  }

  /// Bytes that `count` codes take; nil when that depends on them, when this code cannot hold the alphabet, or when the
  /// count overflows.
  public func byteCount(count: Int, alphabet: CodeAlphabet) -> Int? {
    switch self {
    case .raw: PackedBits.byteCount(count: count, alphabet: alphabet)
    case .trits: alphabet == .ternary ? PackedTrits.byteCount(count: count) : nil
    case .bitmap, .gaps, .rans, .runs: nil
    }
  }

  /// - Parameters:
  ///   - codes: in rows, one after the other.
  ///   - rowLength: codes in a row of weights (those of one output), of which there is a whole number; it matters to
  ///     `rans` and `runs` only. Nil for a single row.
  ///   - alphabet: the codes that may occur.
  /// - Throws: `unsupportedAlphabet`; `invalidCode` at the first code outside the alphabet.
  public func encode(
    _ codes: [Int8], rowLength: Int? = nil, alphabet: CodeAlphabet
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
    case .runs: return codes.isEmpty ? [] : try RunsANS.encode(codes, rowLength: rowLength ?? codes.count)
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
    }
  }

  /// Decodes groups of rows one after the other into one buffer, which `body` sees with the rows' numbers.
  ///
  /// A group has some KB of payload, as the encoder chose; codes without groups come at once.
  ///
  /// - Throws: as `decode`.
  public func forEachRowGroup(
    _ bytes: UnsafeRawBufferPointer, count: Int, rowLength: Int, alphabet: CodeAlphabet,
    _ body: (Range<Int>, UnsafeMutableBufferPointer<Int8>) -> Void
  ) throws(CodingError) {
    guard supports(alphabet), count >= 0 else { throw CodingError(.unsupportedAlphabet, at: 0) }
    switch self {
    case .raw, .trits, .bitmap, .gaps:
      var codes = try decode(bytes, count: count, rowLength: rowLength, alphabet: alphabet)
      let rows = rowLength > 0 ? count / rowLength : 0
      codes.withUnsafeMutableBufferPointer { body(0..<rows, $0) }
    case .rans, .runs:
      guard count > 0 else { return }
      try InterleavedANS.withTables { tables throws(CodingError) in
        let decoder = try RowGroupDecoder(
          self, bytes, count: count, rowLength: rowLength, alphabet: alphabet, tables: tables)
        var buffer = [Int8](repeating: 0, count: decoder.rows(ofGroup: 0).count * rowLength)
        var failure: CodingError?
        buffer.withUnsafeMutableBufferPointer { buffer in
          do throws(CodingError) {
            try decoder.decode(rowLength: rowLength, into: buffer, body)
          } catch { failure = error }
        }
        if let failure { throw failure }
      }
    }
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
      let limit = smallest.map { preference.limit($0.total) } ?? Int.max
      if let byteCount = code.byteCount(count: codes.count, alphabet: alphabet), byteCount >= limit { continue }
      let bytes = try code.encode(codes, rowLength: rowLength, alphabet: alphabet)
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
    case .bitmap, .gaps, .rans: false
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

  init(
    _ code: WeightCode, _ bytes: UnsafeRawBufferPointer, count: Int, rowLength: Int, alphabet: CodeAlphabet,
    tables: UnsafeMutableBufferPointer<UInt32>
  ) throws(CodingError) {
    if code == .runs {
      self = .runs(try RunsANS(bytes, count: count, rowLength: rowLength, table: tables))
    } else {
      self = .rans(
        try InterleavedANS(bytes, count: count, rowLength: rowLength, alphabet: alphabet, tables: tables))
    }
  }

  func rows(ofGroup group: Int) -> Range<Int> {
    switch self {
    case .rans(let decoder): decoder.rows(ofGroup: group)
    case .runs(let decoder): decoder.rows(ofGroup: group)
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
      }
    for group in 0..<count {
      switch self {
      case .rans(let decoder): try decoder.decode(group: group, into: buffer)
      case .runs(let decoder): try decoder.decode(group: group, into: buffer)
      }
      let rows = rows(ofGroup: group)
      body(rows, UnsafeMutableBufferPointer(rebasing: buffer[..<(rows.count * rowLength)]))
    }
  }
}
