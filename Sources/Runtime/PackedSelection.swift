import CKernels
import Planning

import struct Kernels.LeveledFilters

/// A group of a layer whose weights stay packed.
struct LeveledGroup {
  /// For `dc_convolution.weights`.
  let weights: UnsafeRawPointer

  init(_ filters: LeveledFilters, _ storage: Storage) {
    weights = UnsafeRawPointer(storage.copy([dc_leveled(filters, data: storage.copy(filters.data))]))
  }
}

extension JobBuilder {
  /// Dense weights below this stay in the cache next to the processor: unpacking them costs more than it saves.
  private static let leastByteCount = 1 << 20

  /// Leaves weights packed when that is preferred, or estimated to take less time than the best of the other ways.
  ///
  /// - Parameters:
  ///   - rival: what else would run, with its estimate; nil when that is the dense kernels, unrivaled.
  /// - Returns: the layer's groups, nil when something else runs; and the reason, that of the rival if it wins.
  func packedSelection(
    _ weights: LayerWeights, _ input: MapLayout, pixels: Int, windowLength: Int, groups count: Int,
    rival: KernelChoice?
  ) -> (groups: [LeveledFilters]?, choice: KernelChoice?) {
    let outputs = weights.outputs / count
    let cost = WeightedSumCost(pixels: pixels, outputs: outputs, windowLength: windowLength)
    let dense = cost.dense * Double(count)
    let isPreferred = preference == .packed
    guard
      isPreferred
        || preference == .fastest && unpacksFast && pixels == 1 && outputs * windowLength >= Self.leastByteCount
    else { return (nil, rival) }
    let (other, otherTime) = rival.map { ($0.method, $0.estimatedMicroseconds) } ?? (.dense, dense / 1000)
    // With 2 bits a weight it is as fast as it can be: nothing is packed that could not win.
    guard isPreferred || cost.packed(bitWidth: 2) * Double(count) / 1000 < otherTime else { return (nil, rival) }
    var packed: [LeveledFilters] = []
    var time = 0.0
    for group in 0..<count {
      guard let filters = weights.leveled(group * outputs..<(group + 1) * outputs, input) else { return (nil, rival) }
      time += cost.packed(bitWidth: filters.bitWidth) / 1000
      packed.append(filters)
    }
    guard isPreferred || time < otherTime else { return (nil, rival) }
    return (
      packed,
      KernelChoice(
        method: .packed, estimatedMicroseconds: time, runnerUp: other, runnerUpMicroseconds: otherTime,
        fill: rival?.fill)
    )
  }
}
