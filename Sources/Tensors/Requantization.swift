/// The step from a wide integer sum to a small code: one multiplication, one rounding, one clamp.
///
///     code = clamp((sum · multiplier + offset + 2^(shift − 1)) >> shift)
///
/// exact in 64 bits, rounding half up. The stored integers are the definition: every kernel and emitter gives the
/// same codes. Zero points, bias and batch norm are folded into `offsets`; see
/// Documentation/arithmetic.md.
public struct Requantization: Hashable, Sendable {
  /// M, one for the tensor or one per output channel. Negative when batch norm turns the sign.
  public var multipliers: [Int32]
  /// K, as many as multipliers; magnitude below 2^60.
  public var offsets: [Int64]
  /// r, for the whole tensor, in 1...62.
  public var shift: Int
  /// The smallest and the largest code; a fused ReLU or clip narrows it.
  public var codeRange: ClosedRange<Int32>

  /// - Precondition: as many offsets as multipliers, at least one; shift in 1...62; offsets below 2^60 in magnitude.
  public init(multipliers: [Int32], offsets: [Int64], shift: Int, codeRange: ClosedRange<Int32>) {
    precondition(multipliers.count == offsets.count && !multipliers.isEmpty, "As many offsets as multipliers")
    precondition((1...62).contains(shift), "The shift lies in 1...62")
    precondition(offsets.allSatisfy(Self.isValidOffset), "Offsets stay below 2^60")
    self.multipliers = multipliers
    self.offsets = offsets
    self.shift = shift
    self.codeRange = codeRange
  }

  /// True when `offset` leaves room for any product and the rounding term in 64 bits.
  public static func isValidOffset(_ offset: Int64) -> Bool { offset.magnitude < 1 << 60 }

  /// The code for `sum` in `channel`.
  public func code(_ sum: Int32, channel: Int) -> Int32 {
    let index = multipliers.count == 1 ? 0 : channel
    let half = Int64(1) << Int64(shift - 1)
    let scaled = (Int64(sum) * Int64(multipliers[index]) + offsets[index] + half) >> Int64(shift)
    return Int32(min(max(scaled, Int64(codeRange.lowerBound)), Int64(codeRange.upperBound)))
  }

  /// The closest integers to `real = (sum − zeroSum) · scale + offset`, by channel.
  ///
  /// A shift of at least 32 comes out whenever every scale is under 1/2, and there kernels are fastest. Multipliers and
  /// offsets end in zeros below what `precision` asks for, so that files can store them briefly.
  ///
  /// - Parameters:
  ///   - scales: real code steps per unit of sum, by channel.
  ///   - offsets: real codes added, by channel.
  ///   - zeroSums: the sums that stand for real 0, by channel: input zero point times sum of weights. Empty for zeros.
  ///   - codeRange: the smallest and the largest code.
  ///   - precision: of multipliers and offsets.
  /// - Returns: nil when a scale or an offset is not finite or too large for the form.
  public init?(
    scales: [Double], offsets: [Double], zeroSums: [Int64] = [], codeRange: ClosedRange<Int32>,
    precision: ResultPrecision = .exact
  ) {
    precondition((1...31).contains(precision.multiplierBits), "A multiplier has 1 to 31 bits")
    precondition(scales.count == offsets.count && !scales.isEmpty, "As many offsets as scales")
    precondition(zeroSums.isEmpty || zeroSums.count == scales.count, "As many zero sums as scales")
    // Written so that NaN fails too.
    guard scales.allSatisfy({ $0.magnitude < 0x1p30 }), offsets.allSatisfy({ $0.magnitude < 0x1p58 }) else {
      return nil
    }
    let largest = scales.reduce(0) { max($0, $1.magnitude) }
    // With shift = 30 − exponent the largest multiplier lies in 2^30 ..< 2^31.
    let exponent = largest > 0 ? Int(largest.exponent) : -32
    let first = min(max(30 - exponent, 1), 62)
    // A smaller shift makes room for large offsets, down to 8 bits of multiplier.
    for shift in stride(from: first, through: max(first - 23, 1), by: -1) {
      let unit = Double(sign: .plus, exponent: shift, significand: 1)
      // The largest multiplier has exponent + shift + 1 bits.
      let step = Double(sign: .plus, exponent: max(exponent + shift + 1 - precision.multiplierBits, 0), significand: 1)
      let multipliers = scales.map { Int32(clamping: Int64(($0 * unit / step).rounded() * step)) }
      if let offsets = Self.offsets(offsets, zeroSums, multipliers, unit: unit, parts: precision.offsetParts) {
        self.init(multipliers: multipliers, offsets: offsets, shift: shift, codeRange: codeRange)
        return
      }
    }
    return nil
  }

