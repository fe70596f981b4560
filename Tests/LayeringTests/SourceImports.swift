import Foundation

/// The modules that the files of a folder import.
struct SourceImports {
  /// For each module, the first file that imports it.
  var modules: [String: String] = [:]

  init() {}

  /// Reads all Swift files under `folder`.
  init(folder: URL, packageRoot: URL) throws {
    guard let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else { return }
    for case let file as URL in files where file.pathExtension == "swift" {
      let path = String(file.standardizedFileURL.path.dropFirst(packageRoot.standardizedFileURL.path.count + 1))
      for module in Self.modules(in: try String(contentsOf: file, encoding: .utf8)) {
        modules[module] = min(modules[module] ?? path, path)
      }
    }
  }

  /// The modules named in `import` lines, those inside multi-line strings left out.
  static func modules(in source: String) -> [String] {
    let declaration =
      /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|typealias|func|var|let)\s+)?(\w+)/
    var names: [String] = []
    var isInString = false
    for line in source.split(separator: "\n") {
      if !isInString, let match = line.firstMatch(of: declaration) { names.append(String(match.1)) }
      if line.split(separator: "\"\"\"", omittingEmptySubsequences: false).count % 2 == 0 { isInString.toggle() }
    }
    return names
  }
}
