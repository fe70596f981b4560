import Graphs

extension Graph {
  /// The graph in which nodes with the same operator and the same operands are one.
  public func mergingDuplicates() -> Graph {
    struct Key: Hashable {
      var `operator`: Operator
      var inputs: [ValueID?]
    }
    var rewriting = Rewriting(self)
    var first: [Key: ValueID] = [:]
    for index in rewriting.indices {
      guard let node = rewriting.node(index) else { continue }
      let key = Key(operator: node.operator, inputs: node.inputs)
      if let twin = first[key], rewriting.graph[twin].encoding == rewriting.graph[node.output].encoding,
        !rewriting.isOutput(node.output)
      {
        rewriting.bypass(index, to: twin)
      } else {
        first[key] = node.output
      }
    }
    return rewriting.finished()
  }
}
