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

  /// Slices of slices, each as one.
  public func mergingSlices() -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index), case .slice(let outer) = node.operator, let middle = node.inputs[0],
        let producer = rewriting.producer(of: middle), case .slice(let inner) = producer.operator,
        let x = producer.inputs[0], rewriting.hasSameRounding(middle, as: x)
      else { continue }
      rewriting.replace(index, by: .slice(outer.composed(after: inner)), [x])
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

extension [AxisSlice] {
  /// First `inner`, then these, as one step per axis.
  fileprivate func composed(after inner: [AxisSlice]) -> [AxisSlice] {
    var result = inner
    for slice in self {
      guard let place = inner.firstIndex(where: { $0.axis == slice.axis }) else {
        result.append(slice)
        continue
      }
      let first = inner[place]
      result[place].start = slice.count == 0 ? 0 : first.start + slice.start * first.step
      result[place].step = slice.count > 1 ? first.step * slice.step : 1
      result[place].count = slice.count
    }
    return result
  }
}
