import Tensors

extension Graph {
  /// Checks everything that `append` would have checked, for a graph that came from a file.
  ///
  /// Afterwards every index is in range, operands come before their use, every value has one origin, and every
  /// type is the inferred one.
  public func validate() throws(GraphError) {
    var isDefined = [Bool](repeating: false, count: values.count)
    func define(_ id: ValueID, node: String) throws(GraphError) {
      guard values.indices.contains(id.index) else { throw GraphError(.undefinedOperand(id.index), node: node) }
      guard !isDefined[id.index] else {
        throw GraphError(.mismatch("value \(id.index) is computed twice"), node: node)
      }
      isDefined[id.index] = true
    }
    for id in inputs { try define(id, node: "") }
    for (id, constant) in constants {
      try define(id, node: "")
      guard self[id].type == constant.type else {
        throw GraphError(.type(declared: self[id].type, inferred: constant.type), node: self[id].name)
      }
    }
    for node in nodes {
      for case let id? in node.inputs {
        guard values.indices.contains(id.index) else { throw GraphError(.undefinedOperand(id.index), node: node.name) }
        guard isDefined[id.index] else { throw GraphError(.order(value: id.index), node: node.name) }
      }
      try define(node.output, node: node.name)
      let inferred = try inferType(of: node.operator, node.inputs, node: node.name)
      guard inferred == self[node.output].type else {
        throw GraphError(.type(declared: self[node.output].type, inferred: inferred), node: node.name)
      }
    }
    for id in outputs {
      guard values.indices.contains(id.index) else { throw GraphError(.undefinedOperand(id.index)) }
      guard isDefined[id.index] else { throw GraphError(.order(value: id.index)) }
    }
  }
}
