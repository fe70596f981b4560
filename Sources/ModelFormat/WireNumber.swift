import Coding
import Graphs
import Tensors

/// A closed set whose members have a number in the file that never changes.
///
/// The numbers stand in switches without `default`: a new case does not compile until it has one.
package protocol WireNumbered: CaseIterable, Equatable, Sendable {
  /// What a member is called in messages and in the document.
  static var listName: String { get }
  var wireNumber: UInt8 { get }
}

extension WireNumbered {
  init?(wireNumber: UInt8) {
    guard let match = Self.allCases.first(where: { $0.wireNumber == wireNumber }) else { return nil }
    self = match
  }
}

extension ElementType: WireNumbered {
  package static var listName: String { "element type" }
  package var wireNumber: UInt8 {
    switch self {
    case .float32: 1
    case .uint8: 2
    case .int8: 3
    case .int16: 4
    case .int32: 5
    case .int64: 6
    case .bool: 7
    }
  }
}

extension WeightCode: WireNumbered {
  package static var listName: String { "weight code" }
  package var wireNumber: UInt8 {
    switch self {
    case .raw: 1
    case .trits: 2
    case .bitmap: 3
    case .gaps: 4
    case .rans: 5
    case .runs: 6
    case .codebook: 7
    case .mixed: 8
    }
  }
}

extension Operator.Kind: WireNumbered {
  package static var listName: String { "operator" }
  /// In 1...63: it shares its byte with the number of operands.
  package var wireNumber: UInt8 {
    switch self {
    case .convolution: 1
    case .transposedConvolution: 2
    case .dense: 3
    case .matrixProduct: 4
    case .pooling: 5
    case .batchNormalization: 6
    case .localResponseNormalization: 7
    case .softmax: 8
    case .unary: 9
    case .binary: 10
    case .comparison: 11
    case .select: 12
    case .cast: 13
    case .reduction: 14
    case .argument: 15
    case .gather: 16
    case .concatenation: 17
    case .padding: 18
    case .reshape: 19
    case .transpose: 20
    case .slice: 21
    case .expand: 22
    case .resize: 23
    case .quantize: 24
    case .dequantize: 25
    case .integerConvolution: 26
    case .integerDense: 27
    case .integerAveragePooling: 28
    case .integerAddition: 29
    case .integerMultiplication: 30
    case .integerLookup: 31
    case .integerSoftmax: 32
    }
  }
}

/// `UnaryFunction` without its attributes.
package enum UnaryKind: WireNumbered {
  case relu, clip, leakyRelu, sigmoid, hardSigmoid, hardSwish, tanh, elu, selu, celu, gelu, softplus, softsign, swish
  case mish, thresholdedRelu, absolute, negate, sign, reciprocal, squareRoot, exponential, logarithm, error, floor
  case ceiling, round, sine, cosine, not, isNaN

  package static var listName: String { "unary function" }
  package var wireNumber: UInt8 {
    switch self {
    case .relu: 1
    case .clip: 2
    case .leakyRelu: 3
    case .sigmoid: 4
    case .hardSigmoid: 5
    case .hardSwish: 6
    case .tanh: 7
    case .elu: 8
    case .selu: 9
    case .celu: 10
    case .gelu: 11
    case .softplus: 12
    case .softsign: 13
    case .swish: 14
    case .mish: 15
    case .thresholdedRelu: 16
    case .absolute: 17
    case .negate: 18
    case .sign: 19
    case .reciprocal: 20
    case .squareRoot: 21
    case .exponential: 22
    case .logarithm: 23
    case .error: 24
    case .floor: 25
    case .ceiling: 26
    case .round: 27
    case .sine: 28
    case .cosine: 29
    case .not: 30
    case .isNaN: 31
    }
  }
}

extension BinaryFunction: WireNumbered {
  package static var listName: String { "binary function" }
  package var wireNumber: UInt8 {
    switch self {
    case .add: 1
    case .subtract: 2
    case .multiply: 3
    case .divide: 4
    case .power: 5
    case .minimum: 6
    case .maximum: 7
    case .modulo: 8
    case .remainder: 9
    case .parametricRelu: 10
    case .and: 11
    case .or: 12
    case .exclusiveOr: 13
    }
  }
}

extension Comparison: WireNumbered {
  package static var listName: String { "comparison" }
  package var wireNumber: UInt8 {
    switch self {
    case .equal: 1
    case .less: 2
    case .lessOrEqual: 3
    case .greater: 4
    case .greaterOrEqual: 5
    }
  }
}

extension Reduction: WireNumbered {
  package static var listName: String { "reduction" }
  package var wireNumber: UInt8 {
    switch self {
    case .sum: 1
    case .mean: 2
    case .product: 3
    case .maximum: 4
    case .minimum: 5
    case .l1: 6
    case .l2: 7
    case .sumOfSquares: 8
    case .logSum: 9
    case .logSumExponential: 10
    }
  }
}

extension Pooling.Kind: WireNumbered {
  package static var listName: String { "pooling kind" }
  package var wireNumber: UInt8 {
    switch self {
    case .maximum: 1
    case .average: 2
    }
  }
}

/// `PaddingMode` without its attribute.
package enum PaddingKind: WireNumbered {
  case constant, reflect, edge, wrap

  package static var listName: String { "padding mode" }
  package var wireNumber: UInt8 {
    switch self {
    case .constant: 1
    case .reflect: 2
    case .edge: 3
    case .wrap: 4
    }
  }
}

/// `Resize.Interpolation` without its attributes.
package enum InterpolationKind: WireNumbered {
  case nearest, linear, cubic

  package static var listName: String { "interpolation" }
  package var wireNumber: UInt8 {
    switch self {
    case .nearest: 1
    case .linear: 2
    case .cubic: 3
    }
  }
}

extension Resize.Rounding: WireNumbered {
  package static var listName: String { "rounding" }
  package var wireNumber: UInt8 {
    switch self {
    case .halfDown: 1
    case .halfUp: 2
    case .floor: 3
    case .ceiling: 4
    }
  }
}

extension Resize.Coordinates: WireNumbered {
  package static var listName: String { "coordinates" }
  package var wireNumber: UInt8 {
    switch self {
    case .halfPixel: 1
    case .halfPixelSymmetric: 2
    case .pytorchHalfPixel: 3
    case .alignCorners: 4
    case .asymmetric: 5
    }
  }
}

/// `SumResult` without its numbers.
package enum SumResultKind: WireNumbered {
  case codes, real

  package static var listName: String { "sum result" }
  package var wireNumber: UInt8 {
    switch self {
    case .codes: 1
    case .real: 2
    }
  }
}

/// An optional `Clamp`.
package enum ClampKind: WireNumbered {
  case none, relu, limits

  package static var listName: String { "clamp" }
  package var wireNumber: UInt8 {
    switch self {
    case .none: 0
    case .relu: 1
    case .limits: 2
    }
  }
}

extension Preprocessing.ChannelOrder: WireNumbered {
  package static var listName: String { "channel order" }
  package var wireNumber: UInt8 {
    switch self {
    case .rgb: 1
    case .bgr: 2
    }
  }
}

extension Preprocessing.Layout: WireNumbered {
  package static var listName: String { "layout" }
  package var wireNumber: UInt8 {
    switch self {
    case .planar: 1
    case .interleaved: 2
    }
  }
}
