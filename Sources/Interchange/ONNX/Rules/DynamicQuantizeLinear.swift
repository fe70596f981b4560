import Graphs
import Tensors

extension ONNXRule {
  /// Codes, scale and zero point from the data's own extremes.
  static let dynamicQuantizeLinear = ONNXRule("DynamicQuantizeLinear", 11...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let axes = Array(0..<node.type(x).rank)
    let zero = node.scalar(0)
    let smallest = try node.binary(.minimum, zero, try node.reduce(.minimum, x, axes: axes, keepsAxes: false))
    let largest = try node.binary(.maximum, zero, try node.reduce(.maximum, x, axes: axes, keepsAxes: false))
    let scale = try node.binary(.divide, try node.binary(.subtract, largest, smallest), node.scalar(255))
    let shift = try node.binary(.subtract, zero, try node.binary(.divide, smallest, scale))
    let clipped = try node.unary(.clip(Clamp(lower: 0, upper: 255)), shift)
    let zeroPoint = try node.cast(try node.unary(.round, clipped), to: .uint8)
    return [try node.quantized(x, scale: scale, zeroPoint: zeroPoint, .uint8), scale, zeroPoint]
  }
}
