import Graphs
import Tensors

extension ONNXRule {
  static let lpNormalization = ONNXRule("LpNormalization", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let axis = try node.axis(try node.attributes.integer("axis", default: -1), of: node.type(x))
    let reduction: Reduction
    switch try node.attributes.integer("p", default: 2) {
    case 1: reduction = .l1
    case 2: reduction = .l2
    case let other: throw .damaged("p is 1 or 2, not \(other)")
    }
    let norm = try node.reduce(reduction, x, axes: [axis])
    let ratio = try node.binary(.divide, x, norm)
    // A row of zeros stays zero.
    let isZero = try node.emit(.comparison(.equal), norm, node.scalar(0))
    return [try node.emit(.select, isZero, node.scalar(0), ratio)]
  }
}
