import Graphs
import Tensors

extension ONNXNode {
  /// `(x − mean) / sqrt(variance + epsilon)` along `axes`, with its parts (axes kept).
  func normalized(
    _ x: ValueID, axes: [Int], epsilon: Float
  ) throws(ONNXFailure) -> (result: ValueID, mean: ValueID, inverseDeviation: ValueID) {
    let mean = try reduce(.mean, x, axes: axes)
    let centered = try binary(.subtract, x, mean)
    let variance = try reduce(.mean, try binary(.multiply, centered, centered), axes: axes)
    let deviation = try unary(.squareRoot, try binary(.add, variance, scalar(epsilon)))
    let inverse = try unary(.reciprocal, deviation)
    return (try binary(.multiply, centered, inverse), mean, inverse)
  }

  /// `x · operand 1 + operand 2`, both vectors of `count`, lined up with the axis before `trailing` others.
  func scaledAndShifted(_ x: ValueID, trailing: Int, count: Int) throws(ONNXFailure) -> ValueID {
    let column = [.fixed(count)] + [Dimension](repeating: .fixed(1), count: trailing)
    let scale = try reshape(try operand(1), column)
    let bias = try reshape(try operand(2), column)
    return try binary(.add, try binary(.multiply, x, scale), bias)
  }
}
