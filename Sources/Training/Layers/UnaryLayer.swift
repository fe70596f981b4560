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
    let (x, y) = (context.value(inputs[0]), context.value(output))
    context.workers.overBatch(context.count) { _, range in
      let elements = range.lowerBound * size..<range.upperBound * size
      if let clamp = function.clamp {
        for index in elements { y[index] = min(max(x[index], clamp.lower), clamp.upper) }
      } else {
        for index in elements { y[index] = function.value(at: x[index]) }
      }
    }
  }

  override func backward(_ context: Context) {
    guard let accumulates = accumulates[0] else { return }
    let size = context.layout(output).itemCount
    let (x, g, dx) = (context.value(inputs[0]), context.gradient(output), context.gradient(inputs[0]))
    context.workers.overBatch(context.count) { _, range in
      for index in range.lowerBound * size..<range.upperBound * size {
        let slope = function.clamp.map { x[index] > $0.lower && x[index] < $0.upper ? Float(1) : 0 }
        let product = g[index] * (slope ?? function.derivative(at: x[index]) ?? 0)
        dx[index] = accumulates ? dx[index] + product : product
      }
    }
  }
}
