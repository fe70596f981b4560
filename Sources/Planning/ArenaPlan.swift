import Tensors

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

/// A block that is written while another is read: it may begin before that one and cover bytes that were read already.
public struct Sharing: Hashable, Sendable {
  /// The block that is written.
  public var result: Int
  /// The block that is read.
  public var operand: Int
  /// Bytes from the result's beginning to the operand's at least; 0 or more.
  public var distance: Int

  /// - Precondition: no negative distance, two different blocks.
  public init(result: Int, operand: Int, distance: Int) {
    precondition(distance >= 0 && result != operand, "A result begins before its operand, or with it")
    (self.result, self.operand, self.distance) = (result, operand, distance)
  }
}

/// Where each block lies in one arena, so that blocks alive at the same step do not share bytes, or only as they may.
public struct ArenaPlan: Equatable, Sendable {
  /// Byte offset of each block, a multiple of the alignment.
  public var offsets: [Int]
  /// Bytes of the arena.
  public var byteCount: Int

  /// Places the largest blocks first, each at the lowest offset where it fits. Where blocks may share, other orders are
  /// tried too, and the smallest plan is taken.
  ///
  ///     let plan = ArenaPlan(lifetimes, alignment: 64)
  ///
  /// - Parameters:
  ///   - lifetimes: when each block is alive, and its size.
  ///   - alignment: of every offset, in bytes; a power of two.
  ///   - sharing: results and operands that may overlap.
  /// - Complexity: O(*n*³) for *n* blocks that are all alive together, O(*n*² log *n*) for few at a time.
  /// - Source: greedy by size, Pisarchyk and Lee, *Efficient Memory Management for Deep Neural Net Inference*,
  ///   arXiv 2001.03288, section 5.2; overlapping results, Blacker et al., *Diagonal Memory Optimisation for Machine
  ///   Learning on Micro-controllers*, arXiv 2010.01668; orders, Joslin and Clements, *"Squeaky Wheel" Optimization*,
  ///   JAIR 10, 1999.
  public init(_ lifetimes: [Lifetime], alignment: Int = 64, sharing: [Sharing] = []) {
    precondition(alignment > 0 && alignment & (alignment - 1) == 0, "The alignment is a power of two")
    func order(_ isBefore: (Lifetime, Lifetime) -> Bool) -> [Int] {
      lifetimes.indices.sorted { a, b in
        isBefore(lifetimes[a], lifetimes[b]) || !isBefore(lifetimes[b], lifetimes[a]) && a < b
      }
    }
    let bySize = order { $0.byteCount > $1.byteCount }
    self.init(lifetimes, alignment, sharing: [], order: bySize)
    guard !sharing.isEmpty else { return }
    // A result can lie before its operand only if there is room: later blocks first, then.
    let bySizeLastFirst = order { ($0.byteCount, $0.firstStep) > ($1.byteCount, $1.firstStep) }
    let lastFirst = order { ($0.firstStep, $0.byteCount) > ($1.firstStep, $1.byteCount) }
    for order in [bySize, bySizeLastFirst, lastFirst] { improve(order, lifetimes, alignment, sharing) }
  }

  /// Tries more orders, from one on: the block that ends last complains and comes sooner, or any if it is the first.
  private mutating func improve(
    _ order: [Int], _ lifetimes: [Lifetime], _ alignment: Int, _ sharing: [Sharing]
  ) {
    var (order, generator) = (order, SplitMix64(seed: 1))
    var plan = ArenaPlan(lifetimes, alignment, sharing: sharing, order: order)
    for _ in 0..<Self.turns {
      if plan.byteCount < byteCount { self = plan }
      let highest = order.firstIndex { plan.offsets[$0] + lifetimes[$0].byteCount == plan.byteCount } ?? 0
      let place = highest > 0 ? highest : Int.random(in: order.indices, using: &generator)
      var changed = order
      let target = Bool.random(using: &generator) ? 0 : Int.random(in: 0...place, using: &generator)
      changed.insert(changed.remove(at: place), at: target)
      let next = ArenaPlan(lifetimes, alignment, sharing: sharing, order: changed)
      let isTaken = next.byteCount <= plan.byteCount || Int.random(in: 0..<8, using: &generator) == 0
      if isTaken { (plan, order) = (next, changed) }
    }
  }

  /// Orders that are tried.
  private static let turns = 200

  /// Places blocks in this order, each at the lowest offset that those before it allow.
  private init(_ lifetimes: [Lifetime], _ alignment: Int, sharing: [Sharing], order: [Int]) {
    offsets = [Int](repeating: 0, count: lifetimes.count)
    byteCount = 0
    let count = lifetimes.count
    // An initializer from a sequence casts, which Embedded Swift does not.
    var distances: [Int: Int] = [:]
    for pair in sharing { distances[pair.result * count + pair.operand] = pair.distance }
    /// Bytes from the beginning of one block to that of one above it, at least.
    func distance(from lower: Int, to upper: Int) -> Int {
      min(lifetimes[lower].byteCount, distances[lower * count + upper] ?? .max)
    }
    var placed: [Int] = []
    for block in order {
      let neighbors = placed.filter { lifetimes[$0].overlaps(lifetimes[block]) }
      let ends = neighbors.map { (offsets[$0] + distance(from: $0, to: block) + alignment - 1) & ~(alignment - 1) }
      let offset = ([0] + ends).sorted().first { offset in
        neighbors.allSatisfy {
          offset >= offsets[$0] + distance(from: $0, to: block)
            || offset + distance(from: block, to: $0) <= offsets[$0]
        }
      }
      // The last of the ends is above all neighbors.
      offsets[block] = offset ?? 0
      byteCount = max(byteCount, offsets[block] + lifetimes[block].byteCount)
      placed.append(block)
    }
  }

  /// The largest number of bytes alive at one step: no plan in which nothing is shared can do with less.
  public static func lowerBound(_ lifetimes: [Lifetime]) -> Int {
    lifetimes.map { $0.firstStep }.map { step in
      lifetimes.filter { $0.firstStep <= step && step <= $0.lastStep }.reduce(0) { $0 + $1.byteCount }
    }.max() ?? 0
  }
}
