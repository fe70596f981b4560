import Graphs
import Tensors

extension ONNXRule {
  static let localResponseNormalization = ONNXRule("LRN", 1...28) { (node) throws(ONNXFailure) in
    guard let size = try node.attributes.integer("size") else { throw .damaged("size is missing") }
    let function = Operator.localResponseNormalization(
      size: size, alpha: try node.attributes.float("alpha", default: 1e-4),
      beta: try node.attributes.float("beta", default: 0.75), bias: try node.attributes.float("bias", default: 1))
    return [try node.emit(function, try node.operand(0))]
  }
}
