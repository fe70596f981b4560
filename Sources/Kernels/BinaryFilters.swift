import CKernels

/// Weights of two levels as kernels read them.
public typealias BinaryWeights = dc_binary

/// s8 weights of two levels in a bit each: what `dc_binary` points to.
///
/// Kernels count the codes at high weights bit by bit of the codes, 64 at a time. That pays where few bits of the codes are
/// ever set: activations of one bit, such as signs, take one count.
///
///     if let binary = BinaryFilters(filters, codeBits: 0b11) { binary.levels }     // (-1, 1)
public struct BinaryFilters {
  /// The weights for a clear and for a set bit.
  public let levels: (low: Int8, high: Int8)
  /// Ones where a code of a window may have a bit.
  public let codeBits: UInt8
  /// Words of 64 codes in a window.
  public let wordCount: Int
  /// The bits of all weights.
  public let data: [UInt64]
  /// Ones at the codes of a window that belong to a channel.
  public let mask: [UInt64]

  /// Packs all outputs of `filters`, s8 weights; nil when there are more than two levels, or windows are too long.
  ///
  /// - Parameters:
  ///   - filters: as the graph has them.
  ///   - codeBits: ones where a code may have a bit, those of the border included.
  public init?(_ filters: Filters, codeBits: UInt8) {
    var filters = filters
    var levels: [Int8] = [0, 0]
    wordCount = Int(dc_binary_words(&filters))
    guard wordCount * codeBits.nonzeroBitCount <= Int(DC_MOST_BINARY_WORDS), dc_find_two_levels(&filters, &levels) <= 2
    else { return nil }
    var data = [UInt64](repeating: 0, count: (Int(filters.outputs) + 15) / 16 * 16 * wordCount)
    var mask = [UInt64](repeating: 0, count: wordCount)
    dc_pack_binary(&filters, levels[1], &data, &mask)
    self.data = data
    self.mask = mask
    self.levels = (levels[0], levels[1])
    self.codeBits = codeBits
  }
}

extension BinaryWeights {
  /// - Parameters:
  ///   - filters: packed.
  ///   - data: a copy of `filters.data` that stays.
  ///   - mask: a copy of `filters.mask` that stays.
  public init(_ filters: BinaryFilters, data: UnsafePointer<UInt64>, mask: UnsafePointer<UInt64>) {
    self.init()
    self.data = data
    self.mask = mask
    words = Int32(filters.wordCount)
    bits = filters.codeBits
    (low, high) = filters.levels
  }
}
