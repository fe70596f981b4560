/// Columns of text with a heading.
struct Table {
  enum Alignment { case left, right }

  private let headings: [(text: String, alignment: Alignment)]
  private var rows: [[String]] = []

  init(_ headings: [(String, Alignment)]) { self.headings = headings.map { (text: $0.0, alignment: $0.1) } }

  mutating func add(_ row: [String]) {
    precondition(row.count == headings.count, "One text per column")
    rows.append(row)
  }

  /// The lines, columns separated by two blanks.
  var text: String {
    let widths = headings.indices.map { column in
      ([headings[column].text] + rows.map { $0[column] }).map(\.count).max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      var parts: [String] = []
      for (column, cell) in cells.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        parts.append(headings[column].alignment == .left ? cell + padding : padding + cell)
      }
      var joined = parts.joined(separator: "  ")
      while joined.hasSuffix(" ") { joined.removeLast() }
      return joined
    }
    return ([Console.bold(line(headings.map(\.text)))] + rows.map(line)).joined(separator: "\n")
  }
}
