import Graphs

extension Graph {
  /// Those of `layers` with none of them before, or none after.
  ///
  /// They hold few of the weights and are the most sensitive.
  ///
  /// - Parameter layers: indices of nodes.
  public func endLayers(_ layers: [Int]) -> Set<Int> {
    let layers = Set(layers)
    var follows = [Bool](repeating: false, count: values.count)
    var precedes = follows
    var ends = Set<Int>()
    for (index, node) in nodes.enumerated() {
      let isAfter = node.inputs.contains { $0.map { follows[$0.index] } ?? false }
      if layers.contains(index) && !isAfter { ends.insert(index) }
      follows[node.output.index] = isAfter || layers.contains(index)
    }
    for (index, node) in nodes.enumerated().reversed() {
      let isBefore = precedes[node.output.index]
      if layers.contains(index) && !isBefore { ends.insert(index) }
      guard isBefore || layers.contains(index) else { continue }
      for case let id? in node.inputs { precedes[id.index] = true }
    }
    return ends
  }
}
