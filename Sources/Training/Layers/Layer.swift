import CKernels
import Graphs

/// One or several nodes of the graph with their gradient.
///
/// `forward` computes `output` from `inputs`; `backward` takes the gradient at `output` and writes, or adds to, those at
/// `inputs` and the parameters' own. Both work on the first `context.count` items.
class Layer {
  /// For messages.
  let name: String
  /// Indices of the values read, in the operator's order, without parameters.
  let inputs: [Int]
  let output: Int
  /// Whether the gradient at each input is added to what is there; nil where none is wanted.
  var accumulates: [Bool?] = []

  init(name: String, inputs: [Int], output: Int) {
    self.name = name
    self.inputs = inputs
    self.output = output
  }

  /// Inputs whose gradient may take over the memory of the output's gradient: the layer works in place then.
  var inputsInPlace: [Int] { [] }

  func forward(_ context: Context) { preconditionFailure("Every layer runs forward") }

  func backward(_ context: Context) { preconditionFailure("Every layer runs backward") }
}

/// What layers work with.
final class Context {
  let kernels: dc_kernel_table
  let workers: Workers
  /// Items that fit.
  let capacity: Int
  /// Items of this batch.
  var count = 0
  /// Whether batch statistics are used and running ones updated.
  var isTraining = false
  /// Decides which values are dropped in this step.
  var dropoutSeed: UInt64 = 0
  var layouts: [ValueLayout?] = []
  var values: [FloatBuffer?] = []
  var gradients: [FloatBuffer?] = []
  private let ones = FloatBuffer([Float](repeating: 1, count: 16))
  private let zeros = FloatBuffer(16)

  init(kernels: dc_kernel_table, threads: Int, capacity: Int) {
    self.kernels = kernels
    self.capacity = capacity
    workers = Workers(threads: threads)
  }

  func value(_ index: Int) -> UnsafeMutablePointer<Float> {
    guard let buffer = values[index] else { preconditionFailure("A value has memory") }
    return buffer.pointer
  }

  func gradient(_ index: Int) -> UnsafeMutablePointer<Float> {
    guard let buffer = gradients[index] else { preconditionFailure("A gradient that is wanted has memory") }
    return buffer.pointer
  }

  func layout(_ index: Int) -> ValueLayout {
    guard let layout = layouts[index] else { preconditionFailure("A value has a layout") }
    return layout
  }
}

extension Layer {
  /// Sets the gradient to 0 where the output is at or outside the limits of a fused clamp.
  func maskGradient(_ context: Context, _ range: Range<Int>, _ clamp: Clamp?) {
    guard let clamp else { return }
    let first = range.lowerBound * context.layout(output).itemCount
    context.passGradient(
      context.gradient(output) + first, to: context.gradient(output) + first,
      count: range.count * context.layout(output).itemCount,
      clamped: (context.value(output) + first, clamp), accumulates: false)
  }
}

extension Context {
  /// Rows of values as bf16, two in a word.
  ///
  /// - Parameters:
  ///   - width: values between the beginnings of two rows of the result.
  ///   - at: where its first row begins, in values.
  /// - Returns: `target`.
  func narrow(
    _ source: UnsafePointer<Float>, rows: Int, count: Int, into target: FloatBuffer, width: Int, at place: Int
  ) -> UnsafePointer<Float> {
    var call = dc_narrowing()
    call.first = source
    call.result = UnsafeMutableRawPointer(target.pointer) + place * 2
    call.inputStride = count * 4
    call.resultStride = width * 2
    call.rows = Int32(rows)
    call.count = Int32(count)
    kernels.narrow_f32b16(&call)
    return UnsafePointer(target.pointer)
  }

  /// Makes one row of bf16 pairs of each two rows of 16 packed filters, in place.
  func pairRows(of packed: FloatBuffer) {
    var call = dc_narrowing()
    call.first = UnsafePointer(packed.pointer)
    call.second = UnsafePointer(packed.pointer + 16)
    call.result = UnsafeMutableRawPointer(packed.pointer)
    call.inputStride = 128
    call.resultStride = 64
    call.rows = Int32(packed.count / 32)
    call.count = 16
    kernels.narrow_f32b16(&call)
  }

  /// Copies or adds a gradient, where the clamped result lies inside the limits; 0 elsewhere.
  func passGradient(
    _ gradient: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int,
    clamped: (result: UnsafeMutablePointer<Float>, clamp: Clamp)?, accumulates: Bool
  ) {
    // As a normalization with slope 1 of pixels of 16 channels; what is left over, of one channel.
    for (first, pixels, channels) in [(0, count / 16, 16), (count / 16 * 16, count % 16, 1)] where pixels > 0 {
      var call = dc_channelwise()
      call.input = gradient + first
      call.gradient = gradient + first
      call.result = target + first
      call.a = UnsafePointer(ones.pointer)
      call.b = UnsafePointer(zeros.pointer)
      call.d = UnsafePointer(zeros.pointer)
      call.pixels = pixels
      call.channels = Int32(channels)
      call.accumulates = accumulates ? 1 : 0
      if let clamped {
        call.activated = UnsafePointer(clamped.result + first)
        call.lowest = clamped.clamp.lower
        call.highest = clamped.clamp.upper
      }
      kernels.normgradient_f32f32(&call)
    }
  }
}
