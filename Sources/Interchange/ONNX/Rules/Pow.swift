import Graphs
import Tensors

extension ONNXRule {
  /// The result has the base's element type; with mixed types the power is taken in float32.
  static let power = ONNXRule("Pow", 1...28) { (node) throws(ONNXFailure) in
    let (base, exponent) = try node.broadcastOperands()
    let (a, b) = (node.type(base).elementType, node.type(exponent).elementType)
    if a == b { return [try node.binary(.power, base, exponent)] }
    if a.isInteger && b.isInteger {
      return [try node.binary(.power, base, try node.cast(exponent, to: a))]
    }
    let power = try node.binary(.power, try node.cast(base, to: .float32), try node.cast(exponent, to: .float32))
    return [try node.cast(power, to: a)]
  }
}
