import Foundation

/// Reads a `.tar.gz` file entry by entry. It never makes a path: its user says where an entry's bytes go.
///
/// - Source: POSIX.1-1988 `ustar`. Extended headers of later forms are passed over as entries of their own, so long names
///   and large sizes are not understood.
final class TarReader {
  struct Entry {
    var path: String
    var byteCount: Int
    var isRegularFile: Bool
  }

  private static let blockByteCount = 512
  private let file: String
  private let reader: GzipReader
  /// Bytes of the current entry that have not been read yet, its padding included.
  private var restByteCount = 0
  private var entryByteCount = 0

  init(_ file: URL) throws(DatasetError) {
    self.file = file.path
    reader = try GzipReader(file)
  }

  /// The next entry; nil at the end of the archive.
  ///
  /// - Throws: `.damaged`, `.truncated`.
  func next() throws(DatasetError) -> Entry? {
    try skip(restByteCount)
    let header = try reader.readExactly(Self.blockByteCount)
    if header.allSatisfy({ $0 == 0 }) { return nil }
    // The sum counts its own field as spaces.
    let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
    guard try octal(header[148..<156]) == sum else {
      throw DatasetError(.damaged(reason: "the sum of a tar header is wrong"), file: file)
    }
    entryByteCount = try octal(header[124..<136])
    let (padded, overflow) = entryByteCount.addingReportingOverflow(Self.blockByteCount - 1)
    guard !overflow else { throw DatasetError(.damaged(reason: "a tar entry is too long"), file: file) }
    restByteCount = padded / Self.blockByteCount * Self.blockByteCount
    let isUstar = header[257..<262].elementsEqual("ustar".utf8)
    let prefix = isUstar ? text(header[345..<500]) : ""
    let name = text(header[0..<100])
    return Entry(
      path: prefix.isEmpty ? name : prefix + "/" + name, byteCount: entryByteCount,
      isRegularFile: header[156] == 0 || header[156] == UInt8(ascii: "0"))
  }

  /// Writes the current entry's bytes to a new file.
  ///
  /// - Throws: what reading throws, and `.unreadable` with the file system's words.
  func write(to target: URL) throws(DatasetError) {
    guard FileManager.default.createFile(atPath: target.path, contents: nil),
      let handle = FileHandle(forWritingAtPath: target.path)
    else { throw DatasetError(.unreadable(reason: "it cannot be created"), file: target.path) }
    defer { try? handle.close() }
    var left = entryByteCount
    while left > 0 {
      let piece = try reader.readExactly(min(left, 1 << 20))
      left -= piece.count
      do {
        try handle.write(contentsOf: Data(piece))
        if left == 0 { try handle.synchronize() }
      } catch {
        throw FileAccess.unreadable(target, error)
      }
    }
    restByteCount -= entryByteCount
  }

  /// Reads on to the end of the file, so that its sum is checked.
  func finish() throws(DatasetError) {
    while try !reader.read(1 << 20).isEmpty {}
  }

  private func skip(_ byteCount: Int) throws(DatasetError) {
    var left = byteCount
    while left > 0 { left -= try reader.readExactly(min(left, 1 << 20)).count }
    restByteCount = 0
  }

  /// A number in octal digits between optional spaces, ended by a space or NUL.
  private func octal(_ field: ArraySlice<UInt8>) throws(DatasetError) -> Int {
    let digits = field.drop { $0 == 32 }.prefix { $0 != 32 && $0 != 0 }
    guard let value = Int(String(decoding: digits, as: UTF8.self), radix: 8), value >= 0 else {
      throw DatasetError(.damaged(reason: "a number in a tar header is not octal"), file: file)
    }
    return value
  }

  private func text(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
  }
}
