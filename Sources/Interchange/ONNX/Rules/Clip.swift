import Graphs
import Tensors

extension ONNXRule {
  /// Limits are attributes before set 11, operands afterwards.
  static let clip = ONNXRule("Clip", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    if node.opset < 11 {
      let clamp = Clamp(
        lower: try node.attributes.float("min", default: -.infinity),
        upper: try node.attributes.float("max", default: .infinity))
      return [try node.unary(.clip(clamp), x)]
    }
    guard node.has(1) || node.has(2) else { return [x] }
    let (lower, upper) = (try node.limit(1), try node.limit(2))
    // One core clip if both limits are known; limits of whole numbers may not fit its float32.
    let areKnown = node.has(1) == (lower != nil) && node.has(2) == (upper != nil)
    if areKnown, node.type(x).elementType == .float32 {
      return [try node.unary(.clip(Clamp(lower: lower ?? -.infinity, upper: upper ?? .infinity)), x)]
    }
    var result = x
    if let lower = try node.optionalOperand(1) { result = try node.binary(.maximum, result, lower) }
    if let upper = try node.optionalOperand(2) { result = try node.binary(.minimum, result, upper) }
    return [result]
  }
}

extension ONNXNode {
  /// A limit of `Clip`: nil where it is not given or not known.
  func limit(_ index: Int) throws(ONNXFailure) -> Float? {
    guard let tensor = try knownConstant(index) else { return nil }
    guard tensor.shape.elementCount == 1, let number = tensor.doubles.first else {
      throw .damaged("a limit is one number, not \(tensor.shape)")
    }
    return Float(number)
  }
}
