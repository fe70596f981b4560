import Graphs

extension TFLiteRule {
  /// What the tensors' encodings say already, and casts.
  static let codings = [
    TFLiteRule(6, "DEQUANTIZE", decoded),
    TFLiteRule(114, "QUANTIZE", decoded),
    TFLiteRule(53, "CAST", cast),
  ]

  /// The real value, which the result's encoding codes again if it has one.
  private static func decoded(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    if try lowering.isConstant(0), lowering.outputType(0) == .float32 {
      try lowering.aliasConstant()
      return []
    }
    let x = try lowering.real(0)
    return [TFLiteResult(x.id, order: x.order)]
  }

  private static func cast(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    guard let output = lowering.node.outputs.first, let elementType = lowering.outputType(0)?.elementType else {
      throw .unsupported("a cast to this type")
    }
    // TFLite casts stored codes as if they were plain numbers.
    guard try lowering.encoding(output) == nil, try lowering.encoding(try lowering.tensorIndex(0)) == nil else {
      throw .unsupported("a cast of quantized values")
    }
    let x = try lowering.real(0)
    return [TFLiteResult(try lowering.append(.cast(elementType), [x.id]), order: x.order)]
  }
}
