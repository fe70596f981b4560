import CKernels
import Graphs

/// Batch normalization, with a clamp (ReLU) that follows it in the same pass.
///
/// In training the mean and the variance are the batch's over items and pixels; the running ones move towards them
/// by `momentum`, with the variance of n − 1.
///
/// - Source: Ioffe, Szegedy, *Batch Normalization*, arXiv 1502.03167; running statistics as in PyTorch.
final class NormalizationLayer: Layer {
  /// Pixels that are summed in single precision before they are added in double.
  private static let run = 256

  private let parameters: (gamma: Parameter, beta: Parameter, mean: Parameter, variance: Parameter)
  private let epsilon: Float
  private let momentum: Float
  private let clamp: Clamp?
  /// Of the batch.
  private let means: FloatBuffer
  private let inverseDeviations: FloatBuffer
  private let factors: (FloatBuffer, FloatBuffer, FloatBuffer)
  private let runSums: [FloatBuffer]

  init(
    name: String, input: Int, output: Int, gamma: Parameter, beta: Parameter, mean: Parameter, variance: Parameter,
    epsilon: Float, momentum: Float, clamp: Clamp?
  ) {
    parameters = (gamma, beta, mean, variance)
    self.epsilon = epsilon
    self.momentum = momentum
    self.clamp = clamp
    let channels = gamma.values.count
    means = FloatBuffer(channels)
    inverseDeviations = FloatBuffer(channels)
    factors = (FloatBuffer(channels), FloatBuffer(channels), FloatBuffer(channels))
    runSums = (0..<Workers.batchChunks).map { _ in FloatBuffer(2 * channels) }
    super.init(name: name, inputs: [input], output: output)
  }

  private var channels: Int { means.count }
  override var inputsInPlace: [Int] { [0] }

  override func forward(_ context: Context) {
    if context.isTraining {
      takeBatchStatistics(context)
    } else {
      for c in 0..<channels {
        means.pointer[c] = parameters.mean.values.pointer[c]
        inverseDeviations.pointer[c] = 1 / (parameters.variance.values.pointer[c] + epsilon).squareRoot()
      }
    }
    let (scale, offset, _) = factors
    for c in 0..<channels {
      scale.pointer[c] = parameters.gamma.values.pointer[c] * inverseDeviations.pointer[c]
      offset.pointer[c] = parameters.beta.values.pointer[c] - means.pointer[c] * scale.pointer[c]
    }
    overRange(context) { call, range, first in
      call.a = UnsafePointer(scale.pointer)
      call.b = UnsafePointer(offset.pointer)
      call.result = context.value(output) + first
      context.kernels.normalize_f32f32(&call)
    }
  }

  /// Calls `body` with a description of each chunk's pixels, and with the index of its first value.
  private func overRange(_ context: Context, _ body: (inout dc_channelwise, Range<Int>, Int) -> Void) {
    let pixels = context.layout(output).pixels
    context.workers.overBatch(context.count) { _, range in
      var call = dc_channelwise()
      let first = range.lowerBound * pixels * channels
      call.input = UnsafePointer(context.value(inputs[0]) + first)
      call.pixels = range.count * pixels
      call.channels = Int32(channels)
      call.lowest = clamp?.lower ?? -.infinity
      call.highest = clamp?.upper ?? .infinity
      body(&call, range, first)
    }
  }

  /// Sums of two quantities by channel: single precision over a run of pixels, then double over runs, then over chunks in
  /// their order.
  private func sums(_ context: Context, _ body: (inout dc_channelwise, Int) -> Void) -> [Double] {
    let pixels = context.layout(output).pixels
    let width = 2 * channels
    var all = [Double](repeating: 0, count: Workers.batchChunks * width)
    all.withUnsafeMutableBufferPointer { all in
      let totals = all.baseAddress
      context.workers.overBatch(context.count) { chunk, range in
        guard let own = totals.map({ $0 + chunk * width }) else { return }
        var call = dc_channelwise()
        call.channels = Int32(channels)
        call.lowest = clamp?.lower ?? -.infinity
        call.highest = clamp?.upper ?? .infinity
        call.sums = runSums[chunk].pointer
        let end = range.upperBound * pixels
        for pixel in stride(from: range.lowerBound * pixels, to: end, by: Self.run) {
          call.input = UnsafePointer(context.value(inputs[0]) + pixel * channels)
          call.pixels = min(Self.run, end - pixel)
          body(&call, pixel * channels)
          for index in 0..<width { own[index] += Double(runSums[chunk].pointer[index]) }
        }
      }
    }
    return (0..<width).map { index in
      (0..<Workers.batchChunks).reduce(0) { $0 + all[$1 * width + index] }
    }
  }

  private func takeBatchStatistics(_ context: Context) {
    let number = Double(context.count * context.layout(output).pixels)
    // About the first pixel, so that a mean far from 0 costs no precision.
    let center = factors.2
    center.pointer.update(from: context.value(inputs[0]), count: channels)
    let sums = sums(context) { call, _ in
      call.a = UnsafePointer(center.pointer)
      context.kernels.moments_f32f32(&call)
    }
    let (mean, variance) = (parameters.mean.values.pointer, parameters.variance.values.pointer)
    for c in 0..<channels {
      let shift = sums[c] / number
      let spread = max(sums[channels + c] / number - shift * shift, 0)
      means.pointer[c] = Float(Double(center.pointer[c]) + shift)
      inverseDeviations.pointer[c] = Float(1 / (spread + Double(epsilon)).squareRoot())
      mean[c] += momentum * (means.pointer[c] - mean[c])
      variance[c] += momentum * (Float(spread * number / max(number - 1, 1)) - variance[c])
    }
  }

  override func backward(_ context: Context) {
    let isClamped = clamp != nil
    let sums = sums(context) { call, first in
      call.gradient = UnsafePointer(context.gradient(output) + first)
      if isClamped { call.activated = UnsafePointer(context.value(output) + first) }
      call.a = UnsafePointer(means.pointer)
      context.kernels.gradientsums_f32f32(&call)
    }
    let number = Double(context.count * context.layout(output).pixels)
    let (a, b, d) = factors
    for c in 0..<channels {
      let inverse = Double(inverseDeviations.pointer[c])
      let gamma = Double(parameters.gamma.values.pointer[c])
      parameters.beta.gradient.pointer[c] += Float(sums[c])
      parameters.gamma.gradient.pointer[c] += Float(sums[channels + c] * inverse)
      let slope = gamma * inverse
      // Running statistics are constants: the gradient is the slope alone.
      let bend = context.isTraining ? -slope * inverse * inverse * sums[channels + c] / number : 0
      let shift = context.isTraining ? -slope * sums[c] / number : 0
      a.pointer[c] = Float(slope)
      b.pointer[c] = Float(bend)
      d.pointer[c] = Float(shift - bend * Double(means.pointer[c]))
    }
    guard let accumulates = accumulates[0] else { return }
    overRange(context) { call, _, first in
      call.gradient = UnsafePointer(context.gradient(output) + first)
      if isClamped { call.activated = UnsafePointer(context.value(output) + first) }
      call.a = UnsafePointer(a.pointer)
      call.b = UnsafePointer(b.pointer)
      call.d = UnsafePointer(d.pointer)
      call.result = context.gradient(inputs[0]) + first
      call.accumulates = accumulates ? 1 : 0
      context.kernels.normgradient_f32f32(&call)
    }
  }
}
