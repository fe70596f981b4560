/// How sure a model is of a bit, as a number that adds up: ln(p / (1 − p)) in 1/256, in −2047...2047, and back.
///
/// Integers only, the same on every machine; the numbers are those of M. Mahoney's lpaq1.
struct Logistic {
  /// Entries of the tables that `init` fills.
  static let tableCount = 4_096 + BitCounter.limit + 1
  /// 4096 / (1 + e^(−x / 256)) for x = −2048, −1920, ..., 2048.
  private static let curve: [Int32] = [
    1, 2, 3, 6, 10, 16, 27, 45, 73, 120, 194, 310, 488, 747, 1_101, 1_546, 2_047, 2_549, 2_994, 3_348, 3_607, 3_785,
    3_901, 3_975, 4_024, 4_050, 4_068, 4_079, 4_085, 4_089, 4_092, 4_093, 4_094,
  ]

  /// By probability in 1/4096: how sure that is. Behind it, by number of bits seen: what a counter moves, in 1/65536.
  private let tables: UnsafePointer<UInt16>
  private let curve: UnsafePointer<Int32>

  /// - Parameter tables: `tableCount` entries of any contents, which have to stay.
  init(_ tables: UnsafeMutablePointer<UInt16>, curve: UnsafePointer<Int32>) {
    self.tables = UnsafePointer(tables)
    self.curve = curve
    var next = 0
    for sure in Int32(-2_047)...2_047 {
      // The first x that reaches a probability stands for it.
      let last = Int(Self.probability(sure, curve))
      while next <= last {
        tables[next] = UInt16(truncatingIfNeeded: sure)
        next += 1
      }
    }
    while next < 4_096 {
      tables[next] = 2_047
      next += 1
    }
    for seen in 0...BitCounter.limit { tables[4_096 + seen] = UInt16(truncatingIfNeeded: 131_072 / (2 * seen + 3)) }
  }

  /// Calls `body` with tables that it may use.
  static func withTables<Result>(_ body: (Logistic) throws(CodingError) -> Result) throws(CodingError) -> Result {
    var result: Swift.Result<Result, CodingError>?
    curve.withUnsafeBufferPointer { curve in
      withUnsafeTemporaryAllocation(of: UInt16.self, capacity: tableCount) { tables in
        guard let curve = curve.baseAddress, let tables = tables.baseAddress else { return }
        let logistic = Logistic(tables, curve: curve)
        do throws(CodingError) { result = .success(try body(logistic)) } catch { result = .failure(error) }
      }
    }
    guard let result else { throw CodingError(.invalidModel, at: 0) }
    return try result.get()
  }

  /// How sure a counter is.
  @inline(__always)
  func sureness(_ counter: BitCounter) -> Int32 {
    Int32(Int16(bitPattern: tables[Int(counter.state & 0xFFFF) &>> 4]))
  }

  /// What a counter that has seen so many bits moves by the next.
  @inline(__always)
  func step(seen: Int) -> Int32 { Int32(tables[4_096 &+ seen]) }

  /// The probability of a 1, in 1/4096, 1...4095.
  @inline(__always)
  func probability(_ sureness: Int32) -> UInt32 {
    UInt32(truncatingIfNeeded: Self.probability(min(max(sureness, -2_047), 2_047), curve))
  }

  @inline(__always)
  private static func probability(_ sureness: Int32, _ curve: UnsafePointer<Int32>) -> Int32 {
    let place = Int(sureness &>> 7) &+ 16
    let part = sureness & 127
    return (curve[place] &* (128 &- part) &+ curve[place &+ 1] &* part &+ 64) &>> 7
  }
}

/// The probability of a 1, learned from the bits that came: the mean of them at first, later of about the last 128.
struct BitCounter {
  /// Bits after which it no longer slows down.
  static let limit = 127
  /// The probability in 1/65536 below, the number of bits above.
  fileprivate(set) var state: UInt32

  init(probability: UInt32) { state = probability }

  /// Half of what tells the bit is what was known before: after n bits it moves 2 / (2 n + 3) of the way.
  ///
  /// - Parameter limit: bits after which it no longer slows down, at most `BitCounter.limit`.
  @inline(__always)
  mutating func learn(_ bit: Int, _ logistic: Logistic, limit: Int = Self.limit) {
    let seen = Int(state &>> 16)
    let probability = Int32(bitPattern: state & 0xFFFF)
    let target: Int32 = bit == 0 ? 0 : 65_535
    // 32 bits do for 65,535 · 43,690 only without a sign.
    let moved = Int32(truncatingIfNeeded: (Int64(target &- probability) &* Int64(logistic.step(seen: seen))) &>> 16)
    state = UInt32(bitPattern: probability &+ moved) | UInt32(min(seen &+ 1, limit)) &<< 16
  }
}

/// Weights of three counters' sureness, learned too.
struct BitMixer {
  private var weights = SIMD4<Int32>(repeating: 22_938)
  private static let largest: Int32 = 1 << 18

  /// Codes a bit with three counters, and teaches all.
  @inline(__always)
  mutating func code<Coder: BinaryCoding>(
    _ bit: Int, _ a: UnsafeMutablePointer<BitCounter>, _ b: UnsafeMutablePointer<BitCounter>,
    _ c: UnsafeMutablePointer<BitCounter>, _ logistic: Logistic, _ coder: inout Coder
  ) -> Int {
    let sure = SIMD4(
      logistic.sureness(a.pointee), logistic.sureness(b.pointee), logistic.sureness(c.pointee), 0)
    // Three products of at most 2^18 · 2047.
    let probability = logistic.probability((weights &* sure).wrappedSum() &>> 16)
    let bit = coder.code(bit, probability: probability)
    let error = ((bit == 0 ? 0 : 4_096) &- Int32(bitPattern: probability)) &* 12
    weights = (weights &+ (sure &* error &+ 8_192) &>> 14)
      .clamped(lowerBound: SIMD4(repeating: -Self.largest), upperBound: SIMD4(repeating: Self.largest))
    a.pointee.learn(bit, logistic)
    b.pointee.learn(bit, logistic)
    c.pointee.learn(bit, logistic)
    return bit
  }
}
