/// How the rows of a tensor lie in an entropy-coded payload: in groups that can be decoded alone.
///
///     varint     rows in a group, at least 1 and below the number of rows \  only if there are
///     varint     bytes of each group but the last                        /  several groups
///     groups     one after the other; after the last, zeros up to a byte for 256 codes
struct RowGroups {
  /// Codes that a byte stands for at most; it bounds what a small file can ask for.
  static let codesPerByte = 256

  let rowCount: Int
  let rowLength: Int
  /// The last group may have fewer.
  let rowsPerGroup: Int
  private let payload: UnsafeRawBufferPointer
  /// Where the byte counts of the groups stand, and where the first group starts.
  private let indexStart: Int
  private let start: Int

  /// Reads the sizes of the groups, which stand at `offset`.
  ///
  /// - Throws: `truncated`, `integerTooLarge`, `integerTooLong`, `invalidModel`.
  init(
    _ payload: UnsafeRawBufferPointer, at offset: Int, isGrouped: Bool, count: Int, rowLength: Int
  ) throws(CodingError) {
    (self.payload, self.rowLength, rowCount) = (payload, rowLength, count / rowLength)
    var reader = ByteReader(payload)
    _ = try reader.take(offset)
    var rows = rowCount
    if isGrouped {
      guard let number = Int(exactly: try reader.varint()), number > 0, number < rowCount else {
        throw CodingError(.invalidModel, at: offset)
      }
      rows = number
    }
    rowsPerGroup = rows
    indexStart = reader.position
    // Read once here, so that all sizes are found sound.
    for _ in 0..<(rowCount - 1) / rowsPerGroup { _ = try Self.byteCount(&reader) }
    start = reader.position
  }

  /// - Throws: `length` when there are more than 256 codes a byte; `unsupportedAlphabet` for no whole number of rows.
  static func check(_ payload: UnsafeRawBufferPointer, count: Int, rowLength: Int) throws(CodingError) {
    guard count > 0, rowLength > 0, count % rowLength == 0 else { throw CodingError(.unsupportedAlphabet, at: 0) }
    let smallest = smallestByteCount(count)
    guard payload.count >= smallest else { throw CodingError(.length(expected: smallest, found: payload.count), at: 0) }
  }

  private static func byteCount(_ reader: inout ByteReader) throws(CodingError) -> Int {
    let offset = reader.position
    guard let byteCount = Int(exactly: try reader.varint()), byteCount <= reader.bytes.count else {
      throw CodingError(.invalidModel, at: offset)
    }
    return byteCount
  }

  static func smallestByteCount(_ count: Int) -> Int { (count - 1) / codesPerByte + 1 }

  var groupCount: Int { (rowCount - 1) / rowsPerGroup + 1 }

  func rows(ofGroup group: Int) -> Range<Int> {
    group * rowsPerGroup..<min((group + 1) * rowsPerGroup, rowCount)
  }

  /// Where a group lies in the payload: from its start to its end, which for the last is that of the payload.
  ///
  /// - Complexity: O(*groups*).
  func range(ofGroup group: Int) throws(CodingError) -> Range<Int> {
    precondition((0..<groupCount).contains(group), "There is no such group")
    var index = try self.index()
    for _ in 0..<group { _ = try index.next() }
    return try index.next()
  }

  func index() throws(CodingError) -> Index {
    var reader = ByteReader(payload)
    _ = try reader.take(indexStart)
    return Index(reader: reader, start: start, left: groupCount)
  }

  /// Walks over the groups' places.
  struct Index {
    fileprivate var reader: ByteReader
    fileprivate var start: Int
    fileprivate var left: Int

    mutating func next() throws(CodingError) -> Range<Int> {
      left -= 1
      let end = left == 0 ? reader.bytes.count : start + (try RowGroups.byteCount(&reader))
      guard start <= end, end <= reader.bytes.count else {
        throw CodingError(.truncated(needed: max(end - start, 0), available: 0), at: min(start, reader.bytes.count))
      }
      defer { start = end }
      return start..<end
    }
  }

  /// Checks that nothing follows a group, read up to `position`, but, after the last, the zeros of the smallest length.
  func finish(_ group: Int, at position: Int, in range: Range<Int>) throws(CodingError) {
    guard position < range.upperBound else { return }
    guard group == groupCount - 1, range.upperBound == Self.smallestByteCount(rowCount * rowLength) else {
      throw CodingError(.length(expected: position, found: range.upperBound), at: position)
    }
    for index in position..<range.upperBound where payload[index] != 0 { throw CodingError(.padding, at: index) }
  }
}

// MARK: - Writing

extension RowGroups {
  /// Whole bands of lanes, in about `groupByteCount` bytes a group, so that the states are a small part.
  ///
  /// - Parameters:
  ///   - lanes: rows that are decoded side by side.
  ///   - estimate: bytes of all groups, about.
  static func rowsPerGroup(_ rowCount: Int, lanes: Int, estimate: Int, groupByteCount: Int) -> Int {
    guard estimate >= 2 * groupByteCount else { return rowCount }
    let rows = max(groupByteCount * rowCount / estimate, 1)
    return min((rows + lanes - 1) / lanes * lanes, rowCount)
  }

  /// Appends index and groups, and the fill for `count` codes.
  static func write(_ groups: [[UInt8]], rowsPerGroup: Int, count: Int, to writer: inout ByteWriter) {
    if groups.count > 1 {
      writer.varint(UInt64(rowsPerGroup))
      for group in groups.dropLast() { writer.varint(UInt64(group.count)) }
    }
    for group in groups { writer.append(group) }
    writer.pad(toCount: smallestByteCount(count))
  }
}
