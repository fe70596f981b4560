import Graphs
import Tensors

extension ONNXRule {
  /// The places of the largest elements (a second result) are not supported.
  static let maxPool = ONNXRule("MaxPool", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    return [try node.emit(.pooling(try node.pooling(.maximum, of: node.type(x))), x)]
  }
}
