/// The rule that turns gradients into steps.
public enum Optimizer: Sendable, Hashable {
  /// `v = momentum · v + g`; the step is `v`, or `g + momentum · v` with Nesterov's look ahead.
  ///
  /// Weight decay is added to the gradient, as in PyTorch.
  case sgd(momentum: Float, nesterov: Bool)
  /// Means of the gradient and of its square, with bias correction; weight decay apart from them.
  ///
  /// - Source: Loshchilov, Hutter, *Decoupled Weight Decay Regularization*, arXiv 1711.05101.
  case adamW(beta1: Float, beta2: Float, epsilon: Float)

  /// Numbers kept for each parameter element.
  var slotCount: Int {
    switch self {
    case .sgd: 1
    case .adamW: 2
    }
  }

  /// Moves the values of one parameter.
  ///
  /// - Parameters:
  ///   - slots: `slotCount` numbers an element, first all of one kind; zeros before the first step.
  ///   - step: 1 for the first.
  ///   - gradientScale: by which clipping shortens the gradient.
  func update(
    _ parameter: Parameter, _ slots: FloatBuffer, step: Int, rate: Float, decay: Float, gradientScale: Float
  ) {
    let (count, w, gradient) = (parameter.values.count, parameter.values.pointer, parameter.gradient.pointer)
    switch self {
    case .sgd(let momentum, let nesterov):
      let v = slots.pointer
      for i in 0..<count {
        let g = gradient[i] * gradientScale + decay * w[i]
        v[i] = momentum * v[i] + g
        w[i] -= rate * (nesterov ? g + momentum * v[i] : v[i])
      }
    case .adamW(let beta1, let beta2, let epsilon):
      let (m, s) = (slots.pointer, slots.pointer + count)
      let first = 1 - Self.power(beta1, step)
      let second = 1 - Self.power(beta2, step)
      for i in 0..<count {
        let g = gradient[i] * gradientScale
        m[i] = beta1 * m[i] + (1 - beta1) * g
        s[i] = beta2 * s[i] + (1 - beta2) * g * g
        w[i] -= rate * (m[i] / first / ((s[i] / second).squareRoot() + epsilon) + decay * w[i])
      }
    }
  }

  private static func power(_ base: Float, _ exponent: Int) -> Float {
    var (result, square, left) = (1.0, Double(base), exponent)
    while left > 0 {
      if left & 1 == 1 { result *= square }
      square *= square
      left >>= 1
    }
    return Float(result)
  }
}
