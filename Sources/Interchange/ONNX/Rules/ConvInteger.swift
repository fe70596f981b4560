import Graphs
import Tensors

extension ONNXRule {
  /// Exact in float32 as long as every sum stays below 2^24; larger ones are refused.
  static let convInteger = ONNXRule("ConvInteger", 10...28) { (node) throws(ONNXFailure) in
    let (x, weights) = (try node.operand(0), try node.operand(1))
    let convolution = try node.convolution(x: node.type(x), weights: node.type(weights))
    guard let shape = node.type(weights).fixedShape, shape.elementCount > 0 else {
      throw .unsupported("weights without elements")
    }
    // A code and its zero point differ by at most 255, so a sum of k products is at most k · 255².
    guard shape.elementCount / shape[0] <= (1 << 24) / (255 * 255) else {
      throw .unsupported("a window of \(shape.elementCount / shape[0]) products may exceed exact sums")
    }
    var centered = try node.cast(x, to: .float32)
    if let zeroPoint = try node.optionalOperand(2) {
      centered = try node.binary(.subtract, centered, try node.cast(zeroPoint, to: .float32))
    }
    var kernel = try node.cast(weights, to: .float32)
    if let zeroPoint = try node.optionalOperand(3) {
      let channels = node.type(zeroPoint).rank == 0 ? [] : [Dimension](repeating: .fixed(1), count: shape.rank - 1)
      let column = try node.reshape(zeroPoint, node.type(zeroPoint).dimensions + channels)
      kernel = try node.binary(.subtract, kernel, try node.cast(column, to: .float32))
    }
    let sums = try node.emit(.convolution(convolution), centered, kernel)
    return [try node.cast(sums, to: .int32)]
  }
}
