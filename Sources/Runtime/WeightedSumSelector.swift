import CKernels
import Planning

import struct Kernels.BinaryFilters
import struct Kernels.GatheredFilters
import struct Kernels.KernelCosts
import struct Kernels.KernelWork
import struct Kernels.LeveledFilters

/// A group of a layer, packed for the sparse kernels.
struct GatheredGroup {
  /// For `dc_convolution.weights`.
  let weights: UnsafeRawPointer

  init(_ filters: GatheredFilters, _ storage: Storage) {
    var gathered = dc_gathered()
    gathered.tables = storage.copy(filters.tables)
    gathered.rounds = storage.copy(filters.rounds)
    gathered.groupOffsets = storage.copy(filters.groupOffsets)
    gathered.data = storage.copy(filters.data)
    gathered.order = storage.copy(filters.order)
    gathered.tableCount = Int32(filters.tables.count)
    gathered.isNarrow = filters.levels == nil ? 0 : 1
    gathered.levels = filters.levels ?? (0, 0)
    weights = UnsafeRawPointer(storage.copy([gathered]))
  }
}

/// Chooses how one layer of codes is computed: by the estimated times, or as it is told.
///
/// Packing weights takes time when a model is loaded, so a way whose least possible time is too long is not tried.
struct WeightedSumSelector {
  let weights: LayerWeights
  /// Share of weights that are not zero.
  let density: Double
  let input: MapLayout
  /// Output pixels of a run, all images.
  let pixels: Int
  /// Bytes of a window.
  let windowLength: Int
  /// Bytes by which a window of two pixels is longer.
  let windowStep: Int
  let groups: Int
  /// Columns of the result; the sparse way may compute 2 or 4 of them as one where they divide it.
  let columns: Int
  let addsResidual: Bool
  /// See `KernelWork.slides`.
  let slides: Bool
  let preference: WeightedSumPreference
  let costs: KernelCosts
  /// Ones where the input's codes have bits, and where windows see some.
  let codeBits: (inside: UInt8, everywhere: UInt8)

  /// A way, with the weights of each group as it wants them.
  enum Packing {
    case dense
    /// As many columns as said are computed as one.
    case gather([GatheredFilters], columns: Int)
    case packed([LeveledFilters])
    case binary([BinaryFilters])
  }

  private var outputs: Int { weights.outputs / groups }
  private var steps: Int { (outputs + 15) / 16 * ((windowLength + 3) / 4) }

  /// What runs, and why.
  func selection() -> (packing: Packing, choice: KernelChoice) {
    let dense = candidate(.dense, work(.dense, steps: steps, byteCount: steps * 64))
    let (gather, gathered) = gather(against: dense.microseconds)
    let fastest = min(dense.microseconds, gathered == nil ? .infinity : gather?.microseconds ?? .infinity)
    let (packed, leveled) = packed(against: fastest)
    let faster = min(fastest, leveled == nil ? .infinity : packed?.microseconds ?? .infinity)
    let (binary, bits) = binary(against: faster)
    let candidates = [dense] + [gather, packed, binary].compactMap { $0 }
    var packing = Packing.dense
    var method = KernelChoice.Method.dense
    if let bits {
      (packing, method) = (.binary(bits), .binary)
    } else if let leveled, preference == .packed || (packed?.microseconds ?? .infinity) < fastest {
      (packing, method) = (.packed(leveled), .packed)
    } else if let gathered, preference == .gather || (gather?.microseconds ?? .infinity) < dense.microseconds {
      (packing, method) = (.gather(gathered.filters, columns: gathered.columns), .gather)
    }
    let fill = gathered.map { $0.filters.reduce(0) { $0 + $1.fill } / Double(max(groups, 1)) }
    return (packing, KernelChoice(method, candidates, density: density, fill: fill))
  }

  /// Weights without zeros, and how many columns they compute as one.
  private typealias Gathered = (filters: [GatheredFilters], columns: Int)

  /// The sparse way; without packed weights where it is not wanted, or cannot win.
  private func gather(against dense: Double) -> (KernelChoice.Candidate?, Gathered?) {
    // Rounds of half the bytes where a pixel or two take as long as their weights come.
    let levels = pixels <= 2 ? weights.twoLevels : nil
    let bytes = levels == nil ? 128 : 64
    let least = columnCounts.map { leastGathered(columns: $0, bytesOfRound: bytes) }.min() ?? .infinity
    let bound = KernelChoice.Candidate(method: .gather, microseconds: least, isBound: true)
    switch preference {
    case .dense, .packed, .binary: return (bound, nil)
    case .fastest: if bound.microseconds >= dense { return (bound, nil) }
    case .gather: break
    }
    var best: Gathered?
    var fastest = Double.infinity
    for columns in columnCounts where leastGathered(columns: columns, bytesOfRound: bytes) < fastest {
      guard let (filters, microseconds) = gathered(columns: columns, levels: levels) else { return (nil, nil) }
      if microseconds < fastest { (best, fastest) = ((filters, columns), microseconds) }
    }
    return (best.map { _ in KernelChoice.Candidate(method: .gather, microseconds: fastest) }, best)
  }

