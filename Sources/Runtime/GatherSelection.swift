import CKernels
import Planning

import struct Kernels.GatheredFilters

/// What a layer costs by either method, in nanoseconds of an AMD Zen 5 at about 4 GHz: only ratios matter.
struct WeightedSumCost {
  /// Output pixels of a run, all images.
  let pixels: Int
  let outputs: Int
  /// Bytes of a window.
  let windowLength: Int

  private var groups: Double { Double((outputs + 15) / 16) }

  /// A step of four codes by 16 outputs for each pixel, unless the weights take longer to come.
  var dense: Double {
    let steps = groups * Double((windowLength + 3) / 4)
    let perPixel = steps * 0.13 + groups * 0.7
    return max(Double(pixels) * perPixel, Self.arrival(of: Int(steps) * 64))
  }

  /// Rounds, tables and groups for each pixel. One or two pixels do not teach the processor how many rounds tables have.
  func gather(rounds: Int, tables: Int, byteCount: Int) -> Double {
    let tables = groups * Double(tables)
    let isFirst = pixels <= 2
    let perPixel =
      Double(rounds) * (isFirst ? 0.49 : 0.245) + tables * (isFirst ? 1.2 : 0.07) + groups * 0.9 + 0.6
    return max(Double(pixels) * perPixel, Self.arrival(of: byteCount))
  }

  /// Weights that are looked up take twice as many instructions a step, and a share of the bytes.
  func packed(bitWidth: Int) -> Double {
    let steps = groups * Double((windowLength + 3) / 4)
    return max(Double(pixels) * (steps * 0.3 + groups * 0.7), Self.arrival(of: Int(steps) * 8 * bitWidth))
  }

  /// How long weights take from the cache that holds them, or from memory.
  private static func arrival(of byteCount: Int) -> Double {
    let perByte = byteCount < 1 << 20 ? 0.0067 : byteCount < 1 << 24 ? 0.0125 : 0.02
    return Double(byteCount) * perByte
  }
}

/// A group of a layer, packed for the sparse kernels.
struct GatheredGroup {
  let filters: GatheredFilters
  /// For `dc_convolution.weights`.
  let weights: UnsafeRawPointer

  init(_ filters: GatheredFilters, _ storage: Storage) {
    self.filters = filters
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

extension JobBuilder {
  /// Packs a layer for the sparse kernels when they are preferred, or estimated to take less time.
  ///
  /// - Returns: the layer's groups, nil for the dense kernels; and the reason, nil where there is no choice.
  func gatherSelection(
    _ weights: LayerWeights, _ input: MapLayout, pixels: Int, windowLength: Int, groups count: Int
  ) -> (groups: [GatheredFilters]?, choice: KernelChoice?) {
    let outputs = weights.outputs / count
    let cost = WeightedSumCost(pixels: pixels, outputs: outputs, windowLength: windowLength)
    let dense = cost.dense * Double(count)
    // With all places in rounds taken; the estimate that decides has the rounds that there are.
    let density = weights.density
    let products = Double(windowLength * outputs) * density
    let bestRounds = Int(products / 64)
    let best = cost.gather(rounds: bestRounds, tables: (windowLength + 63) / 64, byteCount: bestRounds * 64)
    if preference == .fastest && (!gathersFast || best * Double(count) >= dense) {
      let choice = KernelChoice(
        method: .dense, estimatedMicroseconds: dense / 1000, runnerUp: .gather,
        runnerUpMicroseconds: best * Double(count) / 1000, fill: nil)
      return (nil, gathersFast ? choice : nil)
    }
    var packed: [GatheredFilters] = []
    var time = 0.0
    for group in 0..<count {
      // Rounds of half the bytes where a pixel or two take as long as their weights come.
      let range = group * outputs..<(group + 1) * outputs
      guard let filters = weights.gathered(range, input, isNarrow: pixels <= 2) else { return (nil, nil) }
      time += cost.gather(rounds: filters.roundCount, tables: filters.tables.count, byteCount: filters.data.count)
      packed.append(filters)
    }
    let fill = packed.reduce(0) { $0 + $1.fill } / Double(max(count, 1))
    let isFaster = time < dense || preference == .gather
    let choice = KernelChoice(
      method: isFaster ? .gather : .dense, estimatedMicroseconds: (isFaster ? time : dense) / 1000,
      runnerUp: isFaster ? .dense : .gather, runnerUpMicroseconds: (isFaster ? dense : time) / 1000, fill: fill)
    return (isFaster ? packed : nil, choice)
  }
}
