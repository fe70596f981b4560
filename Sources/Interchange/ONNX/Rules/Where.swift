import Graphs
import Tensors

extension ONNXRule {
  static let `where` = ONNXRule("Where", 9...28) { (node) throws(ONNXFailure) in
    [try node.emit(.select, try node.operand(0), try node.operand(1), try node.operand(2))]
  }
}
