import Tensors

/// Evenly spaced values that replace activations, with 0 among them.
///
/// With t = x · `inverseStep`, clamped to −`zeroPoint`...`highestCode` − `zeroPoint`, the value is `step` times t rounded
/// half to even. The reciprocal is taken once, in float32; x is multiplied by it, never divided. Kernels do exactly this,
/// so that every path gives the same bits.
///
///     let rule = ActivationRule(step: 1 / 255, zeroPoint: 0, highestCode: 255)
///     rule.apply(0.5)    // 128 / 255
public struct ActivationRule: Sendable, Hashable {
  /// Real value of one code step; finite and positive.
  public var step: Float
  /// The code that means 0.
  public var zeroPoint: Int32
  /// Codes are 0...highestCode, at most 255.
  public var highestCode: Int32
  /// Whether only the lowest and the highest code are used: the highest for x of 0 and above, the lowest below.
  public var isSign: Bool

  public init(step: Float, zeroPoint: Int32, highestCode: Int32, isSign: Bool = false) {
    self.step = step
    self.zeroPoint = zeroPoint
    self.highestCode = highestCode
    self.isSign = isSign
  }

  /// 1 / step, as x is multiplied by it.
  public var inverseStep: Float { 1 / step }
  /// Real value of code 0.
  public var lowest: Float { Float(-zeroPoint) * step }
  /// Real value of the highest code.
  public var highest: Float { Float(highestCode - zeroPoint) * step }

  /// The value that replaces x; NaN stays NaN.
  public func apply(_ x: Float) -> Float {
    if isSign { return x >= 0 ? highest : x < 0 ? lowest : x }
    return QuantizerArithmetic.nearest(clamped(x * inverseStep)) * step
  }

  /// What the gradient `g` at the value becomes at x; adds to the sums that state gradients are made of.
  ///
  /// It passes where t, before it is clamped, lies between the ends or on one of them.
  public func pullback(_ g: Float, at x: Float, into sums: inout ActivationGradientSums) -> Float {
    let t = x * inverseStep
    if t < Float(-zeroPoint) {
      sums.below += Double(g)
      return 0
    }
    if t > Float(highestCode - zeroPoint) {
      sums.above += Double(g)
      return 0
    }
    let sign = Float(x >= 0 ? highestCode - zeroPoint : -zeroPoint)
    sums.inside += Double(g * ((isSign ? sign : QuantizerArithmetic.nearest(t)) - t))
    return g
  }

  private func clamped(_ t: Float) -> Float {
    QuantizerArithmetic.clamp(t, Float(-zeroPoint), Float(highestCode - zeroPoint))
  }

  /// How the codes of a frozen network stand for the values: unsigned, as many bits as the highest code needs; a sign has
  /// the codes −1 and +1 of one signed bit.
  public var encoding: AffineEncoding {
    if isSign { return AffineEncoding(scale: step, bitWidth: 1, isSigned: true) }
    return AffineEncoding(
      scale: step, zeroPoint: zeroPoint, bitWidth: 32 - max(highestCode, 1).leadingZeroBitCount, isSigned: false)
  }
}

/// Sums over a batch that the gradient of every activation quantizer's state is made of; g is the gradient of the loss at
/// the quantized value.
public struct ActivationGradientSums: Sendable, Hashable {
  /// Σ g where x lies below the lowest value.
  public var below: Double
  /// Σ g where x lies above the highest value.
  public var above: Double
  /// Σ g · (quantized(x) − x) / step where x lies between them.
  public var inside: Double

  public init(below: Double = 0, above: Double = 0, inside: Double = 0) {
    self.below = below
    self.above = above
    self.inside = inside
  }
}
