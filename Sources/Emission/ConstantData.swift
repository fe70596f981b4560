/// The constants of a program: arrays and structures of known size, each content once.
struct ConstantData {
  struct Entry {
    var name: String
    /// What it is: `weights`, `window`, ...
    var kind: String
    /// As in `const int8_t`.
    var type: String
    /// Elements; nil for a structure.
    var count: Int?
    var byteCount: Int
    /// What stands between the braces, line by line.
    var text: String
    var isWeights: Bool
  }

  /// Begins every name.
  let prefix: String
  private(set) var entries: [Entry] = []
  private var names: [String: String] = [:]

  init(prefix: String) { self.prefix = prefix }

  /// The name of a constant of this content, a new one if there is none yet.
  ///
  /// - Parameters:
  ///   - kind: the middle of a new name; a number follows.
  ///   - type: in C.
  ///   - isArray: whether the numbers are elements or fields.
  mutating func add(
    _ kind: String, _ type: String, _ numbers: [String], byteCount: Int, isArray: Bool = true, isWeights: Bool = false
  ) -> String {
    let text = listText(numbers)
    let content = type + (isArray ? "[]" : "") + text
    if let existing = names[content] { return existing }
    let name = prefix + "_" + kind + "_" + String(entries.count)
    names[content] = name
    entries.append(
      Entry(
        name: name, kind: kind, type: type, count: isArray ? numbers.count : nil, byteCount: byteCount, text: text,
        isWeights: isWeights))
    return name
  }

  /// The address of a structure of 32-bit fields.
  mutating func structure(_ kind: String, _ fields: [Int]) -> String {
    "&" + add(kind, prefix + "_" + kind, fields.map(String.init), byteCount: 4 * fields.count, isArray: false)
  }

  /// The address of a structure of arrays of 32-bit numbers.
  mutating func structure(_ kind: String, _ arrays: [[Int]]) -> String {
    let fields = arrays.map { "{" + $0.map(String.init).joined(separator: ", ") + "}" }
    let count = arrays.reduce(0) { $0 + $1.count }
    return "&" + add(kind, prefix + "_" + kind, fields, byteCount: 4 * count, isArray: false)
  }

  /// Filled up to whole words of 4 bytes, so that no compiler needs to leave a gap after it.
  private static func words<Byte: FixedWidthInteger>(_ numbers: [Byte]) -> [Byte] {
    numbers + [Byte](repeating: 0, count: (4 - numbers.count % 4) % 4)
  }

  mutating func array(_ kind: String, _ numbers: [Int8], isWeights: Bool = false) -> String {
    let words = Self.words(numbers)
    return add(kind, "int8_t", words.map(String.init), byteCount: words.count, isWeights: isWeights)
  }

  mutating func array(_ kind: String, _ numbers: [UInt8], isWeights: Bool = false) -> String {
    let words = Self.words(numbers)
    return add(kind, "uint8_t", words.map(String.init), byteCount: words.count, isWeights: isWeights)
  }

  mutating func array(_ kind: String, _ numbers: [Int16]) -> String {
    let words = numbers + [Int16](repeating: 0, count: numbers.count % 2)
    return add(kind, "int16_t", words.map(String.init), byteCount: 2 * words.count)
  }

  mutating func array(_ kind: String, _ numbers: [Int32]) -> String {
    let texts = numbers.map(numberText)
    return add(kind, "int32_t", texts, byteCount: 4 * numbers.count)
  }

  mutating func array(_ kind: String, _ numbers: [UInt32], isWeights: Bool = false) -> String {
    add(kind, "uint32_t", numbers.map { String($0) + "u" }, byteCount: 4 * numbers.count, isWeights: isWeights)
  }

  mutating func array(_ kind: String, _ numbers: [Int64]) -> String {
    add(kind, "int64_t", numbers.map { "INT64_C(" + String($0) + ")" }, byteCount: 8 * numbers.count)
  }

  mutating func array(_ kind: String, _ numbers: [Float]) -> String {
    add(kind, "float", numbers.map(floatText), byteCount: 4 * numbers.count)
  }
}

extension ConstantData {
  /// 64-bit numbers first, then words: in this order and in the reverse, as gcc has it, there are no gaps between them
  /// once they are filled up, and the section is the sum.
  var entriesInOrder: [Entry] { entries.filter { $0.type == "int64_t" } + entries.filter { $0.type != "int64_t" } }

  /// Makes the words a multiple of 8 bytes, by one more element of the last array, if 64-bit numbers may come after.
  mutating func fillUp() {
    let words = entriesInOrder.filter { $0.type != "int64_t" }.reduce(0) { $0 + $1.byteCount }
    let sizes = ["int8_t": 1, "uint8_t": 1, "int16_t": 2, "int32_t": 4, "uint32_t": 4]
    guard words % 8 != 0, entries.count(where: { $0.type == "int64_t" }) > 0,
      let last = entries.lastIndex(where: { sizes[$0.type] != nil && $0.count != nil && !$0.isWeights })
        ?? entries.lastIndex(where: { sizes[$0.type] != nil && $0.count != nil }),
      let size = sizes[entries[last].type]
    else { return }
    let count = (8 - words % 8) / size
    entries[last].count = (entries[last].count ?? 0) + count
    entries[last].byteCount += count * size
    entries[last].text += listText([String](repeating: "0", count: count))
  }
}

extension ConstantData.Entry {
  /// As in `const int8_t model_weights_0[16]`.
  var declarator: String { "const " + type + " " + name + (count.map { "[" + String($0) + "]" } ?? "") }
}
