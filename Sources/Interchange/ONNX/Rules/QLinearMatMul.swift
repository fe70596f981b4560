import Graphs
import Tensors

extension ONNXRule {
  static let qLinearMatMul = ONNXRule("QLinearMatMul", 10...28) { (node) throws(ONNXFailure) in
    let a = try node.dequantized(0, scale: 1, zeroPoint: 2, axis: -2)
    let b = try node.dequantized(3, scale: 4, zeroPoint: 5, axis: -1)
    return [try node.requantized(try node.product(a, b), scale: 6, zeroPoint: 7)]
  }
}
