import Graphs
import Networks
import Tensors
import Testing

@testable import Training

@Suite struct RecyclingTests {
  /// ResNet-8 whose first layers have lost some filters: to 0.015 of their weights, with factors to match.
  private func worn(
    _ dormant: Set<Int>, layers: Range<Int>
  ) throws -> (graph: Graph, nodes: [(layer: Node, norm: Node)]) {
    var graph = try Networks.named("resnet8", seed: 3)
    let norms = graph.nodes.filter { if case .batchNormalization = $0.operator { true } else { false } }
    let nodes = try norms.map { norm in
      (layer: try #require(graph.nodes.first { $0.output == norm.inputs[0] }), norm: norm)
    }
    for (layer, norm) in nodes[layers] {
      for (id, isWeights) in [(layer.inputs[1], true), (norm.inputs[1], false)] {
        var tensor = try floats(graph, id)
        let size = tensor.scalars.count / tensor.shape[0]
        for index in tensor.scalars.indices where dormant.contains(index / size) {
          tensor.scalars[index] *= isWeights ? 0.015 : 0.001
        }
        graph.constants[try #require(id)] = .tensor(.float32(tensor))
      }
    }
    return (graph, nodes)
  }

  private func floats(_ graph: Graph, _ id: ValueID?) throws -> Tensor<Float> {
    try #require(graph.constant(id)?.tensor.asFloat32)
  }

  @Test("Filters that have died begin anew with the median norm, all others keep their bits", arguments: UInt64(1)...3)
  func recycles(seed: UInt64) throws {
    let dormant: Set = [2, 7, 15]
    let (graph, nodes) = try worn(dormant, layers: 0..<3)
    let result = graph.recyclingDormantFilters(below: 0.025, seed: seed)
    #expect(result.filterCount == 9 && result.layerCount == 3)
    for (index, (layer, norm)) in nodes.enumerated() {
      let (before, after) = (try floats(graph, layer.inputs[1]), try floats(result.graph, layer.inputs[1]))
      let size = after.scalars.count / after.shape[0]
      func norms(_ tensor: Tensor<Float>) -> [Float] {
        (0..<tensor.shape[0]).map { filter in
          tensor.scalars[filter * size..<(filter + 1) * size].reduce(0) { $0 + $1 * $1 }.squareRoot()
        }
      }
      let median = norms(before).sorted()[before.shape[0] / 2]
      for filter in 0..<after.shape[0] {
        let range = filter * size..<(filter + 1) * size
        guard index < 3, dormant.contains(filter) else {
          #expect(after.scalars[range] == before.scalars[range])
          continue
        }
        #expect(abs(norms(after)[filter] / median - 1) < 1e-5)
        #expect(Set(after.scalars[range]).count > size * 9 / 10)
      }
      for operand in 1..<5 where index < 3 {
        let values = try floats(result.graph, norm.inputs[operand]).scalars
        // Fresh networks have factors and variances of 1, shifts and means of 0.
        #expect(values.allSatisfy { $0 == [1, 0, 0, 1][operand - 1] })
      }
    }
    let other = graph.recyclingDormantFilters(below: 0.025, seed: seed + 1).graph
    #expect(result.graph == graph.recyclingDormantFilters(below: 0.025, seed: seed).graph && result.graph != other)
  }

  @Test("Networks whose filters all live, and layers without a median, stay as they are")
  func nothing() throws {
    let (graph, _) = try worn([], layers: 0..<0)
    #expect(graph.recyclingDormantFilters(below: 0.5, seed: 1).graph == graph)
    let (empty, _) = try worn(Set(0..<64), layers: 0..<7)
    #expect(empty.recyclingDormantFilters(below: 0.5, seed: 1).filterCount == 0)
    var zero = graph
    for (id, constant) in zero.constants {
      zero.constants[id] = .tensor(.float32(Tensor(repeating: 0, shape: constant.shape)))
    }
    #expect(zero.recyclingDormantFilters(below: 0.5, seed: 1).filterCount == 0)
  }
}
