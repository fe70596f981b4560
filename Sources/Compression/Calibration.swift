import Graphs
import Quantizers
import Tensors

/// What the values of a graph looked like on sample data.
struct Calibration {
  private(set) var statistics: [ValueID: RangeStatistics] = [:]
  private(set) var histograms: [ValueID: Histogram] = [:]

  /// Goes over the samples once for ranges and means, and once more for histograms if they are needed.
  ///
  /// - Parameters:
  ///   - ranged: values whose range is needed.
  ///   - averaged: values whose channel means are needed.
  init(
    _ graph: Graph, ranged: Set<ValueID>, averaged: Set<ValueID>, needsCounts: Bool, from source: ActivationSource
  ) throws {
    let observed = ranged.union(averaged).sorted()
    guard !observed.isEmpty else { return }
    var statistics: [ValueID: RangeStatistics] = [:]
    for id in observed { statistics[id] = RangeStatistics(channelCount: Self.channelCount(graph[id].type)) }
    try source.run(graph, observed) { id, tensor in
      let hasChannels = Self.channelCount(graph[id].type) > 1
      let inner = hasChannels ? tensor.shape.dimensions.dropFirst(2).reduce(1, *) : tensor.scalars.count
      statistics[id]?.add(tensor.scalars, inner: inner)
    }
    for id in observed {
      guard let found = statistics[id], found.count > 0 else { throw CompressionError.noSamples(value: graph[id].name) }
      guard found.notFiniteCount == 0 else {
        throw CompressionError.notFinite(value: graph[id].name, count: found.notFiniteCount)
      }
    }
    var histograms: [ValueID: Histogram] = [:]
    for id in ranged { histograms[id] = statistics[id].map { Histogram(range: $0.range) } }
    if needsCounts {
      try source.run(graph, ranged.sorted()) { id, tensor in histograms[id]?.add(tensor.scalars) }
    }
    (self.statistics, self.histograms) = (statistics, histograms)
  }

  /// Extent of axis 1 where that is the channel axis, else 1.
  static func channelCount(_ type: TensorType) -> Int {
    guard type.rank >= 2, let count = type.dimensions[1].fixedExtent, count > 0 else { return 1 }
    return count
  }
}
