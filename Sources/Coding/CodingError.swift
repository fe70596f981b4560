/// Why bytes do not decode, or codes do not encode, and where.
public struct CodingError: Error, Equatable, Sendable {
  public enum Problem: Equatable, Sendable {
    /// More bytes are asked for than there are.
    case truncated(needed: Int, available: Int)
    /// A payload has not the length that its number of codes takes.
    case length(expected: Int, found: Int)
    /// An integer that does not fit in 64 bits.
    case integerTooLarge
    /// An integer written with more bytes than it needs.
    case integerTooLong
    /// A code outside the alphabet, or a byte that stands for no code.
    case invalidCode
    /// Bits after the last code that are not 0.
    case padding
    /// Tables of an entropy code that fit no alphabet or contradict themselves.
    case invalidModel
    /// Entropy-coded bits that do not end where an encoder starts.
    case invalidStream
    /// A code (as `raw`, `trits`) that cannot hold this alphabet, or a count that overflows.
    case unsupportedAlphabet
  }

  public var problem: Problem
  /// Byte in what is read, or index of the code in what is written.
  public var offset: Int

  public init(_ problem: Problem, at offset: Int) {
    self.problem = problem
    self.offset = offset
  }
}

extension CodingError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let needed, let available):
      String(needed) + " bytes are needed and " + String(available) + " are left"
    case .length(let expected, let found):
      "the codes take " + String(expected) + " bytes, not " + String(found)
    case .integerTooLarge: "an integer does not fit in 64 bits"
    case .integerTooLong: "an integer has more bytes than it needs"
    case .invalidCode: "a code lies outside its alphabet"
    case .padding: "the bits after the last code are not 0"
    case .invalidModel: "the tables of an entropy code contradict themselves"
    case .invalidStream: "the codes do not end as an encoder starts"
    case .unsupportedAlphabet: "this code cannot hold these weights"
    }
  }
}
