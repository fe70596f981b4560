import Graphs
import Tensors

extension ONNXRule {
  static let meanVarianceNormalization = ONNXRule("MeanVarianceNormalization", 9...28) {
    (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let axes = try node.axes(try node.attributes.integers("axes") ?? [0, 2, 3], rank: node.type(x).rank)
    let mean = try node.reduce(.mean, x, axes: axes)
    let centered = try node.binary(.subtract, x, mean)
    let variance = try node.reduce(.mean, try node.binary(.multiply, centered, centered), axes: axes)
    let deviation = try node.binary(.add, try node.unary(.squareRoot, variance), node.scalar(1e-9))
    return [try node.binary(.divide, centered, deviation)]
  }
}
