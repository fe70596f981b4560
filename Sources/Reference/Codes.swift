import Graphs
import Tensors

extension Reference {
  /// `clamp(round(x / scale) + zeroPoint)`: one division in float32, halves to even; NaN counts as 0.
  static func quantize(
    _ encoding: AffineEncoding, _ elementType: ElementType, _ given: Given
  ) throws(ReferenceError) -> AnyTensor {
    let codes = encoding.codes(of: try given.floats(0))
    return AnyTensor.int64(codes).saturated(to: elementType)
  }

  /// `(code − zeroPoint) · scale`, the difference exact, rounded to float32, then one product.
  static func dequantize(_ encoding: AffineEncoding, _ given: Given) throws(ReferenceError) -> Tensor<Float> {
    let codes = try given.tensor(0)
    return encoding.reals(of: Tensor(shape: codes.shape, scalars: codes.integers ?? []))
  }
}

extension AffineEncoding {
  /// The codes closest to real numbers, in `codeRange`; of one signed bit −1 below 0 and +1 else.
  func codes(of x: Tensor<Float>) -> Tensor<Int64> {
    let range = codeRange
    let channels = channels(of: x.shape)
    var codes: [Int64] = []
    for (index, value) in x.scalars.enumerated() {
      if bitWidth == 1 && isSigned {
        codes.append(value < 0 ? -1 : 1)
        continue
      }
      let channel = channels.index(index)
      let steps = Double((value / scales[channel]).rounded(.toNearestOrEven))
      let code = (steps.isNaN ? 0 : steps) + Double(zeroPoints[channel])
      codes.append(Int64(min(max(code, Double(range.lowerBound)), Double(range.upperBound))))
    }
    return Tensor(shape: x.shape, scalars: codes)
  }

  /// What codes stand for.
  func reals(of codes: Tensor<Int64>) -> Tensor<Float> {
    let channels = channels(of: codes.shape)
    var reals: [Float] = []
    for (index, code) in codes.scalars.enumerated() {
      let channel = channels.index(index)
      reals.append(Float(code &- Int64(zeroPoints[channel])) * scales[channel])
    }
    return Tensor(shape: codes.shape, scalars: reals)
  }

  /// Every number replaced by the one that its code stands for: what quantizing costs, without its speed.
  public func rounding(_ x: Tensor<Float>) -> Tensor<Float> { reals(of: codes(of: x)) }

  private func channels(of shape: Shape) -> (index: (Int) -> Int, count: Int) {
    let count = scales.count
    let inner = axis.map { shape.split(at: $0).inner } ?? 1
    return (index: { count == 1 ? 0 : $0 / inner % count }, count: count)
  }
}

extension AnyTensor {
  /// Whole numbers as another whole type, cut to its range.
  func saturated(to elementType: ElementType) -> AnyTensor {
    switch elementType {
    case .uint8: .uint8(saturated())
    case .int8: .int8(saturated())
    case .int16: .int16(saturated())
    case .int32: .int32(saturated())
    case .int64: .int64(saturated())
    case .float32, .bool: cast(to: elementType)
    }
  }

  private func saturated<Result: FixedWidthInteger & Sendable>() -> Tensor<Result> {
    Tensor(shape: shape, scalars: (integers ?? []).map { Result(clamping: $0) })
  }
}
