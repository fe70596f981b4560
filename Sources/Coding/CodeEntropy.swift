/// How many bits weight codes take, without encoding them: what training steers by, and the bound beside real sizes.
public struct CodeEntropy: Sendable, Equatable {
  /// Codes counted.
  public let count: Int
  /// Bits of all codes by their frequencies alone: the zero-order entropy.
  public let zeroOrderBits: Double
  /// Bits by the code before each in its row, the tables of such a model included; for alphabets of up to four codes, else
  /// `zeroOrderBits`.
  public let firstOrderBits: Double

  /// - Parameters:
  ///   - codes: of any values, in rows one after the other.
  ///   - rowLength: codes in a row; nil for a single row.
  /// - Complexity: O(*n*), one pass and no memory that grows with the codes.
  public init(_ codes: some Collection<Int8>, rowLength: Int? = nil) {
    var pairs = [Int](repeating: 0, count: 256 * 4)
    var counts = [Int](repeating: 0, count: 256)
    // Codes −1, 0, +1 and one more have contexts; a row starts after a 0.
    var (column, before, isSmall) = (0, 0, true)
    let length = max(rowLength ?? codes.count, 1)
    for code in codes {
      let symbol = Int(UInt8(bitPattern: code))
      counts[symbol] += 1
      if column == length { (column, before) = (0, 0) }
      pairs[symbol * 4 + before] += 1
      isSmall = isSmall && (-2...1).contains(code)
      before = symbol & 3
      column += 1
    }
    count = codes.count
    zeroOrderBits = Self.bits(counts)
    guard isSmall else {
      firstOrderBits = zeroOrderBits
      return
    }
    var bits = 0.0
    for context in 0..<4 {
      let row = stride(from: context, to: pairs.count, by: 4).map { pairs[$0] }
      // About twelve bits for each frequency but the last.
      bits += Self.bits(row) + 12 * Double(max(row.count(where: { $0 > 0 }) - 1, 0))
    }
    firstOrderBits = bits
  }

  /// The bits that a file is going to spend, about: the lesser of both.
  public var estimatedBits: Double { min(zeroOrderBits, firstOrderBits) }

  /// Bits of one code by its frequency, to add to a loss: `−log2 p`, by code; 0 for those that do not occur.
  ///
  /// - Parameter codes: of any values.
  public static func bitsByCode(_ codes: some Collection<Int8>) -> [Int8: Double] {
    var counts = [Int](repeating: 0, count: 256)
    for code in codes { counts[Int(UInt8(bitPattern: code))] += 1 }
    let total = SymbolModel.log2(max(codes.count, 1))
    var bits: [Int8: Double] = [:]
    for (symbol, count) in counts.enumerated() where count > 0 {
      bits[Int8(bitPattern: UInt8(symbol))] = total - SymbolModel.log2(count)
    }
    return bits
  }

  private static func bits(_ counts: [Int]) -> Double {
    let total = counts.reduce(0, +)
    guard total > 0 else { return 0 }
    let log = SymbolModel.log2(total)
    return counts.reduce(0) { $1 == 0 ? $0 : $0 + Double($1) * (log - SymbolModel.log2($1)) }
  }
}
