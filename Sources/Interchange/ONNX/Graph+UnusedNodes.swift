import Graphs

extension Graph {
  /// The graph without nodes and constants that no output needs; inputs stay.
  var withoutUnusedNodes: Graph {
    var isNeeded = [Bool](repeating: false, count: values.count)
    for id in inputs + outputs { isNeeded[id.index] = true }
    for node in nodes.reversed() where isNeeded[node.output.index] {
      for case let id? in node.inputs { isNeeded[id.index] = true }
    }
    var result = Graph()
    var places = [ValueID?](repeating: nil, count: values.count)
    for (index, value) in values.enumerated() where isNeeded[index] {
      places[index] = ValueID(result.values.count)
      result.values.append(value)
    }
    for node in nodes {
      guard let output = places[node.output.index] else { continue }
      var kept = node
      kept.output = output
      kept.inputs = node.inputs.map { $0.flatMap { places[$0.index] } }
      result.nodes.append(kept)
    }
    for (id, constant) in constants {
      if let place = places[id.index] { result.constants[place] = constant }
    }
    result.inputs = inputs.compactMap { places[$0.index] }
    result.outputs = outputs.compactMap { places[$0.index] }
    return result
  }
}
