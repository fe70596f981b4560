import CKernels

/// Sums of several quantities by channel: single precision over a run of pixels, then double over runs, then over
/// chunks of the batch in their order.
final class ChannelSums {
  enum Combination {
    case sum, minimum, maximum

    func callAsFunction(_ a: Double, _ b: Double) -> Double {
      switch self {
      case .sum: a + b
      case .minimum: min(a, b)
      case .maximum: max(a, b)
      }
    }

    var start: Double {
      switch self {
      case .sum: 0
      case .minimum: .infinity
      case .maximum: -.infinity
      }
    }
  }

  /// Pixels that are summed in single precision.
  private static let run = 256

  private let channels: Int
  private let quantities: [Combination]
  private let runSums: [FloatBuffer]

  init(channels: Int, quantities: [Combination]) {
    self.channels = channels
    self.quantities = quantities
    runSums = (0..<Workers.batchChunks).map { _ in FloatBuffer(quantities.count * channels) }
  }

  /// - Parameters:
  ///   - pixels: of an item.
  ///   - body: runs a kernel on the described pixels; it gets the index of the first value.
  /// - Returns: all channels of the first quantity, then those of the next.
  func callAsFunction(_ context: Context, pixels: Int, _ body: (inout dc_channelwise, Int) -> Void) -> [Double] {
    let width = quantities.count * channels
    let start = quantities.flatMap { [Double](repeating: $0.start, count: channels) }
    var all = (0..<Workers.batchChunks).flatMap { _ in start }
    all.withUnsafeMutableBufferPointer { all in
      let totals = all.baseAddress
      context.workers.overBatch(context.count) { chunk, range in
        guard let own = totals.map({ $0 + chunk * width }) else { return }
        let found = runSums[chunk].pointer
        var call = dc_channelwise()
        call.channels = Int32(channels)
        call.sums = found
        let end = range.upperBound * pixels
        for pixel in stride(from: range.lowerBound * pixels, to: end, by: Self.run) {
          call.pixels = min(Self.run, end - pixel)
          body(&call, pixel * channels)
          for (quantity, combine) in quantities.enumerated() {
            for index in quantity * channels..<(quantity + 1) * channels {
              own[index] = combine(own[index], Double(found[index]))
            }
          }
        }
      }
    }
    return (0..<width).map { index in
      let combine = quantities[index / channels]
      return (0..<Workers.batchChunks).reduce(combine.start) { combine($0, all[$1 * width + index]) }
    }
  }
}
