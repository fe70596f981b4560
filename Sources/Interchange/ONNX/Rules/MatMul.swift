import Graphs
import Tensors

extension ONNXRule {
  /// A dense layer for a matrix and a constant matrix, else a matrix product.
  static let matMul = ONNXRule("MatMul", 1...28) { (node) throws(ONNXFailure) in
    [try node.product(try node.operand(0), try node.operand(1))]
  }
}

extension ONNXNode {
  /// The matrix product; a dense layer where b is a constant matrix of reals and a is a matrix.
  func product(_ a: ValueID, _ b: ValueID) throws(ONNXFailure) -> ValueID {
    guard isConstant(b), type(b).elementType == .float32, type(b).rank == 2, type(a).rank == 2 else {
      return try emit(.matrixProduct, a, b)
    }
    return try emit(.dense(clamp: nil), a, try emit(.transpose([1, 0]), b))
  }

  func isConstant(_ id: ValueID) -> Bool { lowering.graph.constants[id] != nil }
}
