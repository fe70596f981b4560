import Tensors

/// A requantization in short numbers: `clamp(((sum · factor · multiplier · scale >> 32) + offset) >> 6)`.
///
/// The same codes as `Requantization`'s, since only zeros at the end of its numbers are left out and a quotient that is
/// rounded down twice is rounded down once. Rules of models whose codes were chosen by `quantize` or `train` have this form
/// (`ResultPrecision.brief`).
struct BriefRule {
  /// What the sum is multiplied by first: a power of two, 1 unless the rule shifts by less than 38.
  var factor: Int
  /// A power of two, at most 2^16, by its exponent.
  var scaleExponent: Int
  /// Multiplier and offset of each channel, one after the other.
  var numbers: [Int16]

  /// Nil if the rule needs longer numbers.
  ///
  /// - Parameters:
  ///   - outputs: channels.
  ///   - bound: of the sums' magnitudes.
  ///   - isFactorAllowed: whether sums may be multiplied first.
  init?(_ rule: Requantization, outputs: Int, bound: Int, isFactorAllowed: Bool) {
    guard rule.shift >= 22 else { return nil }
    factor = 1 << max(38 - rule.shift, 0)
    guard factor == 1 || isFactorAllowed, bound * factor <= Int(Int32.max) else { return nil }
    let dropped = max(rule.shift - 38, 0)
    guard rule.multipliers.allSatisfy({ $0 == 0 || $0.trailingZeroBitCount >= dropped }) else { return nil }
    let multipliers = rule.multipliers.map { $0 >> Int32(dropped) }
    scaleExponent = min(multipliers.map { $0 == 0 ? 16 : $0.trailingZeroBitCount }.min() ?? 16, 16)
    let unit = Int64(1) << Int64(rule.shift - 6)
    numbers = []
    for output in 0..<outputs {
      let index = rule.multipliers.count == 1 ? 0 : output
      let offset = rule.offsets[index] + rule.half
      guard offset % unit == 0, let short = Int16(exactly: offset / unit),
        let multiplier = Int16(exactly: multipliers[index] >> Int32(scaleExponent))
      else { return nil }
      numbers += [multiplier, short]
    }
  }
}

/// An addition in 32 bits: `clamp((a · left + b · right + offset) >> shift)`, the same codes as `AdditionRequantization`'s.
struct WordRule {
  var left: Int
  var right: Int
  /// With what rounds.
  var offset: Int
  /// In 1...31.
  var shift: Int

  /// Nil if the rule needs 64 bits.
  init?(_ rule: AdditionRequantization) {
    let sum = Int(rule.offset) + 1 << (rule.shift - 1)
    let zeros = [Int(rule.leftMultiplier), Int(rule.rightMultiplier), sum].filter { $0 != 0 }
      .map(\.trailingZeroBitCount)
    let dropped = min(zeros.min() ?? 0, rule.shift - 1)
    (left, right) = (Int(rule.leftMultiplier) >> dropped, Int(rule.rightMultiplier) >> dropped)
    (offset, shift) = (sum >> dropped, rule.shift - dropped)
    let (bound, isTooLarge) = (255 * (left.magnitude + right.magnitude)).addingReportingOverflow(offset.magnitude)
    guard !isTooLarge, bound <= UInt(Int32.max), shift <= 31 else { return nil }
  }
}
