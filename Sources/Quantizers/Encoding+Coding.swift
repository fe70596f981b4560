import Tensors

extension Encoding {
  /// The nearest code for every element, under this encoding.
  ///
  ///     let coded = try encoding.coded(weights)
  ///     try encoding.coded(coded.decoded) == coded    // always
  ///
  /// Values outside the range take its end. Halves round to even; a binary code is +1 for 0 and above.
  ///
  /// - Parameter real: any shape that has the encoding's axis.
  /// - Throws: `QuantizationError` for NaN, an axis that does not exist or a wrong number of scales, and for codes
  ///   that do not fit in a signed byte (activation codes are unsigned; see `AffineEncoding.code(of:)`).
  public func coded(_ real: Tensor<Float>) throws(QuantizationError) -> CodedTensor {
    try real.requireFinite()
    let layout = try ChannelLayout(real.shape, axis: axis)
    guard scales.count == 1 || scales.count == layout.count else {
      throw QuantizationError(.scaleCount(scales: scales.count, extent: layout.count))
    }
    var codes = [Int8](repeating: 0, count: real.scalars.count)
    let scales = scales
    switch self {
    case .affine(let affine):
      let range = affine.codeRange
      guard range.lowerBound >= -128, range.upperBound <= 127 else {
        throw QuantizationError(.codesTooWide(bitWidth: affine.bitWidth, isSigned: affine.isSigned))
      }
      layout.forEach(codes.count) { channel, index in
        codes[index] = Int8(affine.code(of: real.scalars[index], channel: channel))
      }
    case .ternary(let ternary):
      let positive = Float(ternary.positiveLevel) / 2
      let negative = -Float(ternary.negativeLevel) / 2
      layout.forEach(codes.count) { channel, index in
        let level = real.scalars[index] / scales[scales.count == 1 ? 0 : channel]
        codes[index] = level > positive ? 1 : level < negative ? -1 : 0
      }
    }
    return CodedTensor(codes: Tensor(shape: real.shape, scalars: codes), encoding: self)
  }
}

extension AffineEncoding {
  /// The nearest code, the end of the range for values outside; halves round to even.
  ///
  /// - Parameter channel: index along `axis`; ignored when there is one scale.
  /// - Precondition: `real` is not NaN.
  public func code(of real: Float, channel: Int = 0) -> Int32 {
    let index = scales.count == 1 ? 0 : channel
    if bitWidth == 1 && isSigned { return real < 0 ? -1 : 1 }
    let range = codeRange
    let code = (real / scales[index]).rounded(.toNearestOrEven) + Float(zeroPoints[index])
    return code <= Float(range.lowerBound)
      ? range.lowerBound : code >= Float(range.upperBound) ? range.upperBound : Int32(code)
  }

  /// The real number that a code stands for.
  public func real(of code: Int32, channel: Int = 0) -> Float {
    let index = scales.count == 1 ? 0 : channel
    return Float(code - zeroPoints[index]) * scales[index]
  }
}
