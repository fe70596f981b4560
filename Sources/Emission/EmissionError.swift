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
      "no code for " + layers.map { "layer '\(commentText($0.name))' (\($0.reason))" }.joined(separator: ", ")
        + ". Quantize the model with 'deepchip quantize', and leave a real softmax at the end to the caller."
    case .name(let name):
      "the name '\(commentText(name))' cannot begin identifiers: give 1 to 40 letters, digits and underscores, beginning "
        + "with a letter, and not 'main' or a standard header's name."
    case .schedule(let error): error.description
    }
  }
}
