import Graphs
import Tensors

extension ONNXRule {
  static let convolution = ONNXRule("Conv", 1...28) { (node) throws(ONNXFailure) in
    let (x, weights) = (try node.operand(0), try node.operand(1))
    let convolution = try node.convolution(x: node.type(x), weights: node.type(weights))
    return [try node.emit(.convolution(convolution), x, weights, try node.optionalOperand(2))]
  }
}
