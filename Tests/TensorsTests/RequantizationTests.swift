import Tensors
import Testing

/// `floor(x / 2^shift + 1/2)` limited to a range, with x in 128 bits: the rule without a shift of bits.
func roundedQuotient(_ x: Int128, shift: Int, in range: ClosedRange<Int32>) -> Int32 {
  let unit = Int128(1) << Int128(shift)
  let doubled = 2 * x + unit
  var quotient = doubled / (2 * unit)
  if doubled % (2 * unit) < 0 { quotient -= 1 }
  return Int32(min(max(quotient, Int128(range.lowerBound)), Int128(range.upperBound)))
}

/// Sums at and around the ends of 32 bits, zero and powers of two, then random ones.
func interestingSums(_ generator: inout SplitMix64) -> [Int32] {
  var sums: [Int32] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
  for bit in 1..<31 { sums += [(1 << Int32(bit)) - 1, 1 << Int32(bit), -(1 << Int32(bit)) - 1] }
  for _ in 0..<64 { sums.append(Int32(truncatingIfNeeded: generator.next())) }
  return sums
}

@Suite struct RequantizationTests {
  static let ranges: [ClosedRange<Int32>] = [0...255, -128...127, 3...3, Int32.min...Int32.max]

  @Test("A code is the product plus the offset, divided by a power of two and rounded half up", arguments: 0..<24)
  func codeFollowsTheDefinition(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let limit = Int64(1) << 60 - 1
    for multiplier in [Int32.min, -1, 0, 1, .max, Int32(truncatingIfNeeded: generator.next())] {
      for offset in [-limit, -1, 0, 1, limit, Int64(bitPattern: generator.next()) >> 4] {
        let shift = [1, 2, 31, 32, 33, 61, 62, 1 + Int(generator.next() % 62)].randomElement(using: &generator) ?? 1
        let range = Self.ranges.randomElement(using: &generator) ?? 0...255
        let rule = Requantization(multipliers: [multiplier], offsets: [offset], shift: shift, codeRange: range)
        for sum in interestingSums(&generator) {
          let exact = Int128(sum) * Int128(multiplier) + Int128(offset)
          #expect(rule.code(sum, channel: 0) == roundedQuotient(exact, shift: shift, in: range))
        }
      }
    }
  }

  @Test("Halves are rounded up, on both sides of zero")
  func roundsHalfUp() {
    let rule = Requantization(multipliers: [1], offsets: [0], shift: 1, codeRange: -128...127)
    #expect([-5, -4, -3, -2, -1, 0, 1, 2, 3].map { rule.code($0, channel: 0) } == [-2, -2, -1, -1, 0, 0, 1, 1, 2])
  }

  @Test("One multiplier serves all channels, several serve one each")
  func channels() {
    let one = Requantization(multipliers: [4], offsets: [0], shift: 2, codeRange: 0...255)
    #expect((0..<3).map { one.code(7, channel: $0) } == [7, 7, 7])
    let three = Requantization(multipliers: [4, 8, -4], offsets: [0, 4, 400], shift: 2, codeRange: 0...255)
    #expect((0..<3).map { three.code(7, channel: $0) } == [7, 15, 93])
  }

  @Test("Offsets below 2^60 are valid")
  func offsetLimit() {
    let limit = Int64(1) << 60
    #expect(Requantization.isValidOffset(limit - 1) && Requantization.isValidOffset(1 - limit))
    #expect(!Requantization.isValidOffset(limit) && !Requantization.isValidOffset(-limit))
    #expect(!Requantization.isValidOffset(.min))
  }
}

