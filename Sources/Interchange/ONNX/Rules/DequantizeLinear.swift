import Graphs
import Tensors

extension ONNXRule {
  /// Constant 8-bit codes stay codes: the result is a coded constant.
  static let dequantizeLinear = ONNXRule("DequantizeLinear", 10...28) { (node) throws(ONNXFailure) in
    try node.checkNoBlocks()
    return [try node.dequantized(0, scale: 1, zeroPoint: 2, axis: try node.attributes.integer("axis", default: 1))]
  }
}
