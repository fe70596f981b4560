import Graphs

extension Graph {
  /// Reshapes of reshapes, each as one.
  public func mergingReshapes() -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index), case .reshape = node.operator, let middle = node.inputs[0],
        let producer = rewriting.producer(of: middle), case .reshape = producer.operator, let x = producer.inputs[0],
        rewriting.hasSameRounding(middle, as: x)
      else { continue }
      rewriting.replace(index, by: node.operator, [x])
    }
    return rewriting.finished()
  }

  /// Transpositions of transpositions, each as one; one that only moves axes of extent 1 becomes a reshape.
  public func mergingTransposes() -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index), case .transpose(let outer) = node.operator, let middle = node.inputs[0]
      else { continue }
      let long = outer.filter { self[middle].type.dimensions[$0] != .fixed(1) }
      if long == long.sorted() {
        rewriting.replace(index, by: .reshape(self[node.output].type.dimensions), [middle])
      } else if let producer = rewriting.producer(of: middle), case .transpose(let inner) = producer.operator,
        let x = producer.inputs[0], rewriting.hasSameRounding(middle, as: x)
      {
        rewriting.replace(index, by: .transpose(outer.map { inner[$0] }), [x])
      }
    }
    return rewriting.finished()
  }
}
