import Tensors

extension FixedWidthInteger {
  /// The whole number towards zero from `value`, the closest there is if it lies outside; NaN becomes 0.
  init(saturating value: Double) {
    if value.isNaN {
      self = 0
    } else if value <= Double(Self.min) {
      self = .min
    } else if value >= Double(Self.max) {
      self = .max
    } else {
      self = Self(value)
    }
  }

  init(saturating value: Float) { self.init(saturating: Double(value)) }
}

extension AnyTensor {
  /// The elements as another type.
  ///
  /// Floats are cut towards zero and saturate, NaN becomes 0; whole numbers wrap around; as bool, everything but 0
  /// is true.
  func cast(to elementType: ElementType) -> AnyTensor {
    switch elementType {
    case .float32: .float32(castToFloat)
    case .uint8: .uint8(castToInteger())
    case .int8: .int8(castToInteger())
    case .int16: .int16(castToInteger())
    case .int32: .int32(castToInteger())
    case .int64: .int64(castToInteger())
    case .bool: .bool(castToBool)
    }
  }

  private var castToFloat: Tensor<Float> {
    if case .float32(let tensor) = self { return tensor }
    return Tensor(shape: shape, scalars: (integers ?? []).map { Float($0) })
  }

  private func castToInteger<Result: FixedWidthInteger & Sendable>() -> Tensor<Result> {
    if case .float32(let tensor) = self { return tensor.map { Result(saturating: $0) } }
    return Tensor(shape: shape, scalars: (integers ?? []).map { Result(truncatingIfNeeded: $0) })
  }

  private var castToBool: Tensor<Bool> {
    if case .float32(let tensor) = self { return tensor.map { $0 != 0 } }
    return Tensor(shape: shape, scalars: (integers ?? []).map { $0 != 0 })
  }
}
