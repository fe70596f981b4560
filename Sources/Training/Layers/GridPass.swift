import CKernels
import Graphs

/// The rounding of a layer's result to a grid, in the pass that makes it, and the gradient straight through.
///
/// A layer describes what it computes before the grid (`dc_channelwise`: input, other, a, b, d, lowest, highest), for any first
/// value; nothing of it has to be kept, as the backward pass computes it again.
final class GridPass {
  let activations: QuantizedActivations
  private let channels: Int
  private let gradientSums: ChannelSums
  private let ranges: ChannelSums

  /// - Parameter channels: with factors and offsets of their own; see `Flat` for none.
  init(_ activations: QuantizedActivations, channels: Int) {
    self.activations = activations
    self.channels = channels
    gradientSums = ChannelSums(channels: channels, quantities: [.sum, .sum, .sum, .sum, .sum])
    ranges = ChannelSums(channels: channels, quantities: [.minimum, .maximum, .sum])
  }

  /// Writes the values of a batch on the grid to `output`.
  func forward(
    _ context: Context, pixels: Int, output: UnsafeMutablePointer<Float>,
    _ describe: (inout dc_channelwise, Int) -> Void
  ) {
    let grid = activations.grid
    if context.isTraining && activations.followsBatches {
      let found = ranges(context, pixels: pixels) { call, first in
        call.grid = grid
        describe(&call, first)
        context.kernels.ranges_f32f32(&call)
      }
      activations.add(
        smallest: Float(found[..<channels].min() ?? 0), largest: Float(found[channels..<2 * channels].max() ?? 0),
        magnitudes: found[(2 * channels)...].reduce(0, +), count: context.count * pixels * channels)
    }
    context.workers.overBatch(context.count) { _, range in
      let first = range.lowerBound * pixels * channels
      var call = dc_channelwise()
      call.channels = Int32(channels)
      call.pixels = range.count * pixels
      call.grid = grid
      call.result = output + first
      describe(&call, first)
      context.kernels.normquantize_f32f32(&call)
    }
  }

  /// Writes the gradient before the grid and the clamp to `target`, which may be `gradient`.
  ///
  /// - Returns: by channel, its sums, then those of its products with `input − d`.
  func backward(
    _ context: Context, pixels: Int, gradient: UnsafePointer<Float>, target: UnsafeMutablePointer<Float>,
    _ describe: (inout dc_channelwise, Int) -> Void
  ) -> ArraySlice<Double> {
    let grid = activations.grid
    let sums = gradientSums(context, pixels: pixels) { call, first in
      call.grid = grid
      call.gradient = gradient + first
      call.result = target + first
      describe(&call, first)
      context.kernels.quantgradient_f32f32(&call)
    }
    func total(_ quantity: Int) -> Double { sums[quantity * channels..<(quantity + 1) * channels].reduce(0, +) }
    activations.add(
      below: total(2), above: total(3), inside: total(4), count: context.count * pixels * channels)
    return sums[..<(2 * channels)]
  }
}

/// A value seen as pixels of up to 16 channels that all have factor 1 and offset 0.
struct FlatLayout {
  let channels: Int
  let pixels: Int
  private let ones: FloatBuffer
  private let zeros = FloatBuffer(16)

  init(_ layout: ValueLayout) {
    let count = layout.itemCount
    channels = [16, 8, 4, 2].first { count % $0 == 0 } ?? 1
    pixels = count / channels
    ones = FloatBuffer([Float](repeating: 1, count: 16))
  }

  func describe(_ call: inout dc_channelwise, _ limits: Clamp?) {
    call.a = UnsafePointer(ones.pointer)
    call.b = UnsafePointer(zeros.pointer)
    call.d = UnsafePointer(zeros.pointer)
    call.lowest = limits?.lower ?? -.infinity
    call.highest = limits?.upper ?? .infinity
  }
}
