import CKernels
import Graphs

/// Batch normalization, with a clamp (ReLU) and a grid that follow it in the same pass.
///
/// In training the mean and the variance are the batch's over items and pixels; the running ones move towards them
/// by `momentum`, with the variance of n − 1.
///
/// - Source: Ioffe, Szegedy, *Batch Normalization*, arXiv 1502.03167; running statistics as in PyTorch.
final class NormalizationLayer: Layer {
  private let parameters: (gamma: Parameter, beta: Parameter, mean: Parameter, variance: Parameter)
  private let epsilon: Float
  private let momentum: Float
  private let clamp: Clamp?
  /// Of the batch.
  private let means: FloatBuffer
  private let inverseDeviations: FloatBuffer
  private let factors: (FloatBuffer, FloatBuffer, FloatBuffer)
  private let sums: ChannelSums
  private let grid: GridPass?

  init(
    name: String, input: Int, output: Int, gamma: Parameter, beta: Parameter, mean: Parameter, variance: Parameter,
    epsilon: Float, momentum: Float, clamp: Clamp?, activations: QuantizedActivations?
  ) {
    parameters = (gamma, beta, mean, variance)
    self.epsilon = epsilon
    self.momentum = momentum
    self.clamp = clamp
    let channels = gamma.values.count
    means = FloatBuffer(channels)
    inverseDeviations = FloatBuffer(channels)
    factors = (FloatBuffer(channels), FloatBuffer(channels), FloatBuffer(channels))
    sums = ChannelSums(channels: channels, quantities: [.sum, .sum])
    grid = activations.map { GridPass($0, channels: channels) }
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
    if let grid {
      grid.forward(
        context, pixels: context.layout(output).pixels, output: context.value(output), describe(context))
      return
    }
    overRange(context) { call, first in
      call.a = UnsafePointer(scale.pointer)
      call.b = UnsafePointer(offset.pointer)
      call.result = context.value(output) + first
      context.kernels.normalize_f32f32(&call)
    }
  }

  /// What the grid rounds: the input times `scale` plus `offset` as the forward pass left them, inside the clamp.
  private func describe(_ context: Context) -> (inout dc_channelwise, Int) -> Void {
    let input = context.value(inputs[0])
    let (scale, offset, means, clamp) = (factors.0, factors.1, means, clamp)
    return { call, first in
      call.input = UnsafePointer(input + first)
      call.a = UnsafePointer(scale.pointer)
      call.b = UnsafePointer(offset.pointer)
      call.d = UnsafePointer(means.pointer)
      call.lowest = clamp?.lower ?? -.infinity
      call.highest = clamp?.upper ?? .infinity
    }
  }

  /// Calls `body` with a description of each chunk's pixels, and with the index of its first value.
  private func overRange(_ context: Context, _ body: (inout dc_channelwise, Int) -> Void) {
    let pixels = context.layout(output).pixels
    context.workers.overBatch(context.count) { _, range in
      var call = dc_channelwise()
      let first = range.lowerBound * pixels * channels
      call.input = UnsafePointer(context.value(inputs[0]) + first)
      call.pixels = range.count * pixels
      call.channels = Int32(channels)
      call.lowest = clamp?.lower ?? -.infinity
      call.highest = clamp?.upper ?? .infinity
      body(&call, first)
    }
  }

  private func takeBatchStatistics(_ context: Context) {
    let number = Double(context.count * context.layout(output).pixels)
    // About the first pixel, so that a mean far from 0 costs no precision.
    let center = factors.2
    center.pointer.update(from: context.value(inputs[0]), count: channels)
    let input = context.value(inputs[0])
    let sums = sums(context, pixels: context.layout(output).pixels) { call, first in
      call.input = UnsafePointer(input + first)
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
    let sums = gradientSums(context)
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
    overRange(context) { call, first in
      call.gradient = UnsafePointer(context.gradient(output) + first)
      if grid == nil && clamp != nil { call.activated = UnsafePointer(context.value(output) + first) }
      call.a = UnsafePointer(a.pointer)
      call.b = UnsafePointer(b.pointer)
      call.d = UnsafePointer(d.pointer)
      call.result = context.gradient(inputs[0]) + first
      call.accumulates = accumulates ? 1 : 0
      context.kernels.normgradient_f32f32(&call)
    }
  }

  /// Sums of the gradient inside the clamp, and of its products with the input less the mean; with a grid it is left in
  /// the gradient's own memory.
  private func gradientSums(_ context: Context) -> ArraySlice<Double> {
    let pixels = context.layout(output).pixels
    let gradient = context.gradient(output)
    if let grid {
      return grid.backward(context, pixels: pixels, gradient: gradient, target: gradient, describe(context))
    }
    let (input, activated) = (context.value(inputs[0]), clamp.map { _ in context.value(output) })
    return sums(context, pixels: pixels) { call, first in
      call.input = UnsafePointer(input + first)
      call.gradient = UnsafePointer(gradient + first)
      if let activated { call.activated = UnsafePointer(activated + first) }
      call.lowest = clamp?.lower ?? -.infinity
      call.highest = clamp?.upper ?? .infinity
      call.a = UnsafePointer(means.pointer)
      context.kernels.gradientsums_f32f32(&call)
    }[...]
  }
}