@Suite struct RequantizationFromScalesTests {
  @Test(
    "The largest multiplier lies in 2^30 ..< 2^31 and has the significant bits asked for", arguments: 0..<32,
    [8, 20, 31])
  func usesBits(seed: UInt64, bits: Int) throws {
    var generator = SplitMix64(seed: seed)
    let exponent = -20 + Int(generator.next() % 30)
    let scale = Double(sign: .plus, exponent: exponent, significand: 1 + Double(generator.nextUnit()) * 0.99)
    let rule = try #require(
      Requantization(
        scales: [scale], offsets: [3], codeRange: 0...255,
        precision: ResultPrecision(multiplierBits: bits, offsetParts: 65_536)))
    #expect(rule.shift == 30 - exponent)
    #expect(rule.multipliers[0] >= 1 << 30)
    let unit = Double(sign: .plus, exponent: rule.shift, significand: 1)
    let step = Int32(1) << Int32(31 - bits)
    #expect(rule.multipliers[0] % step == 0)
    #expect(abs(Double(rule.multipliers[0]) - scale * unit) <= Double(step) / 2)
    #expect(rule.offsets == [3 << Int64(rule.shift)])
  }

  @Test(
    "Tiny scales, and scales next to large offsets, keep their significant bits", arguments: [-60, -50, -45, -40, 0])
  func keepsBits(exponent: Int) throws {
    // 62 is the largest shift; an offset of 2^38 leaves room for a shift of 21.
    for (offset, shift) in [(0.0, min(30 - exponent, 62)), (0x1p38, 20)] where exponent + shift >= 0 {
      let scale = Double(sign: .plus, exponent: exponent, significand: 1)
      let rule = try #require(Requantization(scales: [scale], offsets: [offset], codeRange: 0...255))
      #expect(Double(rule.multipliers[0]) == scale * Double(sign: .plus, exponent: rule.shift, significand: 1))
      #expect(rule.multipliers[0] > 0 && rule.shift >= shift)
    }
  }

  @Test("Codes are those of the real rule, at most one apart and only next to a half", arguments: 0..<48)
  func agreesWithReals(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let scales = (0..<4).map { _ in Double(generator.nextUnit() - 0.5) / 64 }
    let offsets = (0..<4).map { _ in Double(generator.nextUnit()) * 200 }
    let zeroSums = (0..<4).map { _ in Int64(generator.next() % 100_000) - 50_000 }
    let rule = try #require(
      Requantization(scales: scales, offsets: offsets, zeroSums: zeroSums, codeRange: 0...255))
    for channel in 0..<4 {
      for _ in 0..<100 {
        let sum = Int32(generator.next() % 200_000) - 100_000
        let real = Double(Int64(sum) - zeroSums[channel]) * scales[channel] + offsets[channel]
        let expected = min(max((real + 0.5).rounded(.down), 0), 255)
        // Multipliers are right to 2^-20 of the largest scale, here below 1/128, and sums below 150,000: that is 0.0012;
        // offsets are right to 1/512.
        let isNearHalf = abs(real + 0.5 - (real + 0.5).rounded()) < 0x1p-8
        #expect(Double(rule.code(sum, channel: channel)) == expected || isNearHalf)
        #expect(abs(Double(rule.code(sum, channel: channel)) - expected) <= 1)
      }
    }
  }

  @Test("Scales below one half give a shift of at least 32", arguments: [0.4999, 0.25, 1e-3, 1e-8])
  func shiftsFar(scale: Double) throws {
    #expect(try #require(Requantization(scales: [scale], offsets: [0], codeRange: 0...255)).shift >= 32)
  }

  @Test("A scale just below a power of two keeps its multiplier in 32 bits")
  func roundsUpToThePowerOfTwo() throws {
    let rule = try #require(
      Requantization(
        scales: [(0.5).nextDown], offsets: [0], codeRange: -128...127,
        precision: ResultPrecision(multiplierBits: 31, offsetParts: 65_536)))
    #expect(rule.multipliers == [.max])
    #expect(rule.code(200, channel: 0) == 100)
  }

  @Test("A large offset takes bits from the multiplier")
  func shiftsLessForOffsets() throws {
    let small = try #require(Requantization(scales: [1e-6], offsets: [0], codeRange: 0...255))
    let large = try #require(Requantization(scales: [1e-6], offsets: [1e6], codeRange: 0...255))
    #expect(large.shift < small.shift)
    #expect(large.offsets.allSatisfy(Requantization.isValidOffset))
    #expect(large.code(-2_000_000, channel: 0) == 255)
  }

  @Test("All scales zero: the code is the offset")
  func zeroScales() throws {
    let rule = try #require(Requantization(scales: [0, 0], offsets: [7, -3], codeRange: -128...127))
    #expect(rule.code(.max, channel: 0) == 7 && rule.code(.min, channel: 1) == -3)
  }

  @Test("Scales and offsets without an integer form are refused")
  func refuses() {
    #expect(Requantization(scales: [0x1p30], offsets: [0], codeRange: 0...255) == nil)
    #expect(Requantization(scales: [.infinity], offsets: [0], codeRange: 0...255) == nil)
    #expect(Requantization(scales: [1], offsets: [0x1p58], codeRange: 0...255) == nil)
    #expect(Requantization(scales: [1], offsets: [.nan], codeRange: 0...255) == nil)
    #expect(Requantization(scales: [.nan, 1], offsets: [0, 0], codeRange: 0...255) == nil)
    #expect(Requantization(scales: [1, .nan], offsets: [0, 0], codeRange: 0...255) == nil)
    #expect(Requantization(scales: [1], offsets: [0], zeroSums: [.max], codeRange: 0...255) == nil)
  }
}

@Suite struct AdditionRequantizationTests {
  @Test("A sum of two codes is rounded once", arguments: 0..<16)
  func codeFollowsTheDefinition(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let (left, right) = (Int32(truncatingIfNeeded: generator.next()), Int32(truncatingIfNeeded: generator.next()))
    let offset = Int64(bitPattern: generator.next()) >> 4
    let shift = 1 + Int(generator.next() % 62)
    let rule = AdditionRequantization(
      leftMultiplier: left, rightMultiplier: right, offset: offset, shift: shift, codeRange: -128...127)
    for a in Int32(0)...255 {
      let b = Int32(generator.next() % 256)
      let exact = Int128(a) * Int128(left) + Int128(b) * Int128(right) + Int128(offset)
      #expect(rule.code(a, b) == roundedQuotient(exact, shift: shift, in: -128...127))
    }
  }

  @Test("Scales become multipliers that share one shift")
  func fromScales() throws {
    let rule = try #require(
      AdditionRequantization(leftScale: 0.5, rightScale: 0.25, offset: 10, codeRange: 0...255))
    #expect(rule.leftMultiplier == 2 * rule.rightMultiplier)
    #expect(rule.code(100, 40) == 70)
    #expect(rule.code(101, 40) == 71)
    #expect(rule.code(255, 255) == 201)
  }

  @Test("Scales without an integer form are refused")
  func refuses() {
    #expect(AdditionRequantization(leftScale: 0x1p30, rightScale: 1, offset: 0, codeRange: 0...255) == nil)
    #expect(AdditionRequantization(leftScale: 1, rightScale: 1, offset: 0x1p58, codeRange: 0...255) == nil)
  }
}
