import Graphs
import Tensors

extension ONNXRule {
  static let identity = ONNXRule("Identity", 1...28) { (node) throws(ONNXFailure) in [try node.operand(0)] }
}
