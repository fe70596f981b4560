extension Graph {
  /// The graph without the nodes, constants and values that no output depends on; values are numbered anew.
  ///
  /// Inputs stay even if nothing reads them.
  public func removingDeadNodes() -> Graph {
    var isAlive = [Bool](repeating: false, count: values.count)
    for id in inputs + outputs { isAlive[id.index] = true }
    for node in nodes.reversed() where isAlive[node.output.index] {
      for case let id? in node.inputs { isAlive[id.index] = true }
    }
    var places = [ValueID?](repeating: nil, count: values.count)
    var result = Graph()
    for index in values.indices where isAlive[index] {
      places[index] = ValueID(result.values.count)
      result.values.append(values[index])
    }
    for node in nodes {
      guard let output = places[node.output.index] else { continue }
      let inputs = node.inputs.map { $0.flatMap { places[$0.index] } }
      result.nodes.append(Node(name: node.name, operator: node.operator, inputs: inputs, output: output))
    }
    for (id, constant) in constants {
      if let place = places[id.index] { result.constants[place] = constant }
    }
    result.inputs = inputs.compactMap { places[$0.index] }
    result.outputs = outputs.compactMap { places[$0.index] }
    return result
  }
}
