/// How stored codes stand for real numbers.
///
/// The real value of a code is `scale · (code − zeroPoint)` for `affine`, and one of two scales by sign for
/// `ternary`. Quantized weights and activations carry an encoding; a real tensor carries none.
public enum Encoding: Hashable, Sendable {
  /// Evenly spaced codes, one scale for the tensor or one per index along an axis.
  case affine(AffineEncoding)
  /// Codes −1, 0, +1 with one scale for each sign.
  case ternary(TernaryEncoding)
}

/// Evenly spaced codes: `real = scale · (code − zeroPoint)`.
public struct AffineEncoding: Hashable, Sendable {
  /// Real value of one code step; one, or one per index along `axis`. Finite and positive.
  public var scales: [Float]

  /// The code that means 0; as many as scales.
  public var zeroPoints: [Int32]

  /// The axis along which scales differ; nil when there is one scale for the tensor.
  public var axis: Int?

  /// Bits of one code, 1...32. Binary weights have one bit: the codes are −1 and +1.
  public var bitWidth: Int

  /// True when codes are two's complement.
  public var isSigned: Bool

  /// - Precondition: as many zero points as scales, one unless there is an axis, bits in 1...32.
  public init(scales: [Float], zeroPoints: [Int32], axis: Int?, bitWidth: Int, isSigned: Bool) {
    precondition(scales.count == zeroPoints.count, "As many zero points as scales")
    precondition(axis != nil || scales.count == 1, "One scale for the tensor, or an axis")
    precondition((1...32).contains(bitWidth), "A code has 1 to 32 bits")
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
    self.bitWidth = bitWidth
    self.isSigned = isSigned
  }

  /// One scale for the whole tensor.
  public init(scale: Float, zeroPoint: Int32 = 0, bitWidth: Int = 8, isSigned: Bool) {
    self.init(scales: [scale], zeroPoints: [zeroPoint], axis: nil, bitWidth: bitWidth, isSigned: isSigned)
  }

  /// The codes that exist. One signed bit has the codes −1 and +1; all others are two's complement or plain.
  public var codeRange: ClosedRange<Int32> {
    if bitWidth == 1 && isSigned { return -1...1 }
    if isSigned {
      let half = Int64(1) << Int64(bitWidth - 1)
      return Int32(-half)...Int32(half - 1)
    }
    return 0...Int32(min((Int64(1) << Int64(bitWidth)) - 1, Int64(Int32.max)))
  }
}

/// Codes −1, 0, +1: `+1` stands for `positiveScale`, `−1` for `−negativeScale`, both times the channel's scale.
///
/// For exact integer sums the two scales are the small integers `positiveLevel` (p) and `negativeLevel` (q), so that
/// `s = p·A − q·B` with A and B the sums of the inputs at positive and at negative weights; the real weight is
/// `channelScale · p`, 0 or `−channelScale · q`.
public struct TernaryEncoding: Hashable, Sendable {
  /// p, in 1...127.
  public var positiveLevel: Int32
  /// q, in 1...127.
  public var negativeLevel: Int32
  /// Real value of one unit; one, or one per index along `axis`.
  public var scales: [Float]
  /// The axis along which scales differ; nil when there is one scale for the tensor.
  public var axis: Int?

  /// - Precondition: levels in 1...127; one scale unless there is an axis.
  public init(positiveLevel: Int32, negativeLevel: Int32, scales: [Float], axis: Int?) {
    precondition((1...127).contains(positiveLevel) && (1...127).contains(negativeLevel), "Levels lie in 1...127")
    precondition(axis != nil || scales.count == 1, "One scale for the tensor, or an axis")
    self.positiveLevel = positiveLevel
    self.negativeLevel = negativeLevel
    self.scales = scales
    self.axis = axis
  }
}

extension Encoding {
  /// Real value of one integer level, one or one per index along `axis`.
  public var scales: [Float] {
    switch self {
    case .affine(let affine): affine.scales
    case .ternary(let ternary): ternary.scales
    }
  }

  /// The axis along which scales differ, if they do.
  public var axis: Int? {
    switch self {
    case .affine(let affine): affine.axis
    case .ternary(let ternary): ternary.axis
    }
  }

  /// Bits one code occupies before entropy coding.
  public var bitsPerCode: Int {
    switch self {
    case .affine(let affine): affine.bitWidth
    case .ternary: 2
    }
  }

  /// The integer that multiplies the activation for a given code: the code itself, or a level by sign.
  ///
  /// Zero points are not subtracted.
  public func level(of code: Int8) -> Int32 {
    switch self {
    case .affine: Int32(code)
    case .ternary(let ternary):
      code > 0 ? ternary.positiveLevel : code < 0 ? -ternary.negativeLevel : 0
    }
  }
}

/// Small codes and what they stand for.
public struct CodedTensor: Equatable, Sendable {
  /// The stored integers, in `encoding`'s range.
  public var codes: Tensor<Int8>
  public var encoding: Encoding

  public init(codes: Tensor<Int8>, encoding: Encoding) {
    self.codes = codes
    self.encoding = encoding
  }

  public var shape: Shape { codes.shape }

  /// Share of codes that are not 0, in 0...1; 0 for an empty tensor.
  public var density: Double {
    guard shape.elementCount > 0 else { return 0 }
    return Double(codes.scalars.count(where: { $0 != 0 })) / Double(shape.elementCount)
  }

  /// The integers that multiply activations: codes with ternary levels put in; see `Encoding.level(of:)`.
  public var levels: Tensor<Int32> { codes.map { encoding.level(of: $0) } }

  /// The real values that the codes stand for.
  public var decoded: Tensor<Float> {
    let inner = encoding.axis.map { shape.dimensions[($0 + 1)...].reduce(1, *) } ?? 1
    let scales = encoding.scales
    var zeroPoints = [Int32](repeating: 0, count: scales.count)
    if case .affine(let affine) = encoding { zeroPoints = affine.zeroPoints }
    var values = [Float](repeating: 0, count: shape.elementCount)
    for (index, code) in codes.scalars.enumerated() {
      let channel = scales.count == 1 ? 0 : index / inner % scales.count
      values[index] = Float(encoding.level(of: code) - zeroPoints[channel]) * scales[channel]
    }
    return Tensor(shape: shape, scalars: values)
  }
}
