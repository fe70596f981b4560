/// Codes of few different values: a table of these levels, and for each code the number of its level in asymmetric numeral
/// systems.
///
/// Shared weights (`--weights codebook4`) are codes of 8 bits with 16 levels a tensor, and take at most 4 bits each.
///
///     count      byte: levels − 1
///     levels     a byte each, two's complement, ascending
///     numbers    see InterleavedANS: of an unsigned alphabet with as few bits as number the levels, at least 1; of eight
///                bits in two's complement
///
/// - Source: S. Han et al., *Deep Compression*, arXiv 1510.00149, section 3. Departure: where the paper has a Huffman code there is
///   `InterleavedANS`, which comes closer to the entropy.
public struct Codebook {
  private let numbers: InterleavedANS
  private let levels: UnsafeRawBufferPointer

  /// Reads levels, model and sizes of the groups; the payload and `tables` have to stay while this is used.
  ///
  /// - Parameters:
  ///   - payload: what `encode` made.
  ///   - count: codes in all.
  ///   - rowLength: codes in a row; `count` is a multiple.
  ///   - alphabet: the codes that may occur.
  ///   - tables: `InterleavedANS.tableCount` entries of any contents.
  /// - Throws: `truncated`, `length`; `invalidCode` for a level outside the alphabet; `invalidModel`, also unless the levels
  ///   ascend.
  public init(
    _ payload: UnsafeRawBufferPointer, count: Int, rowLength: Int, alphabet: CodeAlphabet,
    tables: UnsafeMutableBufferPointer<UInt32>
  ) throws(CodingError) {
    var reader = ByteReader(payload)
    let levelCount = Int(try reader.byte()) + 1
    levels = try reader.take(levelCount)
    for index in 0..<levelCount {
      let level = Int8(bitPattern: levels[index])
      guard alphabet.contains(level) else { throw CodingError(.invalidCode, at: 1 + index) }
      guard index == 0 || level > Int8(bitPattern: levels[index - 1]) else {
        throw CodingError(.invalidModel, at: 1 + index)
      }
    }
    let start = reader.position
    do throws(CodingError) {
      numbers = try InterleavedANS(
        UnsafeRawBufferPointer(rebasing: payload[start...]), count: count, rowLength: rowLength,
        alphabet: Self.alphabet(levelCount), tables: tables)
    } catch { throw CodingError(error.problem, at: start + error.offset) }
  }

  /// Of the levels' numbers.
  private static func alphabet(_ levelCount: Int) -> CodeAlphabet {
    let bitWidth = max(Int.bitWidth - (levelCount - 1).leadingZeroBitCount, 1)
    return bitWidth < 8 ? .unsigned(bitWidth: bitWidth) : .signed(bitWidth: 8)
  }

  public var groupCount: Int { numbers.groupCount }

  /// The rows of a group.
  public func rows(ofGroup group: Int) -> Range<Int> { numbers.rows(ofGroup: group) }

  /// Decodes one group into `codes`, which has room for its rows.
  ///
  /// - Throws: as `InterleavedANS`; `invalidCode` for a number without a level.
  public func decode(group: Int, into codes: UnsafeMutableBufferPointer<Int8>) throws(CodingError) {
    try numbers.decode(group: group, into: codes)
    try replaceNumbers(UnsafeMutableBufferPointer(rebasing: codes[..<(rows(ofGroup: group).count * numbers.rowLength)]))
  }

  /// Decodes everything into `codes`, one for each weight.
  public func decode(into codes: UnsafeMutableBufferPointer<Int8>) throws(CodingError) {
    try numbers.decode(into: codes)
    try replaceNumbers(codes)
  }

  private func replaceNumbers(_ codes: UnsafeMutableBufferPointer<Int8>) throws(CodingError) {
    for index in codes.indices {
      let number = Int(UInt8(bitPattern: codes[index]))
      guard number < levels.count else { throw CodingError(.invalidCode, at: 0) }
      codes[index] = Int8(bitPattern: levels[number])
    }
  }
}

// MARK: - Everything at once

extension Codebook {
  /// All codes of a payload.
  ///
  /// - Throws: as `init` and `decode(into:)`.
  public static func decode(
    _ payload: UnsafeRawBufferPointer, count: Int, rowLength: Int, alphabet: CodeAlphabet
  ) throws(CodingError) -> [Int8] {
    guard count > 0 else { return try InterleavedANS.noCodes(payload) }
    return try InterleavedANS.withTables { tables throws(CodingError) in
      let decoder = try Codebook(payload, count: count, rowLength: rowLength, alphabet: alphabet, tables: tables)
      return try InterleavedANS.array(count) { codes throws(CodingError) in try decoder.decode(into: codes) }
    }
  }

  /// - Parameters:
  ///   - codes: in rows, one after the other; at least one.
  ///   - rowLength: codes in a row, at least 1; the number of codes is a multiple.
  ///   - alphabet: the codes that may occur.
  /// - Throws: `invalidCode` at the first code outside the alphabet; `unsupportedAlphabet`, also for no codes.
  public static func encode(
    _ codes: [Int8], rowLength: Int, alphabet: CodeAlphabet
  ) throws(CodingError) -> [UInt8] {
    guard alphabet.isValid, !codes.isEmpty else { throw CodingError(.unsupportedAlphabet, at: 0) }
    if let index = codes.firstIndex(where: { !alphabet.contains($0) }) { throw CodingError(.invalidCode, at: index) }
    var occurs = [Bool](repeating: false, count: 256)
    for code in codes { occurs[Int(code) + 128] = true }
    let levels = (0..<256).filter { occurs[$0] }.map { Int8($0 - 128) }
    var numbers = [Int8](repeating: 0, count: 256)
    for (number, level) in levels.enumerated() { numbers[Int(level) + 128] = Int8(truncatingIfNeeded: number) }
    var writer = ByteWriter()
    writer.byte(UInt8(levels.count - 1))
    for level in levels { writer.byte(UInt8(bitPattern: level)) }
    writer.append(
      try InterleavedANS.encode(
        codes.map { numbers[Int($0) + 128] }, rowLength: rowLength, alphabet: self.alphabet(levels.count)))
    return writer.bytes
  }
}
