import Graphs

extension TFLiteRule {
  /// Functions of one element: the result has the operand's order.
  static let functions = [
    unary(8, "FLOOR", .floor),
    unary(14, "LOGISTIC", .sigmoid),
    unary(19, "RELU", .relu),
    unary(20, "RELU_N1_TO_1", .clip(Clamp(lower: -1, upper: 1))),
    unary(21, "RELU6", .clip(Clamp(lower: 0, upper: 6))),
    unary(28, "TANH", .tanh),
    unary(47, "EXP", .exponential),
    unary(59, "NEG", .negate),
    unary(66, "SIN", .sine),
    unary(73, "LOG", .logarithm),
    unary(75, "SQRT", .squareRoot),
    unary(87, "LOGICAL_NOT", .not),
    unary(101, "ABS", .absolute),
    unary(104, "CEIL", .ceiling),
    unary(108, "COS", .cosine),
    unary(111, "ELU", .elu(alpha: 1)),
    unary(116, "ROUND", .round),
    unary(117, "HARD_SWISH", .hardSwish),
    unary(152, "RELU_0_TO_1", .clip(Clamp(lower: 0, upper: 1))),
    unary(158, "SIGN", .sign),
    TFLiteRule(76, "RSQRT") { (lowering: inout TFLiteLowering) throws(Fault) in
      let x = try lowering.real(0)
      let root = try lowering.append(.unary(.squareRoot), [x.id])
      return [TFLiteResult(try lowering.append(.unary(.reciprocal), [root]), order: x.order)]
    },
    TFLiteRule(92, "SQUARE") { (lowering: inout TFLiteLowering) throws(Fault) in
      let x = try lowering.real(0)
      return [TFLiteResult(try lowering.append(.binary(.multiply, clamp: nil), [x.id, x.id]), order: x.order)]
    },
    TFLiteRule(98, "LEAKY_RELU") { (lowering: inout TFLiteLowering) throws(Fault) in
      try apply(.leakyRelu(slope: try lowering.float(0)), &lowering)
    },
    TFLiteRule(150, "GELU") { (lowering: inout TFLiteLowering) throws(Fault) in
      try apply(.gelu(approximatesWithTanh: try lowering.flag(0)), &lowering)
    },
  ]

  private static func unary(_ code: Int, _ name: String, _ function: UnaryFunction) -> TFLiteRule {
    TFLiteRule(code, name) { (lowering: inout TFLiteLowering) throws(Fault) in try apply(function, &lowering) }
  }

  private static func apply(
    _ function: UnaryFunction, _ lowering: inout TFLiteLowering
  ) throws(Fault) -> [TFLiteResult] {
    let x = try lowering.real(0)
    return [TFLiteResult(try lowering.append(.unary(function), [x.id]), order: x.order)]
  }
}
