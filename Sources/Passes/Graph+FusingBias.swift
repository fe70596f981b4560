import Graphs
import Tensors

extension Graph {
  /// Matrix products with constant weights as dense layers, and additions of a constant per channel as the bias of
  /// the convolution or dense layer before them.
  public func fusingBias() -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index) else { continue }
      switch node.operator {
      case .matrixProduct: rewriting.replaceByDense(index, node)
      case .binary(.add, let clamp): rewriting.fuseBias(index, node, clamp: clamp, isSubtracted: false)
      case .binary(.subtract, let clamp): rewriting.fuseBias(index, node, clamp: clamp, isSubtracted: true)
      default: continue
      }
    }
    return rewriting.finished()
  }
}

extension Rewriting {
  fileprivate mutating func replaceByDense(_ index: Int, _ node: Node) {
    guard let x = node.inputs[0], let right = node.inputs[1], let constant = graph.constant(right),
      graph[x].type.rank == 2, constant.shape.rank == 2, let transposed = constant.transposed([1, 0])
    else { return }
    let weights = addConstant(graph[right].name, transposed)
    replace(index, by: .dense(clamp: nil), [x, weights])
  }

  fileprivate mutating func fuseBias(_ index: Int, _ node: Node, clamp: Clamp?, isSubtracted: Bool) {
    for (operand, constant) in pairs(node).prefix(isSubtracted ? 1 : 2) {
      guard let producer = fusibleProducer(of: operand), let sum = WeightedSum(producer, in: self), sum.clamp == nil,
        let values = channelVector(constant, channels: sum.channels, rank: graph[node.output].type.rank)
      else { continue }
      let offsets = isSubtracted ? values.map { -$0 } : values
      if sum.replace(index, scales: nil, offsets: offsets, clamp: clamp, in: &self) { return }
    }
  }
}
