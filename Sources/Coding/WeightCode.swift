/// The ways in which a tensor of weight codes becomes bytes: the list that the file format, the tests and the
/// documentation read.
///
/// The raw value is the byte that names the code in a file. A code with parameters of its own (an entropy code's
/// tables and length) writes them after that byte.
public enum WeightCode: UInt8, CaseIterable, Hashable, Sendable {
  /// Every code in its alphabet's bits: `PackedBits`.
  case raw = 1
  /// Five ternary codes a byte: `PackedTrits`.
  case trits = 2

  /// The name in tables and messages.
  public var name: String {
    switch self {
    case .raw: "raw"
    case .trits: "trits"
    }
  }

  /// Bytes that `count` codes take; nil when this code cannot hold the alphabet, or the count overflows.
  public func byteCount(count: Int, alphabet: CodeAlphabet) -> Int? {
    switch self {
    case .raw: PackedBits.byteCount(count: count, alphabet: alphabet)
    case .trits: alphabet == .ternary ? PackedTrits.byteCount(count: count) : nil
    }
  }

  /// - Throws: `unsupportedAlphabet`; `invalidCode` at the first code outside the alphabet.
  public func encode(_ codes: [Int8], alphabet: CodeAlphabet) throws(CodingError) -> [UInt8] {
    switch self {
    case .raw: return try PackedBits.encode(codes, alphabet: alphabet)
    case .trits:
      guard alphabet == .ternary else { throw CodingError(.unsupportedAlphabet, at: 0) }
      return try PackedTrits.encode(codes)
    }
  }

  /// The inverse of `encode`, for any bytes.
  ///
  /// - Throws: `length` before anything is allocated; `invalidCode`, `padding`, `unsupportedAlphabet`.
  public func decode(
    _ bytes: UnsafeRawBufferPointer, count: Int, alphabet: CodeAlphabet
  ) throws(CodingError) -> [Int8] {
    switch self {
    case .raw: return try PackedBits.decode(bytes, count: count, alphabet: alphabet)
    case .trits:
      guard alphabet == .ternary else { throw CodingError(.unsupportedAlphabet, at: 0) }
      return try PackedTrits.decode(bytes, count: count)
    }
  }

  /// The code among `codes` that takes the fewest bytes, the first among equals; nil if none can hold them.
  public static func smallest(
    of codes: [WeightCode] = allCases, count: Int, alphabet: CodeAlphabet
  ) -> WeightCode? {
    var best: (code: WeightCode, byteCount: Int)?
    for code in codes {
      guard let byteCount = code.byteCount(count: count, alphabet: alphabet) else { continue }
      if best.map({ byteCount < $0.byteCount }) ?? true { best = (code, byteCount) }
    }
    return best?.code
  }
}
