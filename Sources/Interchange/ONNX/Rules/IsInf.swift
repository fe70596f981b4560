import Graphs
import Tensors

extension ONNXRule {
  static let isInf = ONNXRule("IsInf", 10...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let isPositive = try node.attributes.flag("detect_positive", default: true)
    let isNegative = try node.attributes.flag("detect_negative", default: true)
    guard isPositive || isNegative else { throw .unsupported("infinities of no sign") }
    let subject = isPositive && isNegative ? try node.unary(.absolute, x) : x
    let infinity = node.scalar(isPositive ? Float.infinity : -Float.infinity)
    return [try node.emit(.comparison(.equal), subject, infinity)]
  }
}
