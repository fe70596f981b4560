import Graphs
import Tensors

/// An encoded graph as a real one: what coding costs becomes visible in plain float32.
public struct SimulatedQuantization: Sendable {
  /// Real operators with quantize and dequantize nodes; no encodings, no coded weights.
  public var graph: Graph
  /// Where each value of the encoded graph is found in `graph`: after it has been coded, if it is.
  public var values: [ValueID: ValueID]
}

extension Graph {
  /// The encoded graph with its coding written out: each encoded value is quantized and dequantized where it is made,
  /// and weights are what their codes stand for.
  ///
  ///     let simulated = try encoded.simulatingQuantization()
  ///     // Reference or a float runtime evaluates simulated.graph.
  ///
  /// - Parameter selected: values to code; nil for all that have an encoding. With one value only, its part in the
  ///   error is seen alone.
  /// - Throws: `GraphError` when the graph is not well-formed.
  public func simulatingQuantization(of selected: Set<ValueID>? = nil) throws(GraphError) -> SimulatedQuantization {
    var graph = Graph()
    var map: [ValueID: ValueID] = [:]
    func code(_ id: ValueID) throws(GraphError) {
      guard let made = map[id], case .affine(let encoding)? = self[id].encoding, selected?.contains(id) ?? true else {
        return
      }
      let type: ElementType = encoding.bitWidth > 8 ? .int32 : encoding.isSigned ? .int8 : .uint8
      let name = self[id].name
      let codes = try graph.append(.quantize(encoding, type), [made], name: name + ".codes")
      map[id] = try graph.append(.dequantize(encoding), [codes], name: name + ".coded")
    }
    for id in inputs {
      map[id] = graph.addInput(self[id].name, self[id].type)
      try code(id)
    }
    for (id, constant) in constants.sorted(by: { $0.key < $1.key }) {
      map[id] = graph.addConstant(self[id].name, constant.tensor)
    }
    for node in nodes {
      let operands = node.inputs.map { $0.flatMap { map[$0] } }
      map[node.output] = try graph.append(node.operator, operands, name: node.name)
      try code(node.output)
    }
    graph.outputs = outputs.compactMap { map[$0] }
    return SimulatedQuantization(graph: graph, values: map)
  }
}
