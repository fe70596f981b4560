import Quantizers

/// Layers, by number or name, that are quantized differently from the others.
///
///     try LayerOverride(parsing: "conv1=real")
///     try LayerOverride(parsing: "layer3.*=int4")
///     try LayerOverride(parsing: "0=int8")
///
/// Layers are the convolutions and dense layers of the simplified graph, in order.
public struct LayerOverride: Sendable, Equatable {
  public enum Selection: Hashable, Sendable {
    /// The layer's number, from 0.
    case index(Int)
    /// Names that fit a pattern: `*` stands for any characters, `?` for one.
    case name(String)
  }

  public enum Treatment: Sendable, Equatable {
    /// The layer computes in float32, with its weights as they are.
    case real
    /// Its weights are coded in this way.
    case weights(WeightQuantizerKind)
  }

  public var selection: Selection
  public var treatment: Treatment

  public init(_ selection: Selection, _ treatment: Treatment) {
    self.selection = selection
    self.treatment = treatment
  }

  /// Reads `LAYER=real` or `LAYER=KIND`, where KIND is the name of a weight quantizer.
  ///
  /// - Throws: `CompressionError.override` with the text.
  public init(parsing text: String) throws(CompressionError) {
    guard let equals = text.lastIndex(of: "="), equals > text.startIndex else { throw .override(text) }
    let layer = String(text[..<equals])
    let word = String(text[text.index(after: equals)...])
    selection = Int(layer).map { .index($0) } ?? .name(layer)
    if word == "real" {
      treatment = .real
    } else if let kind = WeightQuantizerKind.named(word) {
      treatment = .weights(kind)
    } else {
      throw .override(text)
    }
  }

  /// Whether this is about the layer of that number and name.
  public func selects(index: Int, name: String) -> Bool {
    switch selection {
    case .index(let wanted): wanted == index
    case .name(let pattern): Self.matches(Array(name), Array(pattern))
    }
  }

  private static func matches(_ name: [Character], _ pattern: [Character]) -> Bool {
    var (at, patternAt) = (0, 0)
    var retry: (name: Int, pattern: Int)?
    while at < name.count {
      if patternAt < pattern.count && pattern[patternAt] == "*" {
        retry = (at, patternAt)
        patternAt += 1
      } else if patternAt < pattern.count && (pattern[patternAt] == "?" || pattern[patternAt] == name[at]) {
        (at, patternAt) = (at + 1, patternAt + 1)
      } else if let last = retry {
        retry = (last.name + 1, last.pattern)
        (at, patternAt) = (last.name + 1, last.pattern + 1)
      } else {
        return false
      }
    }
    return pattern[patternAt...].allSatisfy { $0 == "*" }
  }
}
