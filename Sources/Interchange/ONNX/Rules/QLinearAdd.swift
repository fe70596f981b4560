import Graphs
import Tensors

extension ONNXRule {
  static let qLinearAdd = ONNXRule("QLinearAdd", domain: "com.microsoft", 1...1) { (node) throws(ONNXFailure) in
    let a = try node.dequantized(0, scale: 1, zeroPoint: 2, axis: 1)
    let b = try node.dequantized(3, scale: 4, zeroPoint: 5, axis: 1)
    return [try node.requantized(try node.binary(.add, a, b), scale: 6, zeroPoint: 7)]
  }
}
