import Coding

/// The header of a packed file and its table of sections, checked against the bytes.
struct SectionTable {
  struct Entry {
    /// The kind as it stands in the file.
    var number: UInt16
    var isRequired: Bool
    /// Where the section lies in the file.
    var range: Range<Int>
    var checksum: UInt64
    /// Nil for a kind that this version does not know.
    var kind: SectionKind? { SectionKind(rawValue: number) }
  }

  let bytes: UnsafeRawBufferPointer
  private(set) var entries: [Entry] = []
  /// What is left for those who read the sections.
  private(set) var budget: MemoryBudget
  /// Nil if the sections lie in the file as they are.
  private var condensed: CondensedSections?

  /// Reads header and table; checks lengths, order, gaps and every checksum; decodes the condensed section.
  init(reading bytes: UnsafeRawBufferPointer) throws(ModelFormatError) {
    self.bytes = bytes
    budget = MemoryBudget(fileByteCount: bytes.count)
    let count = try readHeader()
    let tableEnd = FileForm.headerByteCount + count * FileForm.tableEntryByteCount
    guard bytes.count >= tableEnd + FileForm.checksumByteCount else {
      throw ModelFormatError(.layout("the table of sections leaves the file"), byteOffset: 10)
    }
    guard Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[..<tableEnd])) == integer(at: tableEnd, UInt64.self) else {
      throw ModelFormatError(.checksum, byteOffset: 0)
    }
    var end = tableEnd + FileForm.checksumByteCount
    for index in 0..<count {
      let entry = try readEntry(at: FileForm.headerByteCount + index * FileForm.tableEntryByteCount, after: end)
      end = entry.range.upperBound
      entries.append(entry)
    }
    guard end == bytes.count else {
      throw ModelFormatError(.layout("there are bytes after the last section"), byteOffset: end)
    }
    for entry in entries where Checksum.of(contents(entry)) != entry.checksum {
      throw ModelFormatError(.checksum, section: entry.kind, byteOffset: entry.range.lowerBound)
    }
    try readCondensed()
  }

  private mutating func readCondensed() throws(ModelFormatError) {
    guard let entry = self[.condensed] else { return }
    let condensed = try CondensedSections(contents(entry), start: entry.range.lowerBound, budget: &budget)
    for part in condensed.parts where self[part.kind] != nil {
      throw ModelFormatError(
        .layout("the section is there twice"), section: part.kind, byteOffset: entry.range.lowerBound)
    }
    self.condensed = condensed
  }

  func contents(_ entry: Entry) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[entry.range]) }

  subscript(kind: SectionKind) -> Entry? { entries.first { $0.number == kind.rawValue } }

  /// A reader of the section; nil if the file has none.
  func reader(of kind: SectionKind, budget: MemoryBudget) -> SectionReader? {
    if let condensed, let part = condensed[kind], let entry = self[.condensed] {
      return SectionReader(part, of: condensed, start: entry.range.lowerBound, budget: budget)
    }
    return self[kind].map {
      SectionReader(contents($0), section: kind, start: $0.range.lowerBound, budget: budget)
    }
  }

  /// - Returns: the number of sections.
  private func readHeader() throws(ModelFormatError) -> Int {
    guard bytes.count >= FileForm.magic.count, bytes.prefix(FileForm.magic.count).elementsEqual(FileForm.magic) else {
      throw ModelFormatError(.notPackedModel, byteOffset: 0)
    }
    guard bytes.count >= FileForm.headerByteCount else {
      let needed = UInt64(FileForm.headerByteCount + FileForm.checksumByteCount)
      throw ModelFormatError(.length(announced: needed, found: bytes.count), byteOffset: bytes.count)
    }
    let version = integer(at: 8, UInt16.self)
    guard version == FileForm.version else {
      let problem: ModelFormatError.Problem =
        version > FileForm.version ? .version(version) : .layout("there is no format version 0")
      throw ModelFormatError(problem, byteOffset: 8)
    }
    let length = integer(at: 16, UInt64.self)
    guard length == UInt64(bytes.count) else {
      throw ModelFormatError(.length(announced: length, found: bytes.count), byteOffset: 16)
    }
    let count = Int(integer(at: 10, UInt16.self))
    guard count <= FileForm.sectionLimit else {
      throw ModelFormatError(.limit(String(count) + " sections"), byteOffset: 10)
    }
    guard integer(at: 12, UInt32.self) == 0 else {
      throw ModelFormatError(.layout("reserved bytes are not 0"), byteOffset: 12)
    }
    return count
  }

  private func readEntry(at place: Int, after end: Int) throws(ModelFormatError) -> Entry {
    let (number, flags) = (integer(at: place, UInt16.self), integer(at: place + 2, UInt16.self))
    let kind = SectionKind(rawValue: number)
    func fail(_ problem: ModelFormatError.Problem) -> ModelFormatError {
      ModelFormatError(problem, section: kind, byteOffset: place)
    }
    guard flags <= FileForm.requiredFlag, integer(at: place + 4, UInt32.self) == 0 else {
      throw fail(.layout("reserved bits are not 0"))
    }
    let isRequired = flags == FileForm.requiredFlag
    if let kind {
      guard kind.isRequired == isRequired else { throw fail(.layout("the section is wrongly marked")) }
      guard self[kind] == nil else { throw fail(.layout("the section is there twice")) }
    } else if isRequired {
      throw fail(.unknownSection(number))
    }
    let (offset, length) = (integer(at: place + 8, UInt64.self), integer(at: place + 16, UInt64.self))
    let limit = UInt64(bytes.count)
    guard offset >= UInt64(end), offset <= limit, length <= limit - offset else {
      throw fail(.layout("the section overlaps another or leaves the file"))
    }
    let range = Int(offset)..<Int(offset + length)
    guard range.lowerBound - end < FileForm.dataAlignment, bytes[end..<range.lowerBound].allSatisfy({ $0 == 0 }) else {
      throw fail(.layout("the bytes before the section are not a gap of zeros"))
    }
    guard kind != .data || range.lowerBound % FileForm.dataAlignment == 0 else {
      throw fail(.layout("the data section does not start at a multiple of 64"))
    }
    return Entry(
      number: number, isRequired: isRequired, range: range, checksum: integer(at: place + 24, UInt64.self))
  }

  /// The integer at `offset`, which the caller has checked.
  private func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, _ type: Integer.Type
  ) -> Integer {
    Integer(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
  }
}
