/// Bytes of any meaning bit by bit, with probabilities that are learned on the way from the bytes before: graphs, names and
/// the like in a third of what they take.
///
/// How sure a bit is comes from five counters: of the bits of the byte so far; of those and the byte before; the two before; the
/// second and third before; and of how often the byte that followed the same three bytes the last time was right. A mixer for
/// each length of that agreement adds them up.
///
///     bits       see BinaryEncoder, with their probabilities
///     fill       zeros up to a byte for 256 bytes
///
/// - Source: M. Mahoney, *Adaptive weighing of context models for lossless data compression*, Florida Tech TR CS-2005-16.
public enum MixedBytes {
  /// Bytes that a byte stands for at most; it bounds what a small file can ask for.
  public static let bytesPerByte = 256

  static func smallestByteCount(_ count: Int) -> Int { (count + bytesPerByte - 1) / bytesPerByte }

  /// - Complexity: O(*bytes*).
  public static func encode(_ bytes: [UInt8]) throws(CodingError) -> [UInt8] {
    guard !bytes.isEmpty else { return [] }
    var (encoder, copy) = (BinaryEncoder(), bytes)
    try Logistic.withTables { logistic in
      copy.withUnsafeMutableBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return }
        ByteModel.code(base, bytes.count, logistic, &encoder)
      }
    }
    encoder.finish()
    var writer = ByteWriter()
    writer.append(encoder.bytes)
    writer.pad(toCount: smallestByteCount(bytes.count))
    return writer.bytes
  }

  /// Decodes as many bytes as there is room for.
  ///
  /// - Parameters:
  ///   - payload: what `encode` made of so many bytes.
  ///   - bytes: of any contents before.
  /// - Throws: `length` when there are more than 256 bytes a byte, or bytes after the last; `truncated`, `invalidStream`,
  ///   `padding`.
  public static func decode(
    _ payload: UnsafeRawBufferPointer, into bytes: UnsafeMutableBufferPointer<UInt8>
  ) throws(CodingError) {
    let smallest = smallestByteCount(bytes.count)
    guard payload.count >= smallest, let base = bytes.baseAddress, bytes.count > 0 else {
      guard payload.count == 0, smallest == 0 else {
        throw CodingError(.length(expected: smallest, found: payload.count), at: 0)
      }
      return
    }
    base.initialize(repeating: 0, count: bytes.count)
    var decoder = BinaryDecoder(payload)
    try Logistic.withTables { logistic in ByteModel.code(base, bytes.count, logistic, &decoder) }
    let end = try decoder.finish()
    guard end == payload.count || payload.count == smallest else {
      throw CodingError(.length(expected: max(end, smallest), found: payload.count), at: end)
    }
    for index in end..<payload.count where payload[index] != 0 { throw CodingError(.padding, at: index) }
  }
}

/// What is known of bytes while they are coded; the memory is the caller's.
private struct ByteModel {
  /// Bits that a counter remembers.
  private static let memory = 20
  private static let longestMatch = 15
  /// Bits of the number of the place where the same three bytes were last.
  private static let placeBits: UInt32 = 12
  private static let wholeCounters = 256

  let counters: UnsafeMutablePointer<BitCounter>
  let agreements: UnsafeMutablePointer<BitCounter>
  let mixers: UnsafeMutablePointer<ByteMixer>
  let places: UnsafeMutablePointer<UInt32>
  /// Counters of each of the three contexts that are hashed, as a power of two.
  let tableBits: UInt32
  let logistic: Logistic