  /// Ways to divide rows into columns that are computed as one; more than two groups' worth did not gain.
  private var columnCounts: [Int] {
    [1, 2, 4].filter { $0 == 1 || (columns % $0 == 0 && $0 * outputs <= ($0 == 2 ? 64 : 32)) }
  }

  /// The time with all places in rounds taken; the estimate that decides has the rounds that there are.
  private func leastGathered(columns: Int, bytesOfRound: Int) -> Double {
    let rounds = Int(Double(windowLength * outputs * columns) * density / 64)
    let length = windowLength + (columns - 1) * windowStep
    let tables = (outputs * columns + 15) / 16 * ((length + 63) / 64)
    let work = gatherWork(rounds: rounds, tables: tables, byteCount: rounds * bytesOfRound, columns: columns)
    return costs.nanoseconds(work) * Double(groups) / 1000
  }

  /// The weights of all groups, and the time that they take.
  private func gathered(
    columns: Int, levels: (Int8, Int8)?
  ) -> (filters: [GatheredFilters], microseconds: Double)? {
    var all: [GatheredFilters] = []
    var microseconds = 0.0
    for group in 0..<groups {
      let range = group * outputs..<(group + 1) * outputs
      guard let filters = weights.gathered(range, input, levels: levels, columns: columns) else { return nil }
      let tables = (outputs * columns + 15) / 16 * filters.tables.count
      let work = gatherWork(
        rounds: filters.roundCount, tables: tables, byteCount: filters.data.count, columns: columns)
      microseconds += costs.nanoseconds(work) / 1000
      all.append(filters)
    }
    return (all, microseconds)
  }

  /// The way with packed weights; without them where it is not wanted, or cannot win. No kernel adds a residual.
  private func packed(against fastest: Double) -> (KernelChoice.Candidate?, [LeveledFilters]?) {
    guard !addsResidual else { return (nil, nil) }
    let bound = candidate(.packed, work(.packed, steps: steps, byteCount: steps * 16), isBound: true)
    switch preference {
    case .dense, .gather, .binary: return (bound, nil)
    case .fastest: if bound.microseconds >= fastest { return (bound, nil) }
    case .packed: break
    }
    var all: [LeveledFilters] = []
    var microseconds = 0.0
    for group in 0..<groups {
      guard let filters = weights.leveled(group * outputs..<(group + 1) * outputs, input) else { return (nil, nil) }
      microseconds +=
        costs.nanoseconds(work(.packed, steps: steps, byteCount: steps * 8 * filters.bitWidth)) / 1000
      all.append(filters)
    }
    return (KernelChoice.Candidate(method: .packed, microseconds: microseconds), all)
  }

  /// The way with weights of a bit; nil where weights have more levels. No kernel adds a residual.
  private func binary(against fastest: Double) -> (KernelChoice.Candidate?, [BinaryFilters]?) {
    guard !addsResidual, outputs > 0 else { return (nil, nil) }
    var all: [BinaryFilters] = []
    for group in 0..<groups {
      let range = group * outputs..<(group + 1) * outputs
      guard let filters = weights.binary(range, input, codeBits: codeBits.everywhere) else { return (nil, nil) }
      all.append(filters)
    }
    // Bits that only the border has take no time where there is none.
    let words = all.reduce(0) { $0 + $1.wordCount }
    let steps = (outputs + 15) / 16 * words * codeBits.inside.nonzeroBitCount
    let work = work(
      .binary, steps: steps, tables: words * codeBits.everywhere.nonzeroBitCount,
      byteCount: all.reduce(0) { $0 + $1.data.count * 8 })
    let result = KernelChoice.Candidate(method: .binary, microseconds: costs.nanoseconds(work) / 1000)
    switch preference {
    case .dense, .gather, .packed: return (result, nil)
    case .fastest: return (result, result.microseconds < fastest ? all : nil)
    case .binary: return (result, all)
    }
  }

  private func candidate(
    _ method: KernelChoice.Method, _ work: KernelWork, isBound: Bool = false
  ) -> KernelChoice.Candidate {
    KernelChoice.Candidate(
      method: method, microseconds: costs.nanoseconds(work) * Double(groups) / 1000, isBound: isBound)
  }

  private func gatherWork(rounds: Int, tables: Int, byteCount: Int, columns: Int) -> KernelWork {
    KernelWork(
      method: .gather, pixels: pixels / columns, outputs: outputs * columns, steps: rounds, tables: tables,
      byteCount: byteCount, addsResidual: addsResidual, slides: slides && columns == 1)
  }

  private func work(
    _ method: KernelChoice.Method, steps: Int, tables: Int = 0, byteCount: Int
  ) -> KernelWork {
    KernelWork(
      method: method, pixels: pixels, outputs: outputs, steps: steps, tables: tables, byteCount: byteCount,
      addsResidual: addsResidual, slides: slides)
  }
}
