import Graphs
import Tensors

extension ONNXRule {
  /// With the stored statistics; training mode is refused.
  static let batchNormalization = ONNXRule("BatchNormalization", 1...28) { (node) throws(ONNXFailure) in
    let isTraining =
      node.opset < 7 ? try !node.attributes.flag("is_test") : try node.attributes.flag("training_mode")
    guard !isTraining else { throw .unsupported("training mode; export the model for inference") }
    guard try node.attributes.flag("spatial", default: true) else {
      throw .unsupported("statistics for every element; only those for every channel are known")
    }
    let epsilon = try node.attributes.float("epsilon", default: 1e-5)
    var operands: [ValueID] = []
    for index in 0..<5 { operands.append(try node.operand(index)) }
    return [try node.emit(.batchNormalization(epsilon: epsilon), operands)]
  }

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

  static let rmsNormalization = ONNXRule("RMSNormalization", 23...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let first = try node.axis(try node.attributes.integer("axis", default: -1), of: node.type(x))
    let squares = try node.binary(.multiply, x, x)
    let mean = try node.reduce(.mean, squares, axes: Array(first..<node.type(x).rank))
    let epsilon = node.scalar(try node.attributes.float("epsilon", default: 1e-5))
    let inverse = try node.unary(.reciprocal, try node.unary(.squareRoot, try node.binary(.add, mean, epsilon)))
    return [try node.binary(.multiply, try node.binary(.multiply, x, inverse), try node.operand(1))]
  }

  static let groupNormalization = ONNXRule("GroupNormalization", 18...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let type = node.type(x)
    guard type.rank >= 2, let channels = type.dimensions[1].fixedExtent else {
      throw .damaged("\(type) has no axis of channels")
    }
    guard let groups = try node.attributes.integer("num_groups"), groups >= 1, channels % groups == 0 else {
      throw .damaged("num_groups does not divide \(channels) channels")
    }
    let inner = try ([.fixed(channels / groups)] + type.dimensions.dropFirst(2)).joined()
    let grouped = try node.reshape(x, [type.dimensions[0], .fixed(groups), inner])
    let epsilon = try node.attributes.float("epsilon", default: 1e-5)
    var result = try node.normalized(grouped, axes: [2], epsilon: epsilon).result
    // Before set 21 scale and bias are given for each group, afterwards for each channel.
    let isPerGroup = node.opset < 21
    if !isPerGroup { result = try node.reshape(result, type.dimensions) }
    let trailing = isPerGroup ? 1 : type.rank - 2
    result = try node.scaledAndShifted(result, trailing: trailing, count: isPerGroup ? groups : channels)
    return [try node.reshape(result, type.dimensions)]
  }

  static let instanceNormalization = ONNXRule("InstanceNormalization", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let type = node.type(x)
    guard type.rank >= 3, let channels = type.dimensions[1].fixedExtent else {
      throw .damaged("\(type) has no axes of channels and places")
    }
    let epsilon = try node.attributes.float("epsilon", default: 1e-5)
    let result = try node.normalized(x, axes: Array(2..<type.rank), epsilon: epsilon).result
    return [try node.scaledAndShifted(result, trailing: type.rank - 2, count: channels)]
  }

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

  static let localResponseNormalization = ONNXRule("LRN", 1...28) { (node) throws(ONNXFailure) in
    guard let size = try node.attributes.integer("size") else { throw .damaged("size is missing") }
    let function = Operator.localResponseNormalization(
      size: size, alpha: try node.attributes.float("alpha", default: 1e-4),
      beta: try node.attributes.float("beta", default: 0.75), bias: try node.attributes.float("bias", default: 1))
    return [try node.emit(function, try node.operand(0))]
  }
}

extension ONNXNode {
  /// `(x − mean) / sqrt(variance + epsilon)` along `axes`, with its parts (axes kept).
  fileprivate func normalized(
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
  fileprivate func scaledAndShifted(_ x: ValueID, trailing: Int, count: Int) throws(ONNXFailure) -> ValueID {
    let column = [.fixed(count)] + [Dimension](repeating: .fixed(1), count: trailing)
    let scale = try reshape(try operand(1), column)
    let bias = try reshape(try operand(2), column)
    return try binary(.add, try binary(.multiply, x, scale), bias)
  }
}
