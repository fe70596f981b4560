import Graphs
import Tensors

extension ONNXRule {
  static let quantizeLinear = ONNXRule("QuantizeLinear", 10...28) { (node) throws(ONNXFailure) in
    let x = try node.cast(try node.operand(0), to: .float32)
    let codes = try node.codeType(zeroPoint: 2)
    try node.checkNoBlocks()
    let axis = try node.attributes.integer("axis", default: 1)
    if let encoding = try node.encoding(scale: 1, zeroPoint: 2, codes: codes, type: node.type(x), axis: axis) {
      return [try node.emit(.quantize(encoding, codes), x)]
    }
    let scale = try node.lined(1, with: node.type(x), axis: axis)
    let zeroPoint = node.has(2) ? try node.lined(2, with: node.type(x), axis: axis) : nil
    return [try node.quantized(x, scale: scale, zeroPoint: zeroPoint, codes)]
  }

  /// Constant 8-bit codes stay codes: the result is a coded constant.
  static let dequantizeLinear = ONNXRule("DequantizeLinear", 10...28) { (node) throws(ONNXFailure) in
    try node.checkNoBlocks()
    return [try node.dequantized(0, scale: 1, zeroPoint: 2, axis: try node.attributes.integer("axis", default: 1))]
  }

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

  /// Real convolution between dequantization and quantization; the weights stay codes.
  static let qLinearConv = ONNXRule("QLinearConv", 10...28) { (node) throws(ONNXFailure) in
    let x = try node.dequantized(0, scale: 1, zeroPoint: 2, axis: 1)
    let weights = try node.dequantized(3, scale: 4, zeroPoint: 5, axis: 0, isWeight: true)
    let convolution = try node.convolution(x: node.type(x), weights: node.type(weights))
    let bias = node.has(8) ? try node.realBias(8, inputScale: 1, weightScale: 4) : nil
    let sum = try node.emit(.convolution(convolution), x, weights, bias)
    return [try node.requantized(sum, scale: 6, zeroPoint: 7)]
  }

  static let qLinearMatMul = ONNXRule("QLinearMatMul", 10...28) { (node) throws(ONNXFailure) in
    let a = try node.dequantized(0, scale: 1, zeroPoint: 2, axis: -2)
    let b = try node.dequantized(3, scale: 4, zeroPoint: 5, axis: -1)
    return [try node.requantized(try node.product(a, b), scale: 6, zeroPoint: 7)]
  }

  static let qLinearAdd = ONNXRule("QLinearAdd", domain: "com.microsoft", 1...1) { (node) throws(ONNXFailure) in
    let a = try node.dequantized(0, scale: 1, zeroPoint: 2, axis: 1)
    let b = try node.dequantized(3, scale: 4, zeroPoint: 5, axis: 1)
    return [try node.requantized(try node.binary(.add, a, b), scale: 6, zeroPoint: 7)]
  }

  static let qLinearGlobalAveragePool = ONNXRule("QLinearGlobalAveragePool", domain: "com.microsoft", 1...1) {
    (node) throws(ONNXFailure) in
    guard try !node.attributes.flag("channels_last") else { throw .unsupported("channels last") }
    let x = try node.dequantized(0, scale: 1, zeroPoint: 2, axis: 1)
    return [try node.requantized(try node.globalPooling(.average, x), scale: 3, zeroPoint: 4)]
  }
}

extension ONNXNode {
  fileprivate func checkNoBlocks() throws(ONNXFailure) {
    guard try attributes.integer("block_size", default: 0) == 0 else {
      throw .unsupported("scales for blocks; only those for a tensor or an axis are known")
    }
  }

  /// The codes' element type: the zero point's, or what `output_dtype` says, or uint8.
  fileprivate func codeType(zeroPoint: Int) throws(ONNXFailure) -> ElementType {
    let given = try attributes.integer("output_dtype", default: 0)
    guard given == 0 || has(zeroPoint) || Onnx_TensorProto.DataType(rawValue: given)?.elementType != nil else {
      throw .unsupported("codes of element type \(given)")
    }
    let declared = given == 0 ? .uint8 : Onnx_TensorProto.DataType(rawValue: given)?.elementType ?? .uint8
    let codes = has(zeroPoint) ? try type(zeroPoint).elementType : declared
    guard codes == .uint8 || codes == .int8 || codes == .int16 else { throw .unsupported("codes of \(codes)") }
    return codes
  }

  /// The encoding that constant scales and zero points give; nil where they are not constant.
  fileprivate func encoding(
    scale: Int, zeroPoint: Int, codes: ElementType, type: TensorType, axis: Int
  ) throws(ONNXFailure) -> AffineEncoding? {
    guard let scales = try knownConstant(scale) else { return nil }
    guard case .float32(let values) = scales else { throw .unsupported("scales of \(scales.elementType)") }
    guard values.shape.rank <= 1 else { throw .unsupported("scales of \(values.shape)") }
    guard values.scalars.allSatisfy({ $0.isFinite && $0 > 0 }), !values.scalars.isEmpty else {
      throw .unsupported("a scale that is not a positive number")
    }
    var zeroPoints = [Int32](repeating: 0, count: values.scalars.count)
    if has(zeroPoint) {
      guard let given = try knownConstant(zeroPoint) else { return nil }
      guard let integers = given.integers, integers.count == zeroPoints.count, given.elementType != .int64 else {
        throw .damaged("zero points of \(given.elementType) \(given.shape) for \(zeroPoints.count) scales")
      }
      zeroPoints = integers.map { Int32(clamping: $0) }
    }
    let isPerTensor = values.scalars.count == 1
    return AffineEncoding(
      scales: values.scalars, zeroPoints: zeroPoints, axis: isPerTensor ? nil : try self.axis(axis, of: type),
      bitWidth: codes.byteCount * 8, isSigned: codes != .uint8)
  }

