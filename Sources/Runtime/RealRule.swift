/// The numbers of a requantization as reals: `floor(sum * multiplier + offset)` gives the same codes, without 64 bits.
///
/// The rules of models whose codes were chosen by `quantize` or `train` have this form: multipliers of 15 bits, offsets in
/// 64ths of a code (`ResultPrecision.brief`).
struct RealRule {
  /// By channel: multiplier / 2^shift.
  var multipliers: [Float] = []
  /// By channel: offset / 2^shift, with what rounds.
  var offsets: [Float] = []

  /// Nil if a number does not fit, or a sum might not.
  ///
  /// - Parameters:
  ///   - multipliers: by channel.
  ///   - offsets: by channel, with what rounds.
  ///   - sumBound: of the sums' magnitudes.
  init?(_ multipliers: [Int32], _ offsets: [Int64], shift: Int, sumBound: Int) {
    guard sumBound <= 1 << 24 else { return nil }
    let unit = Float(sign: .plus, exponent: -shift, significand: 1)
    for (multiplier, offset) in zip(multipliers, offsets) {
      guard let multiplier = Float(exactly: multiplier), let offset = Float(exactly: offset) else { return nil }
      let (scale, summand) = (multiplier * unit, offset * unit)
      guard Double(scale.magnitude) * Double(sumBound) + Double(summand.magnitude) < 0x1p30 else { return nil }
      self.multipliers.append(scale)
      self.offsets.append(summand)
    }
  }
}
