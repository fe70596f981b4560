/// The targets that a Package.swift declares, as far as dependencies go.
struct Manifest {
  struct Target {
    var name: String
    /// Modules of this package and products of others, as written.
    var dependencies: [String]
    /// Its folder, relative to the package.
    var folder: String
    var isTest: Bool
  }

  var targets: [Target] = []

  /// Reads the text of a Package.swift whose dependencies are literals.
  init(_ text: String) {
    let scanner = ManifestScanner(text)
    for call in scanner.calls(["target", "executableTarget", "systemLibrary", "testTarget"]) {
      guard let name = scanner.string(after: "name:", in: call.arguments) else { continue }
      let isTest = call.name == "testTarget"
      let list = scanner.list(after: "dependencies:", in: call.arguments)
      targets.append(
        Target(
          name: name, dependencies: list.map(scanner.dependencies) ?? [],
          folder: scanner.string(after: "path:", in: call.arguments) ?? (isTest ? "Tests/" : "Sources/") + name,
          isTest: isTest))
    }
  }
}

/// Finds calls, lists and strings in Swift text, comments left out.
private struct ManifestScanner {
  let text: [Character]

  init(_ text: String) {
    self.text = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
      Array(line.hasComment ? "" : line) + ["\n"]
    }
  }

  struct Call {
    var name: String
    var arguments: Range<Int>
  }

  /// Calls of `.name(...)` that do not lie inside another one of them.
  func calls(_ names: [String]) -> [Call] {
    var calls: [Call] = []
    var place = 0
    while place < text.count {
      if let name = names.first(where: { starts(with: "." + $0 + "(", at: place) }) {
        let open = place + name.count + 1
        let close = end(of: open)
        calls.append(Call(name: name, arguments: open + 1..<close))
        place = close
      } else {
        place += 1
      }
    }
    return calls
  }

  /// The string literal after a label.
  func string(after label: String, in range: Range<Int>) -> String? {
    find(label, in: range).flatMap { firstString(in: $0..<range.upperBound) }?.value
  }

  /// The inside of the brackets after a label.
  func list(after label: String, in range: Range<Int>) -> Range<Int>? {
    guard let place = find(label, in: range),
      let open = (place..<range.upperBound).first(where: { text[$0] == "[" })
    else { return nil }
    return open + 1..<end(of: open)
  }

  /// The names in a list of dependencies: bare strings, and the first string of `.product(...)` and the like.
  func dependencies(_ range: Range<Int>) -> [String] {
    var names: [String] = []
    var place = range.lowerBound
    while place < range.upperBound {
      if text[place] == "(", let first = firstString(in: place..<range.upperBound) {
        names.append(first.value)
        place = end(of: place)
      } else if text[place] == "\"", let literal = firstString(in: place..<range.upperBound) {
        names.append(literal.value)
        place = literal.end
      } else {
        place += 1
      }
    }
    return names
  }

  private func firstString(in range: Range<Int>) -> (value: String, end: Int)? {
    guard let open = range.first(where: { text[$0] == "\"" }),
      let close = (open + 1..<range.upperBound).first(where: { text[$0] == "\"" })
    else { return nil }
    return (String(text[open + 1..<close]), close + 1)
  }

  /// The place after `label`.
  private func find(_ label: String, in range: Range<Int>) -> Int? {
    range.first { starts(with: label, at: $0) }.map { $0 + label.count }
  }

  private func starts(with word: String, at place: Int) -> Bool {
    place + word.count <= text.count && text[place..<place + word.count].elementsEqual(word)
  }

  /// The place of the bracket that closes the one at `open`.
  private func end(of open: Int) -> Int {
    var depth = 0
    var isInString = false
    for place in open..<text.count {
      switch text[place] {
      case "\"": isInString.toggle()
      case "(" where !isInString, "[" where !isInString: depth += 1
      case ")" where !isInString, "]" where !isInString:
        depth -= 1
        if depth == 0 { return place }
      default: break
      }
    }
    return text.count
  }
}

extension Substring {
  fileprivate var hasComment: Bool { drop(while: \.isWhitespace).starts(with: "//") }
}
