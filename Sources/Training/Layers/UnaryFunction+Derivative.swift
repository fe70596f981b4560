import CKernels
import Graphs
import Reference

extension UnaryFunction {
  /// The slope at `x`; nil for functions that the trainer does not know. At a bend it is that of one side: 0 for ReLU
  /// and at the limits of a clip.
  func derivative(at x: Float) -> Float? {
    switch self {
    case .relu: return x > 0 ? 1 : 0
    case .clip(let clamp): return x > clamp.lower && x < clamp.upper ? 1 : 0
    case .leakyRelu(let slope): return x < 0 ? slope : 1
    case .sigmoid:
      let y = Self.sigmoid.value(at: x)
      return y * (1 - y)
    case .hardSigmoid(let slope, let offset):
      let y = slope * x + offset
      return y > 0 && y < 1 ? slope : 0
    case .hardSwish: return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5
    case .tanh:
      let y = Self.tanh.value(at: x)
      return 1 - y * y
    case .elu(let alpha): return x < 0 ? alpha * dc_expf(x) : 1
    case .softplus: return Self.sigmoid.value(at: x)
    case .swish(let alpha):
      let y = Self.sigmoid.value(at: alpha * x)
      return y + alpha * x * y * (1 - y)
    case .absolute: return x > 0 ? 1 : x < 0 ? -1 : 0
    case .negate: return -1
    case .selu, .celu, .gelu, .softsign, .mish, .thresholdedRelu, .sign, .reciprocal, .squareRoot, .exponential,
      .logarithm, .error, .floor, .ceiling, .round, .sine, .cosine, .not, .isNaN:
      return nil
    }
  }

  /// The limits, if the function is a clamp.
  var clamp: Clamp? {
    if case .clip(let clamp) = self { return clamp }
    return self == .relu ? .relu : nil
  }
}
