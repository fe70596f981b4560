/// A call of the program in Swift, made from its C text.
///
/// Schedules become calls once, in `CProgram`; their arguments are numbers, constants and places in memory in a few
/// spellings, which this rewrites.
struct SwiftCall {
  /// The C function without the program's prefix, or `memcpy`, `memset`.
  var function: String
  /// In Swift.
  var arguments: [String]

  /// - Parameters:
  ///   - text: `name(argument, argument, ...);`
  ///   - data: the program's constants.
  init?(_ text: String, _ data: ConstantData) {
    guard let open = text.firstIndex(of: "("), text.hasSuffix(");") else { return nil }
    let name = String(text[..<open])
    let prefix = data.prefix + "_"
    function = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    arguments = Self.split(text[text.index(after: open)...].dropLast(2)).map { Self.swiftText($0, data) }
  }

  /// All calls of one step.
  static func calls(_ lines: [String], _ data: ConstantData) -> [SwiftCall?] {
    var calls: [SwiftCall?] = []
    var text = ""
    for line in lines {
      text += text.isEmpty || text.hasSuffix("(") ? line.trimmed : " " + line.trimmed
      if text.hasSuffix(";") {
        calls.append(SwiftCall(text, data))
        text = ""
      }
    }
    return text.isEmpty ? calls : calls + [nil]
  }

  /// Separated by commas outside of brackets.
  private static func split(_ text: Substring) -> [String] {
    var (parts, part, depth) = ([String](), "", 0)
    for character in text {
      if character == "," && depth == 0 {
        parts.append(part.trimmed)
        part = ""
        continue
      }
      depth += character == "(" ? 1 : character == ")" ? -1 : 0
      part.append(character)
    }
    return part.trimmed.isEmpty ? parts : parts + [part.trimmed]
  }

  private static func swiftText(_ text: String, _ data: ConstantData) -> String {
    let words = "(uint32_t *)(void *)("
    if text.hasPrefix(words), text.hasSuffix(")") {
      return "words(" + swiftText(String(text.dropFirst(words.count).dropLast()), data) + ")"
    }
    if text.hasPrefix("INT64_C("), text.hasSuffix(")") { return String(text.dropFirst(8).dropLast()) }
    for cast in ["(const uint8_t *)", "(uint8_t *)"] where text.hasPrefix(cast) {
      let rest = String(text.dropFirst(cast.count))
      // Constants of other types are cast in C, and inputs and outputs, which are bytes already here.
      let parts = rest.split(separator: " ", maxSplits: 1)
      guard let first = parts.first, data.entries.contains(where: { $0.name == first }) else { return rest }
      return "bytes(" + first + "_pointer())" + (parts.count > 1 ? " " + parts[1] : "")
    }
    let name = text.hasPrefix("&") ? String(text.dropFirst()) : text
    let parts = name.split(separator: " ", maxSplits: 1)
    if let first = parts.first, data.entries.contains(where: { $0.name == first }) {
      return first + "_pointer()" + (parts.count > 1 ? " " + parts[1] : "")
    }
    if text.hasPrefix("ARENA") { return "arena" + text.dropFirst(5) }
    if let last = text.last, last == "u" || last == "f", text.utf8.first.map({ (45...57).contains($0) }) ?? false,
      !text.hasPrefix("0x") || text.contains("p")
    {
      return String(text.dropLast())
    }
    return text
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = self[...]
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
