/// A block of memory that is needed from one step to another, both included.
public struct Lifetime: Hashable, Sendable {
  public var byteCount: Int
  public var firstStep: Int
  public var lastStep: Int

  /// - Precondition: no negative size, first step not after the last.
  public init(byteCount: Int, firstStep: Int, lastStep: Int) {
    precondition(byteCount >= 0 && firstStep <= lastStep, "A lifetime has a size and does not end before it starts")
    self.byteCount = byteCount
    self.firstStep = firstStep
    self.lastStep = lastStep
  }

  public func overlaps(_ other: Lifetime) -> Bool {
    firstStep <= other.lastStep && other.firstStep <= lastStep
  }
}

/// Where each block lies in one arena, so that blocks alive at the same step do not share bytes.
public struct ArenaPlan: Equatable, Sendable {
  /// Byte offset of each block, a multiple of the alignment.
  public var offsets: [Int]
  /// Bytes of the arena.
  public var byteCount: Int

  /// Places the largest blocks first, each at the lowest offset where it fits.
  ///
  ///     let plan = ArenaPlan(lifetimes, alignment: 64)
  ///
  /// - Parameters:
  ///   - lifetimes: when each block is alive, and its size.
  ///   - alignment: of every offset, in bytes; a power of two.
  ///   - overlays: blocks that are to begin where another does, by that other one, if what is placed before allows it.
  /// - Complexity: O(*n*² log *n*) for *n* blocks.
  /// - Source: greedy by size, Pisarchyk and Lee, *Efficient Memory Management for Deep Neural Net Inference*,
  ///   arXiv 2001.03288, section 5.2.
  public init(_ lifetimes: [Lifetime], alignment: Int = 64, overlays: [Int: Int] = [:]) {
    precondition(alignment > 0 && alignment & (alignment - 1) == 0, "The alignment is a power of two")
    offsets = [Int](repeating: 0, count: lifetimes.count)
    byteCount = 0
    let order = lifetimes.indices.sorted {
      let (a, b) = (lifetimes[$0], lifetimes[$1])
      return a.byteCount != b.byteCount ? a.byteCount > b.byteCount : $0 < $1
    }
    var placed: [Int] = []
    for block in order where !placed.contains(block) {
      let offset = lowestOffset(block, from: 0, placed, lifetimes, alignment)
      place(block, at: offset, &placed, lifetimes)
      if let overlay = overlays[block], !placed.contains(overlay),
        lowestOffset(overlay, from: offset, placed, lifetimes, alignment) == offset
      {
        place(overlay, at: offset, &placed, lifetimes)
      }
    }
  }

  /// Where a block fits, at `start` or later.
  private func lowestOffset(
    _ block: Int, from start: Int, _ placed: [Int], _ lifetimes: [Lifetime], _ alignment: Int
  ) -> Int {
    let neighbors = placed.filter { lifetimes[$0].overlaps(lifetimes[block]) }.sorted { offsets[$0] < offsets[$1] }
    var offset = start
    for neighbor in neighbors {
      if offset + lifetimes[block].byteCount <= offsets[neighbor] { break }
      let end = offsets[neighbor] + lifetimes[neighbor].byteCount
      offset = max(offset, (end + alignment - 1) & ~(alignment - 1))
    }
    return offset
  }

  private mutating func place(_ block: Int, at offset: Int, _ placed: inout [Int], _ lifetimes: [Lifetime]) {
    offsets[block] = offset
    byteCount = max(byteCount, offset + lifetimes[block].byteCount)
    placed.append(block)
  }

  /// The largest number of bytes alive at one step: no plan can do with less.
  public static func lowerBound(_ lifetimes: [Lifetime]) -> Int {
    lifetimes.map { $0.firstStep }.map { step in
      lifetimes.filter { $0.firstStep <= step && step <= $0.lastStep }.reduce(0) { $0 + $1.byteCount }
    }.max() ?? 0
  }
}
