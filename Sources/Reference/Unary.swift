import CKernels
import Graphs
import Tensors

extension Reference {
  static func unary(_ function: UnaryFunction, _ given: Given) throws(ReferenceError) -> AnyTensor {
    switch (function, try given.tensor(0)) {
    case (.isNaN, .float32(let x)): .bool(x.map { $0.isNaN })
    case (_, .float32(let x)): .float32(x.map { function.value(at: $0) })
    case (_, .uint8(let x)): .uint8(try integerUnary(function, x))
    case (_, .int8(let x)): .int8(try integerUnary(function, x))
    case (_, .int16(let x)): .int16(try integerUnary(function, x))
    case (_, .int32(let x)): .int32(try integerUnary(function, x))
    case (_, .int64(let x)): .int64(try integerUnary(function, x))
    case (_, .bool(let x)): .bool(x.map { !$0 })
    }
  }

  /// Whole numbers: the magnitude and the negative of the smallest number wrap around.
  private static func integerUnary<Scalar: FixedWidthInteger & Sendable>(
    _ function: UnaryFunction, _ x: Tensor<Scalar>
  ) throws(ReferenceError) -> Tensor<Scalar> {
    switch function {
    case .relu: return x.map { max($0, 0) }
    case .clip(let clamp):
      let lower = clamp.lower.isNaN ? Scalar.min : Scalar(saturating: clamp.lower.rounded(.up))
      let upper = clamp.upper.isNaN ? Scalar.max : Scalar(saturating: clamp.upper.rounded(.down))
      return x.map { min(max($0, lower), upper) }
    case .absolute: return x.map { $0 < 0 ? 0 &- $0 : $0 }
    case .negate: return x.map { 0 &- $0 }
    case .sign: return x.map { $0.signum() }
    case .leakyRelu, .sigmoid, .hardSigmoid, .hardSwish, .tanh, .elu, .selu, .celu, .gelu, .softplus, .softsign,
      .swish, .mish, .thresholdedRelu, .reciprocal, .squareRoot, .exponential, .logarithm, .error, .floor, .ceiling,
      .round, .sine, .cosine, .not, .isNaN:
      throw ReferenceError(.operands(.elementType(operand: 0, found: .int64)))
    }
  }
}

extension UnaryFunction {
  /// The function at a real number, computed in Double and rounded once; `isNaN` and `not` as 0 or 1.
  public func value(at x: Float) -> Float {
    if case .clip(let clamp) = self { return clamp.apply(x) }
    return Float(value(at: Double(x)))
  }

  private func value(at x: Double) -> Double {
    switch self {
    case .relu: return x < 0 ? 0 : x
    case .clip(let clamp): return Double(clamp.apply(Float(x)))
    case .leakyRelu(let slope): return x < 0 ? Double(slope) * x : x
    case .sigmoid: return Self.sigmoid(x)
    case .hardSigmoid(let slope, let offset): return Self.unit(Double(slope) * x + Double(offset))
    case .hardSwish: return x * Self.unit(x / 6 + 0.5)
    case .tanh: return dc_tanh(x)
    case .elu(let alpha): return x < 0 ? Double(alpha) * dc_expm1(x) : x
    case .selu(let alpha, let gamma): return Double(gamma) * (x > 0 ? x : Double(alpha) * dc_expm1(x))
    case .celu(let alpha):
      let negative = Double(alpha) * dc_expm1(x / Double(alpha))
      return (x < 0 ? 0 : x) + (negative > 0 ? 0 : negative)
    case .gelu(let approximatesWithTanh):
      guard approximatesWithTanh else { return 0.5 * x * (1 + dc_erf(x * 0.5.squareRoot())) }
      return 0.5 * x * (1 + dc_tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .softplus: return Self.softplus(x)
    case .softsign: return x / (1 + x.magnitude)
    case .swish(let alpha): return x * Self.sigmoid(Double(alpha) * x)
    case .mish: return x * dc_tanh(Self.softplus(x))
    case .thresholdedRelu(let alpha): return x > Double(alpha) ? x : 0
    case .absolute: return x.magnitude
    case .negate: return -x
    case .sign: return x > 0 ? 1 : x < 0 ? -1 : x
    case .reciprocal: return 1 / x
    case .squareRoot: return x.squareRoot()
    case .exponential: return dc_exp(x)
    case .logarithm: return dc_log(x)
    case .error: return dc_erf(x)
    case .floor: return dc_floor(x)
    case .ceiling: return dc_ceil(x)
    case .round: return x.rounded(.toNearestOrEven)
    case .sine: return dc_sin(x)
    case .cosine: return dc_cos(x)
    case .not: return x == 0 ? 1 : 0
    case .isNaN: return x.isNaN ? 1 : 0
    }
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + dc_exp(-x)) }

  private static func unit(_ x: Double) -> Double { x < 0 ? 0 : x > 1 ? 1 : x }

  private static func softplus(_ x: Double) -> Double { x > 0 ? x + dc_log1p(dc_exp(-x)) : dc_log1p(dc_exp(x)) }
}
