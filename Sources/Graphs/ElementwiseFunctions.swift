/// A function of one element, float32 unless it says otherwise.
public enum UnaryFunction: Hashable, Sendable {
  case relu
  /// Limits from below and above.
  case clip(Clamp)
  /// `x` if x ≥ 0, else `slope · x`.
  case leakyRelu(slope: Float)
  case sigmoid
  /// `max(0, min(1, slope · x + offset))`.
  case hardSigmoid(slope: Float, offset: Float)
  /// `x · max(0, min(1, x / 6 + 1/2))`.
  case hardSwish
  case tanh
  /// `x` if x ≥ 0, else `alpha · (exp(x) − 1)`.
  case elu(alpha: Float)
  /// `gamma · (x if x > 0, else alpha · (exp(x) − 1))`.
  case selu(alpha: Float, gamma: Float)
  /// `max(0, x) + min(0, alpha · (exp(x / alpha) − 1))`.
  case celu(alpha: Float)
  /// `x · Φ(x)`; approximated with tanh if so asked.
  case gelu(approximatesWithTanh: Bool)
  /// `log(1 + exp(x))`.
  case softplus
  /// `x / (1 + |x|)`.
  case softsign
  /// `x · sigmoid(alpha · x)`.
  case swish(alpha: Float)
  /// `x · tanh(softplus(x))`.
  case mish
  /// `x` if x > alpha, else 0.
  case thresholdedRelu(alpha: Float)
  /// Any numeric type.
  case absolute
  /// Any numeric type.
  case negate
  /// −1, 0 or 1; any numeric type.
  case sign
  case reciprocal
  case squareRoot
  case exponential
  case logarithm
  case error
  case floor
  case ceiling
  /// To the nearest whole number, halves to even.
  case round
  case sine
  case cosine
  /// Logical not, of bool.
  case not
  /// True where the element is NaN; bool.
  case isNaN
}

/// A function of two elements, with NumPy broadcasting; both operands have one numeric type.
public enum BinaryFunction: UInt8, CaseIterable, Hashable, Sendable {
  case add
  case subtract
  case multiply
  /// Whole numbers truncate towards zero.
  case divide
  case power
  case minimum
  case maximum
  /// Remainder with the sign of the divisor; whole numbers.
  case modulo
  /// Remainder with the sign of the dividend.
  case remainder
  /// `a` if a ≥ 0, else `b · a`.
  case parametricRelu
  /// Of bool.
  case and
  /// Of bool.
  case or
  /// Of bool.
  case exclusiveOr
}

/// A comparison of two elements, with NumPy broadcasting; the result is bool.
public enum Comparison: UInt8, CaseIterable, Hashable, Sendable {
  case equal
  case less
  case lessOrEqual
  case greater
  case greaterOrEqual
}

/// A function of all elements along some axes.
public enum Reduction: UInt8, CaseIterable, Hashable, Sendable {
  case sum
  case mean
  case product
  case maximum
  case minimum
  /// Sum of magnitudes.
  case l1
  /// Root of the sum of squares.
  case l2
  case sumOfSquares
  /// Logarithm of the sum.
  case logSum
  /// Logarithm of the sum of exponentials.
  case logSumExponential
}

/// What `padding` puts around a tensor.
public enum PaddingMode: Hashable, Sendable {
  /// One number, converted to the element type.
  case constant(Float)
  /// Mirrored without repeating the border.
  case reflect
  /// The border element.
  case edge
  /// The opposite side.
  case wrap
}

/// How `resize` turns output positions into input values.
public struct Resize: Hashable, Sendable {
  public enum Interpolation: Hashable, Sendable {
    case nearest(Rounding)
    case linear
    /// Keys' cubic with the given coefficient, −0.75 by default in ONNX.
    case cubic(coefficient: Float)
  }
  public enum Rounding: UInt8, CaseIterable, Hashable, Sendable {
    case halfDown, halfUp, floor, ceiling
  }
  /// How a position x' of the result is mapped to x of the input; names as in ONNX `Resize`.
  public enum Coordinates: UInt8, CaseIterable, Hashable, Sendable {
    case halfPixel, halfPixelSymmetric, pytorchHalfPixel, alignCorners, asymmetric
  }
  public var interpolation: Interpolation
  public var coordinates: Coordinates
  /// Extents of the result, one per axis of the input.
  public var extents: [Dimension]
  /// Scale by which each axis grows, as the model gives it; used to map positions.
  public var scales: [Float]
  /// Whether positions outside count not at all instead of as the border, in cubic interpolation.
  public var excludesOutside: Bool
  /// Whether to filter when shrinking.
  public var antialiases: Bool

  public init(
    interpolation: Interpolation, coordinates: Coordinates, extents: [Dimension], scales: [Float],
    excludesOutside: Bool = false, antialiases: Bool = false
  ) {
    self.interpolation = interpolation
    self.coordinates = coordinates
    self.extents = extents
    self.scales = scales
    self.excludesOutside = excludesOutside
    self.antialiases = antialiases
  }
}

/// A step through one axis: elements `start`, `start + step`, ... `count` of them.
public struct AxisSlice: Hashable, Sendable {
  public var axis: Int
  /// First index, not negative, inside the axis unless count is 0.
  public var start: Int
  /// Not 0; negative steps go backwards.
  public var step: Int
  /// Elements taken; not negative.
  public var count: Int

  public init(axis: Int, start: Int, step: Int, count: Int) {
    self.axis = axis
    self.start = start
    self.step = step
    self.count = count
  }
}
