import Foundation

/// Lines of fields between commas, without quotes, below a fixed header line.
struct CSVTable {
  /// The fields by line, the header left out.
  var rows: [[Substring]]

  /// - Throws: `.damaged` with the line, unless each line has as many fields as the header, and the header is right.
  init(_ bytes: Data, header: String, file: String) throws(DatasetError) {
    guard let text = String(data: bytes, encoding: .utf8) else {
      throw DatasetError(.damaged(reason: "it is not UTF-8 text"), file: file)
    }
    var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    if lines.last == "" {
      lines.removeLast()
    } else {
      throw DatasetError(.damaged(reason: "the last line has no end"), file: file, line: max(lines.count, 1))
    }
    guard let first = lines.first, first == header else {
      throw DatasetError(.damaged(reason: "the header line is not '\(header)'"), file: file, line: 1)
    }
    let fieldCount = header.split(separator: ",").count
    rows = []
    rows.reserveCapacity(lines.count - 1)
    for (index, line) in lines.dropFirst().enumerated() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count == fieldCount else {
        let reason = "\(fields.count) fields instead of \(fieldCount)"
        throw DatasetError(.damaged(reason: reason), file: file, line: index + 2)
      }
      rows.append(fields)
    }
  }

  /// The whole number in a field.
  ///
  /// - Throws: `.damaged` with the line unless it lies in `range`.
  func integer(row: Int, column: Int, in range: Range<Int>, file: String) throws(DatasetError) -> Int {
    guard let value = Int(rows[row][column]), range.contains(value) else {
      let reason = "'\(rows[row][column])' is not a whole number in \(range.lowerBound)...\(range.upperBound - 1)"
      throw DatasetError(.damaged(reason: reason), file: file, line: row + 2)
    }
    return value
  }
}
