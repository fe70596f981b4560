import Graphs
import Tensors

extension ONNXRule {
  static let transpose = ONNXRule("Transpose", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let permutation = try node.attributes.integers("perm") ?? Array((0..<node.type(x).rank).reversed())
    return [try node.emit(.transpose(permutation), x)]
  }
}
