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

  /// Before set 7 a slope with several elements has one per channel.
  static let pRelu = ONNXRule("PRelu", 1...28) { (node) throws(ONNXFailure) in
    let (x, slope) = (try node.operand(0), try node.operand(1))
    guard node.opset < 7, node.type(slope).rank == 1, node.type(x).rank > 2 else {
      return [try node.binary(.parametricRelu, x, slope)]
    }
    let column = node.type(slope).dimensions + [Dimension](repeating: .fixed(1), count: node.type(x).rank - 2)
    return [try node.binary(.parametricRelu, x, try node.reshape(slope, column))]
  }

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

  static let modulo = ONNXRule("Mod", 10...27) { (node) throws(ONNXFailure) in
    let function: BinaryFunction = try node.attributes.flag("fmod") ? .remainder : .modulo
    let (a, b) = (try node.operand(0), try node.operand(1))
    guard function == .remainder || node.type(a).elementType != .float32 else {
      throw .damaged("real numbers need fmod = 1")
    }
    return [try node.binary(function, a, b)]
  }

  static let cast = ONNXRule("Cast", 6...28) { (node) throws(ONNXFailure) in
    guard let to = try node.attributes.integer("to"), let foreign = Onnx_TensorProto.DataType(rawValue: to) else {
      throw .damaged("attribute 'to' names no element type")
    }
    guard let elementType = foreign.elementType else {
      throw .unsupported("element type \(foreign.label) is not supported")
    }
    return [try node.cast(try node.operand(0), to: elementType)]
  }

  static let castLike = ONNXRule("CastLike", 15...28) { (node) throws(ONNXFailure) in
    [try node.cast(try node.operand(0), to: try node.type(1).elementType)]
  }

  static let identity = ONNXRule("Identity", 1...28) { (node) throws(ONNXFailure) in [try node.operand(0)] }

  /// Does nothing in inference; the mask is all ones.
  static let dropout = ONNXRule("Dropout", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    var isTraining = false
    if node.opset < 7 {
      isTraining = !(try node.attributes.flag("is_test"))
    } else if node.opset >= 12, node.has(2) {
      isTraining = try node.optionalNumber(2) != 0
    }
    guard !isTraining else { throw .unsupported("training mode; export the model for inference") }
    guard node.uses(output: 1) else { return [x] }
    let one = node.constant(.bool(Tensor(true)))
    let mask = try node.emit(.expand(node.type(x).dimensions), one)
    return [x, node.opset < 10 ? try node.cast(mask, to: node.type(x).elementType) : mask]
  }

  static let `where` = ONNXRule("Where", 9...28) { (node) throws(ONNXFailure) in
    [try node.emit(.select, try node.operand(0), try node.operand(1), try node.operand(2))]
  }

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

extension ONNXNode {
  /// A limit of `Clip`: nil where it is not given or not known.
  fileprivate func limit(_ index: Int) throws(ONNXFailure) -> Float? {
    guard let tensor = try knownConstant(index) else { return nil }
    guard tensor.shape.elementCount == 1, let number = tensor.doubles.first else {
      throw .damaged("a limit is one number, not \(tensor.shape)")
    }
    return Float(number)
  }
}