  /// `offset · unit − multiplier · zeroSum` by channel, rounded to a part of a code; nil if one is out of range.
  private static func offsets(
    _ offsets: [Double], _ zeroSums: [Int64], _ multipliers: [Int32], unit: Double, parts: Int
  ) -> [Int64]? {
    let step = unit >= Double(parts) ? Int64(unit / Double(parts)) : 1
    var result: [Int64] = []
    for (channel, offset) in offsets.enumerated() {
      let scaled = (offset * unit).rounded()
      guard scaled.magnitude < 0x1p60 else { return nil }
      let zeroSum = zeroSums.isEmpty ? 0 : zeroSums[channel]
      let (product, overflow) = zeroSum.multipliedReportingOverflow(by: Int64(multipliers[channel]))
      let (sum, overflow2) = Int64(scaled).subtractingReportingOverflow(product)
      guard !overflow, !overflow2, sum.magnitude < 1 << 59 else { return nil }
      // Half up, as in the rule itself: (sum + step / 2) / step rounded down, times step.
      result.append((sum + step / 2) & ~(step - 1))
    }
    return result
  }
}

/// The sum of two codes brought to a third encoding with one rounding:
/// `code = clamp((a · leftMultiplier + b · rightMultiplier + offset + 2^(shift − 1)) >> shift)`.
public struct AdditionRequantization: Hashable, Sendable {
  public var leftMultiplier: Int32
  public var rightMultiplier: Int32
  /// K, magnitude below 2^60: both zero points and the output's.
  public var offset: Int64
  /// r, in 1...62.
  public var shift: Int
  public var codeRange: ClosedRange<Int32>

  /// - Precondition: shift in 1...62, offset below 2^60 in magnitude.
  public init(
    leftMultiplier: Int32, rightMultiplier: Int32, offset: Int64, shift: Int, codeRange: ClosedRange<Int32>
  ) {
    precondition((1...62).contains(shift), "The shift lies in 1...62")
    precondition(Requantization.isValidOffset(offset), "The offset stays below 2^60")
    self.leftMultiplier = leftMultiplier
    self.rightMultiplier = rightMultiplier
    self.offset = offset
    self.shift = shift
    self.codeRange = codeRange
  }

  /// The closest integers to `real = a · leftScale + b · rightScale + offset`; nil when out of the form's range.
  public init?(
    leftScale: Double, rightScale: Double, offset: Double, codeRange: ClosedRange<Int32>,
    precision: ResultPrecision = .exact
  ) {
    guard
      let both = Requantization(
        scales: [leftScale, rightScale], offsets: [offset, 0], codeRange: codeRange, precision: precision)
    else { return nil }
    self.init(
      leftMultiplier: both.multipliers[0], rightMultiplier: both.multipliers[1], offset: both.offsets[0],
      shift: both.shift, codeRange: codeRange)
  }

  public func code(_ a: Int32, _ b: Int32) -> Int32 {
    let half = Int64(1) << Int64(shift - 1)
    let sum = Int64(a) * Int64(leftMultiplier) + Int64(b) * Int64(rightMultiplier)
    let scaled = (sum + offset + half) >> Int64(shift)
    return Int32(min(max(scaled, Int64(codeRange.lowerBound)), Int64(codeRange.upperBound)))
  }
}
