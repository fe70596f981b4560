import Graphs
import Tensors

/// What the unsigned 8-bit codes of an activation mean: `real = scale · (code − zeroPoint)`.
///
/// A sign has the codes 0 and 2 around a zero point of 1, which is the code of padding.
struct CodeEncoding: Hashable {
  var scale: Float
  var zeroPoint: UInt8
  /// The codes in use; narrower than 0...255 for activations of fewer bits.
  var range: ClosedRange<Int32>
  /// Whether only the ends of 0...2 are used: the upper one for 0 and above, the lower one below.
  var isSign: Bool

  /// - Returns: nil for codes that do not fit in 8 unsigned bits with one scale for the tensor.
  init?(_ affine: AffineEncoding) {
    guard affine.axis == nil, affine.bitWidth <= 8 else { return nil }
    isSign = affine.bitWidth == 1 && affine.isSigned
    let shift: Int32 = isSign ? 1 : affine.isSigned ? 128 : 0
    let range = affine.codeRange
    guard let zeroPoint = UInt8(exactly: affine.zeroPoints[0] + shift), affine.scales[0].isFinite, affine.scales[0] > 0
    else { return nil }
    scale = affine.scales[0]
    self.zeroPoint = zeroPoint
    self.range = (range.lowerBound + shift)...(range.upperBound + shift)
  }

  /// The same as an `AffineEncoding` of unsigned codes.
  var affine: AffineEncoding {
    AffineEncoding(scale: scale, zeroPoint: Int32(zeroPoint), bitWidth: 8, isSigned: false)
  }

  func real(_ code: Int32) -> Float { Float(code - Int32(zeroPoint)) * scale }

  /// The nearest code, halves to even, inside the range; NaN gives the zero point. Of a sign NaN counts as 0.
  func code(_ real: Float) -> UInt8 {
    if isSign { return UInt8(real < 0 ? range.lowerBound : range.upperBound) }
    let scaled = (real / scale).rounded(.toNearestOrEven) + Float(zeroPoint)
    guard !scaled.isNaN else { return zeroPoint }
    return UInt8(min(max(scaled, Float(range.lowerBound)), Float(range.upperBound)))
  }

  /// The real values of codes 0...255.
  var allReals: [Float] { (0...255).map(real) }

  /// The codes that a fused clamp leaves.
  func range(within clamp: Clamp?) -> ClosedRange<Int32> {
    guard let clamp, clamp.lower <= clamp.upper else { return range }
    return Int32(code(clamp.lower))...Int32(code(clamp.upper))
  }
}
