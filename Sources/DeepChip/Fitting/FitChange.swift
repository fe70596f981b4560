import Graphs
import Tensors

/// A smaller variant of a packed network: same kinds of layers, of which only the sizes matter.
struct FitChange {
  /// Alternatives of one kind; the gentlest first.
  enum Kind: CaseIterable, Hashable {
    case input
    case patches
    case layerCodes
    case ternary
    case fourBits
    case narrower
    case smallerInput
  }

  var kind: Kind
  var description: String
  var graph: Graph

  /// All variants that can be made of `graph`, one of them the patches that were found for it.
  static func candidates(_ graph: Graph, _ patching: Patching?) -> [FitChange] {
    var result: [FitChange] = []
    if let codes = graph.takingCodes {
      result.append(.init(kind: .input, description: "give the input as 8-bit codes, not as float32", graph: codes))
    }
    if let patching {
      result.append(
        .init(
          kind: .patches, description: "the first layers in \(patching.count) patches (--patches \(patching.count))",
          graph: patching.graph))
    }
    let layers = graph.weightLayers
    for layer in layers.sorted(by: { $0.weightCount > $1.weightCount }).prefix(4) where layer.bits > 2 {
      result.append(
        .init(
          kind: .layerCodes, description: "ternary weights in layer '\(layer.name.escapedForDisplay)'",
          graph: graph.withWeights(of: [layer.node], limitedTo: 1)))
    }
    let inner = layers.dropFirst().dropLast().map(\.node)
    if inner.count > 1 {
      result.append(
        .init(
          kind: .ternary, description: "ternary weights in all layers but the first and the last",
          graph: graph.withWeights(of: inner, limitedTo: 1)))
    }
    if layers.contains(where: { $0.bits > 4 }) {
      result.append(
        .init(
          kind: .fourBits, description: "weights of 4 bits in all layers",
          graph: graph.withWeights(of: layers.map(\.node), limitedTo: 7)))
    }
    for (share, text) in [
      (0.75, "three quarters of the channels"), (0.5, "half of the channels"), (0.25, "a quarter of the channels"),
    ] {
      if let narrower = graph.resized(channels: share) {
        result.append(.init(kind: .narrower, description: "\(text) in every layer but the last", graph: narrower))
      }
    }
    if let smaller = graph.resized(halvesInput: true) {
      result.append(.init(kind: .smallerInput, description: "half the rows and columns of the input", graph: smaller))
    }
    return result
  }
}

extension Graph {
  /// Layers with coded weights, in order.
  fileprivate var weightLayers: [(node: Int, name: String, weightCount: Int, bits: Int)] {
    nodes.indices.compactMap { index in
      guard nodes[index].inputs.count > 1, case .coded(let coded)? = constant(nodes[index].inputs[1]) else {
        return nil
      }
      var distinct = Set<Int8>()
      for code in coded.codes.scalars where distinct.insert(code).inserted && distinct.count > 16 { break }
      return (
        index, nodes[index].name, coded.shape.elementCount, distinct.count > 16 ? 8 : distinct.count > 4 ? 4 : 2
      )
    }
  }

  /// With the weights of these layers in −limit...limit.
  fileprivate func withWeights(of layers: [Int], limitedTo limit: Int8) -> Graph {
    var result = self
    for index in layers {
      guard let id = nodes[index].inputs[1], case .coded(let coded)? = constants[id] else { continue }
      let codes = coded.codes.map { max(-limit, min(limit, $0)) }
      result.constants[id] = .coded(CodedTensor(codes: codes, encoding: .weights))
    }
    return result
  }

  /// Without the quantization that the graph begins with; nil if it begins with codes.
  fileprivate var takingCodes: Graph? {
    var result = self
    for (place, input) in inputs.enumerated() {
      let users = nodes.indices.filter { nodes[$0].inputs.contains(input) }
      guard users.count == 1, let user = users.first, case .quantize(_, .uint8) = nodes[user].operator else { continue }
      let codes = nodes[user].output
      result.inputs[place] = codes
      result.nodes.removeAll { $0.output == codes }
    }
    return result.inputs == inputs ? nil : result
  }
}

extension Encoding {
  /// Of weights whose scale is of no account.
  static let weights = Encoding.affine(AffineEncoding(scale: 1, isSigned: true))
}
