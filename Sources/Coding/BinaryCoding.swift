/// Codes bits whose probability is known to both sides: `BinaryEncoder` and `BinaryDecoder`, so that one model serves both.
protocol BinaryCoding {
  /// Codes a bit.
  ///
  /// - Parameters:
  ///   - bit: what an encoder writes; a decoder does not look at it.
  ///   - probability: of a 1, in 1/4096; 1...4095.
  /// - Returns: the bit that was written or read.
  mutating func code(_ bit: Int, probability: UInt32) -> Int
}

/// Eight bits of probability 1/2 with which an encoder ends. A decoder whose bytes are missing reads equal bits, sooner or later.
private let ending: [Int] = [1, 0, 1, 0, 0, 1, 0, 1]

/// What is left of all numbers after the bits so far: `low...high`, 32 bits of which those that agree are sent.
private struct Interval {
  var low: UInt32 = 0
  var high: UInt32 = .max

  /// The last number of the lower part, which stands for a 1.
  @inline(__always)
  func split(_ probability: UInt32) -> UInt32 { low &+ ((high &- low) &>> 12) &* probability }

  /// True when the first byte is known.
  var isFirstByteKnown: Bool { (low ^ high) >> 24 == 0 }

  @inline(__always)
  mutating func dropFirstByte() {
    low <<= 8
    high = high << 8 | 255
  }

  /// The number in the interval that has the fewest bytes before its zeros, and how many: what an encoder ends with.
  var last: (number: UInt32, byteCount: Int) {
    guard low > 0 else { return (0, 0) }
    for byteCount in 1...3 {
      let rest = UInt32.max >> UInt32(8 * byteCount)
      let (sum, overflow) = low.addingReportingOverflow(rest)
      if !overflow && sum & ~rest <= high { return (sum & ~rest, byteCount) }
    }
    return (low, 4)
  }
}

/// Writes bits of known probability.
///
/// - Source: M. Mahoney, *Adaptive weighing of context models for lossless data compression*, Florida Tech TR CS-2005-16 (the
///   coder without carry).
struct BinaryEncoder: BinaryCoding {
  private(set) var bytes: [UInt8] = []
  private var interval = Interval()

  mutating func code(_ bit: Int, probability: UInt32) -> Int {
    let split = interval.split(probability)
    if bit != 0 { interval.high = split } else { interval.low = split + 1 }
    while interval.isFirstByteKnown {
      bytes.append(UInt8(truncatingIfNeeded: interval.high >> 24))
      interval.dropFirstByte()
    }
    return bit
  }

  /// Writes the bits that a decoder checks, and what tells the last of them.
  mutating func finish() {
    for bit in ending { _ = code(bit, probability: 2_048) }
    let (number, byteCount) = interval.last
    for index in 0..<byteCount { bytes.append(UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * index))) }
  }
}

/// Reads bits of known probability; behind the end there are zeros.
struct BinaryDecoder: BinaryCoding {
  private let bytes: UnsafeRawBufferPointer
  private var interval = Interval()
  private var number: UInt32 = 0
  /// Bytes that are in `number` or were before.
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    for _ in 0..<4 { take() }
  }

  @inline(__always)
  private mutating func take() {
    number = number << 8 | (position < bytes.count ? UInt32(bytes[position]) : 0)
    position += 1
  }

  @inline(__always)
  mutating func code(_ bit: Int, probability: UInt32) -> Int {
    let split = interval.split(probability)
    let isOne = number <= split
    if isOne { interval.high = split } else { interval.low = split &+ 1 }
    while interval.isFirstByteKnown {
      interval.dropFirstByte()
      take()
    }
    return isOne ? 1 : 0
  }

  /// Checks the ending and the last bytes.
  ///
  /// - Returns: how many bytes the bits take.
  /// - Throws: `truncated` when there are fewer; `invalidStream` when they are not what an encoder writes.
  mutating func finish() throws(CodingError) -> Int {
    for bit in ending where code(0, probability: 2_048) != bit { throw CodingError(.invalidStream, at: 0) }
    let last = interval.last
    // Where bytes are missing, the number has left the interval.
    guard number == last.number else { throw CodingError(.invalidStream, at: 0) }
    let end = position - 4 + last.byteCount
    guard end <= bytes.count else { throw CodingError(.truncated(needed: end, available: bytes.count), at: 0) }
    return end
  }
}
