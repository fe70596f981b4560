import Graphs
import Tensors

extension Scheduler {
  /// Marks convolutions whose only use is an addition: the addition's step computes them.
  mutating func chooseFusions() {
    for (index, node) in graph.nodes.enumerated() {
      guard let sum = fusableSum(node), !isFused[sum.producer] else { continue }
      isFused[sum.producer] = true
      fusedSums[index] = sum
    }
  }

  /// The convolution that the addition `node` may take over.
  private func fusableSum(_ node: Node) -> FusedSum? {
    let isAddition: Bool
    switch node.operator {
    case .integer(.addition), .binary(.add, _): isAddition = true
    default: isAddition = false
    }
    guard isAddition, node.inputs.count == 2, let left = node.inputs[0], let right = node.inputs[1], left != right,
      graph[left].type == graph[right].type, shapes[left.index] == shapes[node.output.index]
    else { return nil }
    // Of two candidates the later one: its other operand is there already.
    let candidates = [(left, right), (right, left)].compactMap { sum, other -> FusedSum? in
      guard let producer = producers[sum.index], useCounts[sum.index] == 1, graph.constants[other] == nil,
        canAddResidual(graph.nodes[producer], to: node)
      else { return nil }
      return FusedSum(producer: producer, other: other, sumIsLeft: sum == left)
    }
    return candidates.max { $0.producer < $1.producer }
  }

  private func canAddResidual(_ producer: Node, to addition: Node) -> Bool {
    switch (producer.operator, addition.operator) {
    case (.integer(.convolution(let convolution, _, .codes)), .integer(.addition)):
      return convolution.groups == 1 && convolution.window.rank <= 2
    case (.convolution(let convolution), .binary(.add, _)):
      return convolution.groups == 1 && convolution.clamp == nil && convolution.window.rank <= 2
        && convolutionIsConstant(producer)
    default:
      return false
    }
  }

  /// Whether weights and bias of a convolution or dense node are constants.
  func convolutionIsConstant(_ node: Node) -> Bool {
    node.inputs.dropFirst().allSatisfy { $0.map { graph.constants[$0] != nil } ?? true }
  }
}

/// A convolution that an addition's step computes.
struct FusedSum {
  /// The convolution's node.
  var producer: Int
  /// The addition's other operand.
  var other: ValueID
  /// Whether the convolution is the addition's left operand.
  var sumIsLeft: Bool
}
