import Graphs
import Tensors

/// A family of networks that a name can choose from: one list for parsing, help texts and tests.
public struct NetworkKind: Sendable {
  /// What all names of the family begin with: `wrn-`, `resnet`.
  public let prefix: String
  /// The numbers after the prefix, joined by `-`.
  public let parameters: [NetworkParameter]
  /// A sentence for help texts, with the source.
  public let help: String
  /// A name of the family.
  public let example: String
  /// Extents of one item unless the caller says otherwise, `[C, H, W]`.
  public let defaultInput: Shape
  /// Outputs unless the caller says otherwise; nil for networks that give back their input.
  public let defaultClasses: Int?
  /// What stands after weighted sums unless the caller says otherwise.
  public let activation: NetworkActivation
  /// Adds the layers and returns the logits.
  let build: @Sendable (inout Sketch, NetworkValues) throws(GraphError) -> ValueID

  init(
    _ prefix: String, _ parameters: [NetworkParameter] = [], help: String, example: String? = nil, input: Shape,
    classes: Int?, activation: NetworkActivation = .relu,
    build: @escaping @Sendable (inout Sketch, NetworkValues) throws(GraphError) -> ValueID
  ) {
    self.prefix = prefix
    self.parameters = parameters
    self.help = help
    self.example = example ?? prefix
    self.defaultInput = input
    self.defaultClasses = classes
    self.activation = activation
    self.build = build
  }

  /// All families. A name belongs to the first whose form it has.
  public static let all: [NetworkKind] = [
    convNetSVHN, preactivationResNet, alexNet, residualNetwork, leNet5, normalizedLeNet5, vggSmall, wideResNet,
    denseNet, mobileNetV1, mobileNetV2, squeezeNet10, squeezeNet11, keywordNetwork, autoEncoder, digitsConvNet,
  ]

  /// How a name of the family is written: `wrn-D-K`, `mobilenetv2[-W]`.
  public var usage: String {
    var text = prefix
    for (index, parameter) in parameters.enumerated() {
      if parameter.defaultValue != nil {
        text += "[-\(parameter.letter)]"
      } else {
        text += (index == 0 ? "" : "-") + parameter.letter
      }
    }
    return text
  }
}

extension NetworkKind {
  /// The family and the numbers of a name.
  ///
  /// - Throws: `.unknown`, `.form`, `.parameter`.
  static func parse(_ name: String) throws(NetworkError) -> (NetworkKind, NetworkValues) {
    var nearest: NetworkKind?
    for kind in all where name.hasPrefix(kind.prefix) {
      guard let numbers = kind.numbers(in: name.dropFirst(kind.prefix.count)) else {
        nearest = nearest ?? kind
        continue
      }
      for (number, parameter) in zip(numbers, kind.parameters) where !parameter.accepts(number) {
        throw NetworkError(.parameter(parameter.letter, expected: parameter.help), name: name)
      }
      return (kind, NetworkValues(numbers: numbers))
    }
    if let nearest { throw NetworkError(.form(usage: nearest.usage, example: nearest.example), name: name) }
    throw NetworkError(.unknown(known: all.map(\.usage)), name: name)
  }

  /// The numbers in what stands after the prefix, with defaults for those left out; nil if it is not of the form.
  private func numbers(in text: Substring) -> [Double]? {
    var parts = text.split(separator: "-", omittingEmptySubsequences: false)
    // After a prefix that is a name itself, numbers begin with the separator.
    if parameters.first?.defaultValue != nil || parameters.isEmpty {
      guard parts.first?.isEmpty == true else { return nil }
      parts.removeFirst()
    }
    guard parts.count <= parameters.count else { return nil }
    var numbers: [Double] = []
    for (index, parameter) in parameters.enumerated() {
      guard let number = index < parts.count ? Double(plain: parts[index]) : parameter.defaultValue else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}
