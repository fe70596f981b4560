import Tensors

extension AffineEncoding {
  /// The 8-bit encoding of activations that covers a range, with 0 exactly representable.
  ///
  /// The range is stretched to contain 0. One that is not negative, as after a ReLU, has zero point 0 (−128 when
  /// signed); otherwise the zero point is the code closest to where 0 lies, so that an end may move by half a step.
  ///
  ///     AffineEncoding(covering: 0...2.55)    // scale 0.01, zero point 0
  ///     AffineEncoding(covering: -1...1)      // scale 2/255, zero point 128
  ///
  /// - Parameters:
  ///   - range: real values, finite; a range of zero width gets the scale 1.
  ///   - isSigned: codes −128...127 instead of 0...255.
  public init(covering range: ClosedRange<Float>, isSigned: Bool = false) {
    let lower = Double(min(range.lowerBound, 0))
    let upper = Double(max(range.upperBound, 0))
    var scale = Float((upper - lower) / 255)
    if !scale.isNormal { scale = 1 }
    let zeroPoint = Int32(min(max((-lower / Double(scale)).rounded(), 0), 255))
    self.init(scale: scale, zeroPoint: isSigned ? zeroPoint - 128 : zeroPoint, bitWidth: 8, isSigned: isSigned)
  }

  /// The real numbers that the smallest and the largest code stand for, in one channel.
  public func realRange(channel: Int = 0) -> ClosedRange<Float> {
    let codes = codeRange
    return real(of: codes.lowerBound, channel: channel)...real(of: codes.upperBound, channel: channel)
  }
}
