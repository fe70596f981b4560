import Foundation

/// A data set named in one word: `digits`, `cifar10:DIR`.
///
///     let dataset = try DatasetSpecifier("mnist:data/mnist").load(split: .test)
public struct DatasetSpecifier: Sendable {
  public let kind: DatasetKind
  /// The path after the colon; nil for a kind without one.
  public let path: String?

  /// - Parameters:
  ///   - text: a kind's name, and `:` and a path if the kind takes one.
  ///   - kinds: the kinds to choose from; whoever can read more than this module passes a longer list.
  /// - Throws: `.unknownKind` or `.wrongArgument` with `text` as the file.
  public init(_ text: String, kinds: [DatasetKind] = DatasetKind.all) throws(DatasetError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let kind = kinds.first(where: { $0.name == parts[0] }) else {
      throw DatasetError(.unknownKind(known: kinds.map(\.usage)), file: text)
    }
    let path = parts.count == 2 ? String(parts[1]) : nil
    guard (path != nil) == (kind.argument != nil), path != "" else {
      throw DatasetError(.wrongArgument(usage: kind.usage), file: text)
    }
    self.kind = kind
    self.path = path
  }

  public func load(split: Split) throws(DatasetError) -> Dataset {
    // A shell does not expand `~` after a colon.
    try kind.load(URL(fileURLWithPath: NSString(string: path ?? ".").expandingTildeInPath), split)
  }
}

extension DatasetSpecifier: CustomStringConvertible {
  public var description: String { path.map { "\(kind.name):\($0)" } ?? kind.name }
}
