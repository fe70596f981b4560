import Graphs
import Tensors

extension ONNXRule {
  /// The mean and the inverse deviation are results too.
  static let layerNormalization = ONNXRule("LayerNormalization", 17...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let first = try node.axis(try node.attributes.integer("axis", default: -1), of: node.type(x))
    let parts = try node.normalized(
      x, axes: Array(first..<node.type(x).rank), epsilon: try node.attributes.float("epsilon", default: 1e-5))
    var result = try node.binary(.multiply, parts.result, try node.operand(1))
    if let bias = try node.optionalOperand(2) { result = try node.binary(.add, result, bias) }
    return [result, parts.mean, parts.inverseDeviation]
  }
}
