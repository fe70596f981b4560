import Graphs
import Planning
import Tensors
import Testing

@Suite struct ConcatenationTests {
  /// Three maps of 256 bytes, computed one after the other and joined, and a map made of the result.
  private func graph(axis: Int) throws -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.uint8, [.batch(1), 4, 8, 8]))
    let table = LookupTable(results: (0..<256).map { UInt8(255 - $0) })
    let parts = try (0..<3).map { try graph.append(.integer(.lookup(table)), [x], name: "part \($0)") }
    let joined = try graph.append(.concatenation(axis: axis), parts, name: "joined")
    graph.outputs = [try graph.append(.integer(.lookup(table)), [joined], name: "end")]
    return graph
  }

  @Test("Operands of a concatenation are not all in memory beside its result", arguments: [1, 2])
  func joinsEarly(axis: Int) throws {
    let schedule = try Schedule(graph(axis: axis), form: .compact)
    // The result, one operand, and the map of x that the next operand is made of.
    #expect(schedule.arena.byteCount == 3 * 256 + 256 + 256)
  }

  @Test("Rows are joined as maps on hosts too")
  func joinsRows() throws {
    let schedule = try Schedule(graph(axis: 2))
    let copies = schedule.steps.map { if case .copy(let regions) = $0.action { regions.count } else { 0 } }
    #expect(copies.contains(3))
  }
}