  /// The real values of operand `index`.
  ///
  /// Constant 8-bit codes (for a weight, codes known from inputs too) become a coded constant.
  fileprivate func dequantized(
    _ index: Int, scale: Int, zeroPoint: Int, axis: Int, isWeight: Bool = false
  ) throws(ONNXFailure) -> ValueID {
    let x = try operand(index)
    let type = type(x)
    guard type.elementType.isInteger, type.elementType != .int64 else {
      throw .unsupported("codes of \(type.elementType)")
    }
    guard
      let encoding = try encoding(
        scale: scale, zeroPoint: zeroPoint, codes: type.elementType, type: type, axis: axis)
    else {
      var real = try cast(x, to: .float32)
      if has(zeroPoint) {
        let shift = try cast(try lined(zeroPoint, with: type, axis: axis), to: .float32)
        real = try binary(.subtract, real, shift)
      }
      return try binary(.multiply, real, try lined(scale, with: type, axis: axis))
    }
    if isConstant(x) || isWeight, let codes = try lowering.evaluated(x)?.signedCodes(encoding) {
      guard codes.encoding.axis.map({ codes.shape[$0] == encoding.scales.count }) ?? true else {
        throw .damaged("\(encoding.scales.count) scales for \(type)")
      }
      return lowering.addConstant(name, .coded(codes))
    }
    return try emit(.dequantize(encoding), x)
  }

  /// Operand `index`, a number or a vector along `axis`, ready to broadcast with `type`.
  fileprivate func lined(_ index: Int, with type: TensorType, axis: Int) throws(ONNXFailure) -> ValueID {
    let x = try operand(index)
    let own = self.type(x)
    guard own.rank == 1, own.dimensions != [.fixed(1)] else {
      guard own.rank <= 1 else { throw .unsupported("scales of \(own)") }
      return try reshape(x, [])
    }
    let place = try self.axis(axis, of: type)
    return try reshape(
      x, own.dimensions + [Dimension](repeating: .fixed(1), count: type.rank - place - 1))
  }

  /// `clamp(round(x / scale) + zeroPoint)` from elementwise nodes, for scales that are not constant.
  fileprivate func quantized(
    _ x: ValueID, scale: ValueID, zeroPoint: ValueID?, _ codes: ElementType
  ) throws(ONNXFailure) -> ValueID {
    var result = try unary(.round, try binary(.divide, x, scale))
    if let zeroPoint { result = try binary(.add, result, try cast(zeroPoint, to: .float32)) }
    let range = AffineEncoding(scale: 1, bitWidth: codes.byteCount * 8, isSigned: codes != .uint8).codeRange
    let clamp = Clamp(lower: Float(range.lowerBound), upper: Float(range.upperBound))
    return try cast(try unary(.clip(clamp), result), to: codes)
  }

  fileprivate func requantized(_ x: ValueID, scale: Int, zeroPoint: Int) throws(ONNXFailure) -> ValueID {
    let codes = try codeType(zeroPoint: zeroPoint)
    guard let encoding = try encoding(scale: scale, zeroPoint: zeroPoint, codes: codes, type: type(x), axis: 1) else {
      throw .unsupported("the result's scale has to be constant")
    }
    return try emit(.quantize(encoding, codes), x)
  }

  /// An int32 bias as real values: one step is the product of both scales.
  fileprivate func realBias(_ index: Int, inputScale: Int, weightScale: Int) throws(ONNXFailure) -> ValueID {
    guard case .int32(let codes) = try constant(index), let step = try optionalNumber(inputScale) else {
      throw .damaged("the bias is int32, and the input has one scale")
    }
    let scales = try constant(weightScale).doubles
    guard codes.shape.rank == 1, scales.count == 1 || scales.count == codes.scalars.count else {
      throw .damaged("a bias of \(codes.shape) for \(scales.count) scales")
    }
    let reals = codes.scalars.enumerated().map { channel, code in
      Float(Double(code) * step * scales[scales.count == 1 ? 0 : channel])
    }
    return constant(.float32(Tensor(shape: codes.shape, scalars: reals)))
  }
}

extension AnyTensor {
  /// 8-bit codes as signed ones with the encoding moved along; nil for other types.
  fileprivate func signedCodes(_ encoding: AffineEncoding) -> CodedTensor? {
    switch self {
    case .int8(let codes): return CodedTensor(codes: codes, encoding: .affine(encoding))
    case .uint8(let codes):
      var shifted = encoding
      shifted.zeroPoints = encoding.zeroPoints.map { $0 - 128 }
      shifted.isSigned = true
      return CodedTensor(codes: codes.map { Int8(bitPattern: $0 ^ 0x80) }, encoding: .affine(shifted))
    case .float32, .int16, .int32, .int64, .bool: return nil
    }
  }
}
