import CKernels

/// Weights of few levels as kernels read them.
public typealias LeveledWeights = dc_leveled

/// s8 weights of at most 16 levels in 4 bits each, or of at most 4 in 2: what `dc_leveled` points to.
///
/// Kernels look the levels up in a register, so that a half or a quarter of the bytes come from memory: what a dense
/// layer waits for when each weight is used once.
///
///     if let packed = LeveledFilters(filters) { packed.bitWidth }     // 2 for ternary weights
public struct LeveledFilters {
  /// Bits of a weight: 4 or 2.
  public let bitWidth: Int
  /// The level of each code, 16 of them.
  public let levels: [Int8]
  /// The codes of all weights.
  public let data: [UInt8]

  /// Packs all outputs of `filters`, s8 weights; nil when they and 0 are more than 16 levels.
  ///
  /// - Parameters:
  ///   - filters: signed codes, as the graph has them.
  ///   - bitWidth: 4 where 2 would do; nil takes the least.
  public init?(_ filters: Filters, bitWidth: Int? = nil) {
    var filters = filters
    var levels = [Int8](repeating: 0, count: 16)
    let count = Int(dc_find_levels(&filters, &levels))
    let least = count <= 4 ? 2 : 4
    guard count <= 16, bitWidth == nil || bitWidth == 4 || bitWidth == least else { return nil }
    self.bitWidth = bitWidth ?? least
    self.levels = levels
    var data = [UInt8](repeating: 0, count: dc_leveled_byte_count(&filters, Int32(self.bitWidth)))
    dc_pack_leveled(&filters, Int32(self.bitWidth), levels, &data)
    self.data = data
  }
}

extension LeveledWeights {
  /// - Parameters:
  ///   - filters: packed.
  ///   - data: a copy of `filters.data` that stays.
  public init(_ filters: LeveledFilters, data: UnsafePointer<UInt8>) {
    self.init()
    self.data = data
    bits = Int32(filters.bitWidth)
    withUnsafeMutableBytes(of: &levels) { levels in
      for (index, level) in filters.levels.enumerated() { levels[index] = UInt8(bitPattern: level) }
    }
  }
}
