import Graphs
import Tensors

extension Scheduler {
  /// Maps side by side, or one below the other.
  mutating func addConcatenation(_ index: Int) -> Bool {
    let node = graph.nodes[index]
    let early = joined[index] ?? []
    var (reads, regions): ([BufferID], [CopyRegion]) = ([], [])
    guard isJoinable(node), node.inputs.allSatisfy({ $0.map { places[$0.index].map != nil } ?? false }),
      let output = early.isEmpty ? newMap(node.output, node: index) : places[node.output.index].map
    else {
      // Whatever was joined early is of no use.
      places[node.output.index] = Place()
      return false
    }
    for (position, id) in node.inputs.enumerated() {
      guard let id, !early.contains(id), let buffer = map(id, node: index),
        let region = region(node, position, buffer, output, read: reads.count)
      else { continue }
      reads.append(buffer)
      regions.append(region)
    }
    if !regions.isEmpty { emit(.copy(regions), reads, output, node: index) }
    return true
  }

  /// Copies a value, once it is computed, into the result of the concatenation that alone reads it: so that not all
  /// operands are in memory together with the result.
  mutating func joinEarly(_ id: ValueID) {
    guard useCounts[id.index] == 1, places[id.index].map != nil,
      let index = graph.nodes.firstIndex(where: { $0.inputs.contains(id) }),
      case let node = graph.nodes[index], isJoinable(node), let position = node.inputs.firstIndex(of: id),
      let buffer = map(id, node: index),
      let output = joined[index] == nil ? newMap(node.output, node: index) : places[node.output.index].map,
      let region = region(node, position, buffer, output, read: 0)
    else { return }
    emit(.copy([region]), [buffer], output, node: index)
    joined[index, default: []].insert(id)
  }

  /// Whether a node joins channels or rows of maps that are computed.
  private func isJoinable(_ node: Node) -> Bool {
    guard case .concatenation(let axis) = node.operator, axis == 1 || axis == 2 && shapes[node.output.index].rank == 4
    else { return false }
    return node.inputs.allSatisfy { $0.map { graph.constants[$0] == nil } ?? false }
  }

  /// Where an operand of a concatenation goes.
  private func region(
    _ node: Node, _ position: Int, _ source: BufferID, _ result: BufferID, read: Int
  ) -> CopyRegion? {
    guard case .concatenation(let axis) = node.operator, let from = mapLayout(source), let to = mapLayout(result) else {
      return nil
    }
    let before = node.inputs[..<position].reduce(0) { $0 + ($1.map { shapes[$0.index][axis] } ?? 0) }
    var region = CopyRegion(from, to, read: read)
    region.destination.offset += before * (axis == 1 ? to.elementType.byteCount : to.rowByteCount)
    return region
  }
}
