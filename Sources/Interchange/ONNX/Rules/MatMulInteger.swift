import Graphs
import Tensors

extension ONNXRule {
  /// Exact in int32, whose sums wrap around.
  static let matMulInteger = ONNXRule("MatMulInteger", 10...28) { (node) throws(ONNXFailure) in
    var a = try node.cast(try node.operand(0), to: .int32)
    var b = try node.cast(try node.operand(1), to: .int32)
    if let zeroPoint = try node.optionalOperand(2) {
      var rows = try node.cast(zeroPoint, to: .int32)
      if node.type(rows).rank == 1, node.type(rows).dimensions != [.fixed(1)] {
        rows = try node.reshape(rows, node.type(rows).dimensions + [.fixed(1)])
      }
      a = try node.binary(.subtract, a, rows)
    }
    if let zeroPoint = try node.optionalOperand(3) {
      b = try node.binary(.subtract, b, try node.cast(zeroPoint, to: .int32))
    }
    return [try node.emit(.matrixProduct, a, b)]
  }
}