  /// Codes bytes: writes those at `bytes`, or reads them to there.
  static func code<Coder: BinaryCoding>(
    _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ logistic: Logistic, _ coder: inout Coder
  ) {
    var tableBits: UInt32 = 10
    while tableBits < 16 && 1 << Int(tableBits) < 4 * count { tableBits += 1 }
    let agreementCount = 2 * (longestMatch + 1)
    let counterCount = wholeCounters + 3 << Int(tableBits)
    withUnsafeTemporaryAllocation(of: BitCounter.self, capacity: counterCount + agreementCount) { counters in
      withUnsafeTemporaryAllocation(of: ByteMixer.self, capacity: longestMatch + 1) { mixers in
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 1 << Int(placeBits)) { places in
          guard let counters = counters.baseAddress, let mixers = mixers.baseAddress, let places = places.baseAddress
          else { return }
          counters.initialize(repeating: BitCounter(probability: 32_768), count: counterCount + agreementCount)
          mixers.initialize(repeating: ByteMixer(), count: longestMatch + 1)
          places.initialize(repeating: 0, count: 1 << Int(placeBits))
          let model = ByteModel(
            counters: counters, agreements: counters + counterCount, mixers: mixers, places: places,
            tableBits: tableBits, logistic: logistic)
          model.code(bytes, count, &coder)
        }
      }
    }
  }

  private func code<Coder: BinaryCoding>(
    _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ coder: inout Coder
  ) {
    var (before, match, length): (UInt32, Int, Int) = (0, 0, 0)
    for index in 0..<count {
      let guess = length > 0 ? Int(bytes[match]) | 256 : 0
      let byte = self.byte(Int(bytes[index]), after: before, guess: guess, length: length, &coder)
      bytes[index] = UInt8(truncatingIfNeeded: byte)
      before = before << 8 | UInt32(truncatingIfNeeded: byte & 255)
      if guess == byte {
        length = min(length + 1, Self.longestMatch)
        match += 1
      } else {
        length = 0
      }
      let place = places + Int(hash(before & 0xFF_FFFF, Self.placeBits))
      if length == 0 && place.pointee > 0 { (match, length) = (Int(place.pointee), 1) }
      place.pointee = UInt32(truncatingIfNeeded: index + 1)
    }
  }

  /// Codes one byte, and teaches all that said something about it.
  ///
  /// - Parameters:
  ///   - before: the four bytes before, the last lowest.
  ///   - guess: 256 and a byte; 0 if there is no guess.
  ///   - length: bytes that guesses before were right about, and one more; 0 if there is no guess.
  /// - Returns: 256 and the byte.
  @inline(__always)
  private func byte<Coder: BinaryCoding>(
    _ byte: Int, after before: UInt32, guess: Int, length: Int, _ coder: inout Coder
  ) -> Int {
    let (one, two, apart) = ((before & 0xFF) << 8, (before & 0xFFFF) << 8, before & 0xFF_FF00)
    let tables = counters + Self.wholeCounters
    var part = 1
    for bit in stride(from: 7, through: 0, by: -1) {
      let here = UInt32(truncatingIfNeeded: part)
      let a = counters + part
      let b = tables + Int(hash(one | here, tableBits))
      let c = tables + (1 << Int(tableBits) + Int(hash(two | here, tableBits)))
      let d = tables + (2 << Int(tableBits) + Int(hash(apart | here, tableBits)))
      let isGuessed = guess >> (bit + 1) == part
      let set = isGuessed ? length : 0
      let e = agreements + (2 * set + guess >> bit & 1)
      var sure = SIMD8<Int32>()
      sure[0] = logistic.sureness(a.pointee)
      sure[1] = logistic.sureness(b.pointee)
      sure[2] = logistic.sureness(c.pointee)
      sure[3] = logistic.sureness(d.pointee)
      sure[4] = isGuessed ? logistic.sureness(e.pointee) : 0
      let probability = mixers[set].probability(sure, logistic)
      let value = coder.code(byte >> bit & 1, probability: probability)
      mixers[set].learn(value, probability, sure)
      a.pointee.learn(value, logistic, limit: Self.memory)
      b.pointee.learn(value, logistic, limit: Self.memory)
      c.pointee.learn(value, logistic, limit: Self.memory)
      d.pointee.learn(value, logistic, limit: Self.memory)
      if isGuessed { e.pointee.learn(value, logistic, limit: Self.memory) }
      part = part << 1 | value
    }
    return part
  }

  /// The highest `bits` of a product of 32 bits.
  @inline(__always)
  private func hash(_ context: UInt32, _ bits: UInt32) -> UInt32 { (context &* 0x9E37_79B1) &>> (32 &- bits) }
}

/// Weights of five counters' sureness, learned too.
private struct ByteMixer {
  private var weights = SIMD8<Int32>(repeating: 22_938)
  private static let largest: Int32 = 1 << 17

  /// The probability of a 1, in 1/4096, 1...4095.
  @inline(__always)
  func probability(_ sure: SIMD8<Int32>, _ logistic: Logistic) -> UInt32 {
    // Five products of at most 2^17 · 2047.
    logistic.probability((weights &* sure).wrappedSum() &>> 16)
  }

  /// - Parameter probability: what was said.
  @inline(__always)
  mutating func learn(_ bit: Int, _ probability: UInt32, _ sure: SIMD8<Int32>) {
    let error = ((bit == 0 ? 0 : 4_096) &- Int32(bitPattern: probability)) &* 12
    weights = (weights &+ (sure &* error &+ 8_192) &>> 14)
      .clamped(lowerBound: SIMD8(repeating: -Self.largest), upperBound: SIMD8(repeating: Self.largest))
  }
}
