import CKernels
import Graphs
import Tensors

extension Reference {
  static func binary(_ function: BinaryFunction, clamp: Clamp?, _ given: Given) throws(ReferenceError) -> AnyTensor {
    let shape = given.shape
    switch (try given.tensor(0), try given.tensor(1)) {
    case (.float32(let a), .float32(let b)):
      let results = zip(a.broadcast(to: shape), b.broadcast(to: shape)).map { a, b in
        let value = function.value(at: a, b)
        return clamp.map { $0.apply(value) } ?? value
      }
      return .float32(Tensor(shape: shape, scalars: results))
    case (.uint8(let a), .uint8(let b)): return .uint8(try integerBinary(function, a, b, shape))
    case (.int8(let a), .int8(let b)): return .int8(try integerBinary(function, a, b, shape))
    case (.int16(let a), .int16(let b)): return .int16(try integerBinary(function, a, b, shape))
    case (.int32(let a), .int32(let b)): return .int32(try integerBinary(function, a, b, shape))
    case (.int64(let a), .int64(let b)): return .int64(try integerBinary(function, a, b, shape))
    case (.bool(let a), .bool(let b)):
      let results = zip(a.broadcast(to: shape), b.broadcast(to: shape)).map { a, b in
        function == .and ? a && b : function == .or ? a || b : a != b
      }
      return .bool(Tensor(shape: shape, scalars: results))
    case (_, let b): throw ReferenceError(.operands(.elementType(operand: 1, found: b.elementType)))
    }
  }

  private static func integerBinary<Scalar: FixedWidthInteger & Sendable>(
    _ function: BinaryFunction, _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ shape: Shape
  ) throws(ReferenceError) -> Tensor<Scalar> {
    var results: [Scalar] = []
    for (a, b) in zip(a.broadcast(to: shape), b.broadcast(to: shape)) {
      guard let value = function.value(at: a, b) else { throw ReferenceError(.divisionByZero) }
      results.append(value)
    }
    return Tensor(shape: shape, scalars: results)
  }

  /// Floats compare as floats (nothing is equal to NaN, nor less); everything else as whole numbers.
  static func comparison(_ comparison: Comparison, _ given: Given) throws(ReferenceError) -> Tensor<Bool> {
    let (a, b) = (try given.tensor(0), try given.tensor(1))
    if case .float32(let a) = a, case .float32(let b) = b { return compare(comparison, a, b, given.shape) }
    let left = Tensor(shape: a.shape, scalars: a.integers ?? [])
    let right = Tensor(shape: b.shape, scalars: b.integers ?? [])
    return compare(comparison, left, right, given.shape)
  }

  private static func compare<Scalar: Comparable>(
    _ comparison: Comparison, _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ shape: Shape
  ) -> Tensor<Bool> {
    let results = zip(a.broadcast(to: shape), b.broadcast(to: shape)).map { a, b in
      switch comparison {
      case .equal: a == b
      case .less: a < b
      case .lessOrEqual: a <= b
      case .greater: a > b
      case .greaterOrEqual: a >= b
      }
    }
    return Tensor(shape: shape, scalars: results)
  }

  /// a's element where the condition holds, else b's.
  static func select(_ given: Given) throws(ReferenceError) -> AnyTensor {
    let (a, b) = (try given.tensor(1), try given.tensor(2))
    guard case .bool(let condition) = try given.tensor(0), let both = a.joined(b) else {
      throw ReferenceError(.operands(.elementType(operand: 2, found: b.elementType)))
    }
    let left = a.shape.broadcastIndices(to: given.shape)
    let right = b.shape.broadcastIndices(to: given.shape).map { a.shape.elementCount + $0 }
    let indices = zip(condition.broadcast(to: given.shape), zip(left, right)).map { $0 ? $1.0 : $1.1 }
    return both.taking(indices, shape: given.shape)
  }
}

extension BinaryFunction {
  /// The function of two real numbers, rounded once; functions of bool take everything but 0 as true.
  public func value(at a: Float, _ b: Float) -> Float {
    switch self {
    case .add: return a + b
    case .subtract: return a - b
    case .multiply: return a * b
    case .divide: return a / b
    case .power: return Float(dc_pow(Double(a), Double(b)))
    case .minimum: return a.isNaN ? a : b.isNaN ? b : min(a, b)
    case .maximum: return a.isNaN ? a : b.isNaN ? b : max(a, b)
    case .modulo:
      let remainder = dc_fmod(Double(a), Double(b))
      return Float(remainder != 0 && (remainder < 0) != (b < 0) ? remainder + Double(b) : remainder)
    case .remainder: return Float(dc_fmod(Double(a), Double(b)))
    case .parametricRelu: return a < 0 ? b * a : a
    case .and: return a != 0 && b != 0 ? 1 : 0
    case .or: return a != 0 || b != 0 ? 1 : 0
    case .exclusiveOr: return (a != 0) != (b != 0) ? 1 : 0
    }
  }

  /// The function of two whole numbers, wrapping around; nil for a division by zero.
  func value<Scalar: FixedWidthInteger>(at a: Scalar, _ b: Scalar) -> Scalar? {
    switch self {
    case .add: return a &+ b
    case .subtract: return a &- b
    case .multiply: return a &* b
    case .divide: return b == 0 ? nil : a.dividedReportingOverflow(by: b).partialValue
    case .power: return Self.power(a, b)
    case .minimum: return min(a, b)
    case .maximum: return max(a, b)
    case .modulo:
      guard b != 0 else { return nil }
      let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
      return remainder != 0 && (remainder < 0) != (b < 0) ? remainder &+ b : remainder
    case .remainder: return b == 0 ? nil : a.remainderReportingOverflow(dividingBy: b).partialValue
    case .parametricRelu: return a < 0 ? b &* a : a
    case .and: return a & b
    case .or: return a | b
    case .exclusiveOr: return a ^ b
    }
  }

  /// `base` multiplied with itself; a negative exponent gives the reciprocal cut towards zero, nil for 0.
  private static func power<Scalar: FixedWidthInteger>(_ base: Scalar, _ exponent: Scalar) -> Scalar? {
    if exponent < 0 {
      if base == 0 { return nil }
      if base == 1 { return 1 }
      return base == 0 &- 1 ? (exponent & 1 == 0 ? 1 : base) : 0
    }
    var (result, square, rest) = (Scalar(1), base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }
}
