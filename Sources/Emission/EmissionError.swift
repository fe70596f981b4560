import Planning

/// Why a model cannot become source code.
public enum EmissionError: Error, Equatable, Sendable {
  /// Layers that compute with real numbers, or in a way that no kernel for chips does: all of them.
  case unsupported([Layer])
  /// The name cannot begin identifiers and file names.
  case name(String)
  case schedule(ScheduleError)

  /// A layer, for people.
  public struct Layer: Equatable, Sendable {
    public var name: String
    public var reason: String
  }
}

extension EmissionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupported(let layers):
      "no code for \(Self.list(layers)). Quantize the model with 'deepchip quantize', and leave a real "
        + "softmax at the end to the caller."
    case .name(let name):
      "the name '\(commentText(name))' cannot begin identifiers: give 1 to 40 letters, digits and underscores, beginning "
        + "with a letter, and not 'main' or a standard header's name."
    case .schedule(let error): error.description
    }
  }

  /// The layers by reason, in their order; of each reason the first eight.
  private static func list(_ layers: [Layer]) -> String {
    var reasons: [String] = []
    for layer in layers where !reasons.contains(layer.reason) { reasons.append(layer.reason) }
    return reasons.map { reason in
      let names = layers.filter { $0.reason == reason }.map { "'\(commentText($0.name))'" }
      let others = names.count > 8 ? " and \(names.count - 8) others" : ""
      let layers = names.prefix(8).joined(separator: ", ") + others
      return "\(names.count == 1 ? "layer" : "layers") \(layers) (\(reason))"
    }.joined(separator: ", ")
  }
}
