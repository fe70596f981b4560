import Graphs
import Tensors

extension ONNXRule {
  static let rmsNormalization = ONNXRule("RMSNormalization", 23...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let first = try node.axis(try node.attributes.integer("axis", default: -1), of: node.type(x))
    let squares = try node.binary(.multiply, x, x)
    let mean = try node.reduce(.mean, squares, axes: Array(first..<node.type(x).rank))
    let epsilon = node.scalar(try node.attributes.float("epsilon", default: 1e-5))
    let inverse = try node.unary(.reciprocal, try node.unary(.squareRoot, try node.binary(.add, mean, epsilon)))
    return [try node.binary(.multiply, try node.binary(.multiply, x, inverse), try node.operand(1))]
  }
}
