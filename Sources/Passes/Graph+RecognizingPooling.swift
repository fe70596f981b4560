import Graphs

extension Graph {
  /// Means and maxima over all spatial axes of `[N, C, spatial...]` as pooling with one window.
  public func recognizingPooling() -> Graph {
    var rewriting = Rewriting(self)
    var index = 0
    while index < rewriting.indices.upperBound {
      defer { index += 1 }
      guard let node = rewriting.node(index), let pooling = rewriting.globalPooling(node), let x = node.inputs[0],
        let pooled = rewriting.insert(.pooling(pooling), [x], name: node.name, before: index)
      else { continue }
      index += 1
      let encoding = rewriting.graph[node.output].encoding
      if rewriting.replace(index, by: .reshape(rewriting.graph[node.output].type.dimensions), [pooled]) {
        rewriting.setEncoding(encoding, of: pooled)
      }
    }
    return rewriting.finished().removingIdentities()
  }
}

extension Rewriting {
  /// The pooling that a reduction is, but for extents of 1 that may be missing in its result.
  fileprivate func globalPooling(_ node: Node) -> Pooling? {
    guard case .reduction(let reduction, let axes, _) = node.operator, let x = node.inputs[0] else { return nil }
    let type = graph[x].type
    let extents = type.dimensions.dropFirst(2).compactMap(\.fixedExtent)
    guard type.elementType == .float32, (3...5).contains(type.rank), axes == Array(2..<type.rank),
      extents.count == axes.count, extents.allSatisfy({ $0 >= 1 })
    else { return nil }
    switch reduction {
    case .mean: return Pooling(kind: .average, window: Window(kernel: extents))
    case .maximum: return Pooling(kind: .maximum, window: Window(kernel: extents))
    case .sum, .product, .minimum, .l1, .l2, .sumOfSquares, .logSum, .logSumExponential: return nil
    }
  }
}
