import Graphs
import Tensors

extension ONNXNode {
  func checkNoBlocks() throws(ONNXFailure) {
    guard try attributes.integer("block_size", default: 0) == 0 else {
      throw .unsupported("scales for blocks; only those for a tensor or an axis are known")
    }
  }

  /// The codes' element type: the zero point's, or what `output_dtype` says, or uint8.
  func codeType(zeroPoint: Int) throws(ONNXFailure) -> ElementType {
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
  func encoding(
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
  func dequantized(
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
  func lined(_ index: Int, with type: TensorType, axis: Int) throws(ONNXFailure) -> ValueID {
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
  func quantized(
    _ x: ValueID, scale: ValueID, zeroPoint: ValueID?, _ codes: ElementType
  ) throws(ONNXFailure) -> ValueID {
    var result = try unary(.round, try binary(.divide, x, scale))
    if let zeroPoint { result = try binary(.add, result, try cast(zeroPoint, to: .float32)) }
    let range = AffineEncoding(scale: 1, bitWidth: codes.byteCount * 8, isSigned: codes != .uint8).codeRange
    let clamp = Clamp(lower: Float(range.lowerBound), upper: Float(range.upperBound))
    return try cast(try unary(.clip(clamp), result), to: codes)
  }

  func requantized(_ x: ValueID, scale: Int, zeroPoint: Int) throws(ONNXFailure) -> ValueID {
    let codes = try codeType(zeroPoint: zeroPoint)
    guard let encoding = try encoding(scale: scale, zeroPoint: zeroPoint, codes: codes, type: type(x), axis: 1) else {
      throw .unsupported("the result's scale has to be constant")
    }
    return try emit(.quantize(encoding, codes), x)
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
