import Graphs
import Quantizers
import Tensors

/// Which layers get coded weights, which values become codes, and which of those share an encoding.
struct CodingPlan {
  /// A convolution or dense layer.
  struct Layer {
    /// Index in `graph.nodes`.
    var node: Int
    /// How its weights are coded; nil leaves the layer real.
    var weights: WeightQuantizerKind?
  }

  /// All convolutions and dense layers, in order.
  var layers: [Layer] = []
  /// By value: whether it is to be coded.
  var isCoded: [Bool]
  /// By value: the value that stands for all that share its encoding.
  private var parents: [Int]

  init(_ graph: Graph, _ options: QuantizationOptions) throws(CompressionError) {
    isCoded = [Bool](repeating: false, count: graph.values.count)
    parents = Array(graph.values.indices)
    layers = try Self.layers(graph, options)
    let realNodes = Set(layers.filter { $0.weights == nil }.map(\.node))
    markCoded(graph, realNodes)
    share(graph)
  }

  /// The value that stands for all that share `id`'s encoding.
  func group(_ id: ValueID) -> ValueID {
    var index = id.index
    while parents[index] != index { index = parents[index] }
    return ValueID(index)
  }

  /// Values are coded where a weighted sum reads them, and on the way there as far as codes can be computed.
  ///
  /// What only outputs depend on stays real: the last weighted sums give real results.
  private mutating func markCoded(_ graph: Graph, _ realNodes: Set<Int>) {
    for index in graph.values.indices where graph.values[index].encoding != nil { isCoded[index] = true }
    for (index, node) in graph.nodes.enumerated().reversed() {
      switch graph.integerRole(of: node) {
      case .weightedSum:
        if !realNodes.contains(index), let input = node.inputs[0] { isCoded[input.index] = true }
      case .computes, .moves:
        guard isCoded[node.output.index] else { continue }
        for case let id? in node.inputs where graph.isActivation(id) { isCoded[id.index] = true }
      case .real: continue
      }
    }
  }

  private mutating func share(_ graph: Graph) {
    // An encoding that a value came with is kept by its group; two different ones keep their values apart.
    var given = graph.values.map(\.encoding)
    for node in graph.nodes where graph.integerRole(of: node) == .moves && isCoded[node.output.index] {
      for case let id? in node.inputs where graph.isActivation(id) && isCoded[id.index] {
        let (a, b) = (group(id).index, group(node.output).index)
        guard a != b else { continue }
        if let left = given[a], let right = given[b], left != right { continue }
        let (root, child) = (min(a, b), max(a, b))
        given[root] = given[root] ?? given[child]
        parents[child] = root
      }
    }
  }

  private static func layers(_ graph: Graph, _ options: QuantizationOptions) throws(CompressionError) -> [Layer] {
    let nodes = graph.nodes.indices.filter { graph.integerRole(of: graph.nodes[$0]) == .weightedSum }
    let ends = graph.endLayers(nodes)
    var layers = nodes.map { node in
      Layer(node: node, weights: ends.contains(node) ? options.endWeights ?? options.weights : options.weights)
    }
    for override in options.overrides {
      var isUsed = false
      for (index, layer) in layers.enumerated()
      where override.selects(index: index, name: graph.nodes[layer.node].name) {
        isUsed = true
        switch override.treatment {
        case .real: layers[index].weights = nil
        case .weights(let kind): layers[index].weights = kind
        }
      }
      guard isUsed else { throw .noSuchLayer(override.selection, layerCount: layers.count) }
    }
    return layers
  }
}
