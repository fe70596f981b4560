import Graphs

/// One spatial axis of a convolution.
struct ConvolutionAxis {
  var extent: Int
  var results: Int
  var kernel: Int
  var stride: Int
  var dilation: Int
  var before: Int

  /// Elements of the padded input that windows touch, at least the data.
  var padded: Int { max(before + extent, (results - 1) * stride + (kernel - 1) * dilation + 1) }

  var isPointwise: Bool { kernel == 1 && stride == 1 && padded == extent && before == 0 }

  /// The most results before one's own that contribute to an input element.
  var gradientBefore: Int { (kernel - 1) * dilation / stride }

  /// Input elements whose padded place has the same remainder by the stride: they see the same taps.
  struct Phase {
    /// The first such element, and how many there are, `stride` apart.
    var first: Int
    var count: Int
    /// Results from which the first element's come, minus a tap's distance.
    var origin: Int
    /// Taps, farthest first, with their distance in results.
    var taps: [(tap: Int, distance: Int)]
  }

  var phases: [Phase] {
    (0..<stride).map { remainder in
      let first = ((remainder - before) % stride + stride) % stride
      let taps = (0..<kernel).filter { $0 * dilation % stride == remainder }.map {
        (tap: $0, distance: ($0 * dilation - remainder) / stride)
      }
      return Phase(
        first: first, count: max((extent - first + stride - 1) / stride, 0),
        origin: (first + before - remainder) / stride, taps: taps.reversed())
    }
  }

  /// Elements of the padded gradient that phases touch.
  var gradientPadded: Int {
    let last = phases.map { $0.origin + $0.count - 1 }.max() ?? 0
    return max(last + 1, results) + gradientBefore
  }
}

/// A convolution's axes, groups and channels.
struct ConvolutionGeometry {
  var rows: ConvolutionAxis
  var columns: ConvolutionAxis
  var groups: Int
  /// Of one group.
  var channels: Int
  /// Of one group.
  var outputs: Int

  var isDepthwise: Bool { groups > 1 && channels == 1 && outputs == 1 }
  /// Whether pixels do not mix, so that all of a batch are one row.
  var isPointwise: Bool { rows.isPointwise && columns.isPointwise && !isDepthwise }
  var taps: Int { rows.kernel * columns.kernel }
  /// Whether the taps of a row lie side by side in memory, so that they are one segment.
  var joinsColumns: Bool { groups == 1 && columns.dilation == 1 }
  /// A depthwise convolution's filters are packed together.
  var packedGroups: Int { isDepthwise ? 1 : groups }
  /// Values of one group's filters in the order in which kernels sum their gradient.
  var filterGradientCount: Int { taps * channels * ((outputs + 15) / 16 * 16) }

  /// Of the filters `[groups · outputs, channels, taps]`, for the convolution itself.
  var forwardPacking: FilterPacking {
    isDepthwise
      ? depthwisePacking(Array(0..<taps))
      : FilterPacking(
        taps: Array(0..<taps), outputs: outputs, channels: channels, outputStride: channels * taps,
        channelStride: taps, groupStride: outputs * channels * taps)
  }

  /// Of the same filters with inputs and outputs exchanged, and only some taps.
  func backwardPacking(_ some: [Int]) -> FilterPacking {
    isDepthwise
      ? depthwisePacking(some)
      : FilterPacking(
        taps: some, outputs: channels, channels: outputs, outputStride: taps, channelStride: channels * taps,
        groupStride: outputs * channels * taps)
  }

  private func depthwisePacking(_ some: [Int]) -> FilterPacking {
    FilterPacking(taps: some, outputs: groups, channels: 1, outputStride: taps, channelStride: 0, groupStride: 0)
  }
}

/// Filters for a kernel: `[blocks of 16 outputs][taps][channels][16]`, one such after another for each group.
struct FilterPacking {
  var taps: [Int]
  var outputs: Int
  var channels: Int
  /// Elements between neighbors in the filters of the graph.
  var outputStride: Int
  var channelStride: Int
  var groupStride: Int

  var groupCount: Int { (outputs + 15) / 16 * 16 * taps.count * channels }

  func pack(group: Int, _ filters: UnsafePointer<Float>, _ packed: UnsafeMutablePointer<Float>) {
    var at = packed
    for block in stride(from: 0, to: outputs, by: 16) {
      let width = min(16, outputs - block)
      for tap in taps {
        for channel in 0..<channels {
          let from = filters + (group * groupStride + block * outputStride + channel * channelStride + tap)
          for lane in 0..<width { at[lane] = from[lane * outputStride] }
          at += 16
        }
      }
    }
  }
}
