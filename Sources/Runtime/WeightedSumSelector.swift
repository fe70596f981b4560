import CKernels
import Planning

import struct Kernels.AddedFilters
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
  /// What adding up codes in planes needs to know, where that can compute the layer.
  let planes: Planes?
  let preference: WeightedSumPreference
  let costs: KernelCosts
  /// Ones where the input's codes have bits, and where windows see some.
  let codeBits: (inside: UInt8, everywhere: UInt8)

  /// The result's size, and the strides.
  typealias Planes = (rows: Int, columns: Int, strides: (rows: Int, columns: Int))

  /// A way, with the weights of each group as it wants them.
  enum Packing {
    case dense
    /// As many columns as said are computed as one.
    case gather([GatheredFilters], columns: Int)
    case packed([LeveledFilters])
    case binary([BinaryFilters])
    case add([AddedFilters])
  }

  /// A way with its time; without packed weights where it is not wanted, or cannot win.
  private typealias Way = (candidate: KernelChoice.Candidate, packing: Packing?)

  private var outputs: Int { weights.outputs / groups }
  private var steps: Int { (outputs + 15) / 16 * ((windowLength + 3) / 4) }

  /// What runs, and why.
  func selection() -> (packing: Packing, choice: KernelChoice) {
    let dense = candidate(.dense, work(.dense, steps: steps, byteCount: steps * 64))
    var ways: [Way] = [(dense, .dense)]
    var (packing, best) = (Packing.dense, dense)
    var fill: Double?
    for find in [gather, packed, binary, add] {
      guard let way = find(best.microseconds) else { continue }
      ways.append(way)
      guard let found = way.packing else { continue }
      if case .gather(let filters, _) = found { fill = filters.reduce(0) { $0 + $1.fill } / Double(max(groups, 1)) }
      let isAsked = preference.method == way.candidate.method
      if isAsked || way.candidate.microseconds < best.microseconds { (packing, best) = (found, way.candidate) }
    }
    return (packing, KernelChoice(best.method, ways.map { $0.candidate }, density: density, fill: fill))
  }

  /// Whether a way is worth packing weights for: it is asked for, or may take less time than what was found so far.
  private func isWorthwhile(_ way: KernelChoice.Candidate, against fastest: Double) -> Bool {
    preference.method.map { $0 == way.method } ?? (way.microseconds < fastest)
  }

  /// Weights without zeros, and how many columns they compute as one.
  private typealias Gathered = (filters: [GatheredFilters], columns: Int)

  /// The way that picks codes.
  private func gather(against fastest: Double) -> Way? {
    // Rounds of half the bytes where a pixel or two take as long as their weights come.
    let levels = pixels <= 2 ? weights.twoLevels : nil
    let bytes = levels == nil ? 128 : 64
    let least = columnCounts.map { leastGathered(columns: $0, bytesOfRound: bytes) }.min() ?? .infinity
    let bound = KernelChoice.Candidate(method: .gather, microseconds: least, isBound: true)
    guard isWorthwhile(bound, against: fastest) else { return (bound, nil) }
    var best: Gathered?
    var shortest = Double.infinity
    for columns in columnCounts where leastGathered(columns: columns, bytesOfRound: bytes) < shortest {
      guard let (filters, microseconds) = gathered(columns: columns, levels: levels) else { return nil }
      if microseconds < shortest { (best, shortest) = ((filters, columns), microseconds) }
    }
    guard let best else { return nil }
    let candidate = KernelChoice.Candidate(method: .gather, microseconds: shortest)
    return (candidate, .gather(best.filters, columns: best.columns))
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

  /// The way with packed weights. No kernel adds a residual.
  private func packed(against fastest: Double) -> Way? {
    guard !addsResidual else { return nil }
    let bound = candidate(.packed, work(.packed, steps: steps, byteCount: steps * 16), isBound: true)
    guard isWorthwhile(bound, against: fastest) else { return (bound, nil) }
    var all: [LeveledFilters] = []
    var microseconds = 0.0
    for group in 0..<groups {
      guard let filters = weights.leveled(group * outputs..<(group + 1) * outputs, input) else { return nil }
      microseconds +=
        costs.nanoseconds(work(.packed, steps: steps, byteCount: steps * 8 * filters.bitWidth)) / 1000
      all.append(filters)
    }
    return (KernelChoice.Candidate(method: .packed, microseconds: microseconds), .packed(all))
  }

  /// The way with weights of a bit; nil where weights have more levels. No kernel adds a residual.
  private func binary(against fastest: Double) -> Way? {
    guard !addsResidual, outputs > 0 else { return nil }
    var all: [BinaryFilters] = []
    for group in 0..<groups {
      let range = group * outputs..<(group + 1) * outputs
      guard let filters = weights.binary(range, input, codeBits: codeBits.everywhere) else { return nil }
      all.append(filters)
    }
    // Bits that only the border has take no time where there is none.
    let words = all.reduce(0) { $0 + $1.wordCount }
    let steps = (outputs + 15) / 16 * words * codeBits.inside.nonzeroBitCount
    let work = work(
      .binary, steps: steps, tables: words * codeBits.everywhere.nonzeroBitCount,
      byteCount: all.reduce(0) { $0 + $1.data.count * 8 })
    let result = KernelChoice.Candidate(method: .binary, microseconds: costs.nanoseconds(work) / 1000)
    return (result, isWorthwhile(result, against: fastest) ? .binary(all) : nil)
  }

  /// The way that adds up codes in planes, of weights of two levels and zeros.
  private func add(against fastest: Double) -> Way? {
    // No denser layer was measured.
    guard let planes, density <= 0.5, weights.twoLevels != nil else { return nil }
    let additions = Int(Double(weights.rowLength * outputs) * density)
    let bound = candidate(.add, work(.add, steps: additions, byteCount: 0), isBound: true)
    guard isWorthwhile(bound, against: fastest) else { return (bound, nil) }
    var all: [AddedFilters] = []
    var microseconds = 0.0
    for group in 0..<groups {
      let range = group * outputs..<(group + 1) * outputs
      guard let filters = weights.added(range, input, planes) else { return nil }
      let work = work(.add, steps: filters.additions, tables: filters.turns, byteCount: filters.places.count * 2)
      microseconds += costs.nanoseconds(work) / 1000
      all.append(filters)
    }
    return (KernelChoice.Candidate(method: .add, microseconds: microseconds), .add(all))
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
