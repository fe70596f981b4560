import CKernels
import Graphs
import Reference

/// A function of each element that has a slope.
final class UnaryLayer: Layer {
  private let function: UnaryFunction

  /// - Returns: nil when the trainer does not know the function's slope.
  init?(name: String, input: Int, output: Int, function: UnaryFunction) {
    guard function.derivative(at: 1) != nil else { return nil }
    self.function = function
    super.init(name: name, inputs: [input], output: output)
  }

  override var inputsInPlace: [Int] { [0] }

  override func forward(_ context: Context) {
    let size = context.layout(output).itemCount
    context.workers.overBatch(context.count) { _, range in
      let (x, y) = (context.value(inputs[0]) + range.lowerBound * size, context.value(output) + range.lowerBound * size)
      if let clamp = function.clamp {
        var call = dc_map()
        call.input = UnsafeRawPointer(x)
        call.output = UnsafeMutableRawPointer(y)
        call.rows = 1
        call.count = Int32(range.count * size)
        call.lowest = clamp.lower
        call.highest = clamp.upper
        context.kernels.clamp_f32f32(&call)
      } else {
        for index in 0..<range.count * size { y[index] = function.value(at: x[index]) }
      }
    }
  }

  override func backward(_ context: Context) {
    guard let accumulates = accumulates[0] else { return }
    let size = context.layout(output).itemCount
    context.workers.overBatch(context.count) { _, range in
      let first = range.lowerBound * size
      let (x, y) = (context.value(inputs[0]) + first, context.value(output) + first)
      let (g, dx) = (context.gradient(output) + first, context.gradient(inputs[0]) + first)
      if let clamp = function.clamp {
        context.passGradient(g, to: dx, count: range.count * size, clamped: (y, clamp), accumulates: accumulates)
        return
      }
      for index in 0..<range.count * size {
        let product = g[index] * (function.derivative(at: x[index]) ?? 0)
        dx[index] = accumulates ? dx[index] + product : product
      }
    }
  }
}
