import Graphs
import Tensors

/// An operator, the types of its operands, and the type of its result or what is wrong.
struct TypeCase: Sendable, CustomStringConvertible {
  enum Expectation: Sendable {
    case type(TensorType)
    case problem(GraphError.Problem)
    /// A mismatch or an attribute error; its sentence is for people.
    case sentence
  }
  var `operator`: Operator
  var operands: [TensorType?]
  var expectation: Expectation

  var description: String {
    "\(`operator`.kind)(" + operands.map { $0?.description ?? "-" }.joined(separator: ", ") + ")"
  }
}

/// `float32` with these dimensions.
func real(_ dimensions: Dimension...) -> TensorType { TensorType(.float32, dimensions) }
/// `uint8` with these dimensions.
func codes(_ dimensions: Dimension...) -> TensorType { TensorType(.uint8, dimensions) }

private let n = Dimension.batch(1)

private func gives(_ operator: Operator, _ operands: [TensorType?], _ type: TensorType) -> TypeCase {
  TypeCase(operator: `operator`, operands: operands, expectation: .type(type))
}

private func fails(_ operator: Operator, _ operands: [TensorType?], _ problem: GraphError.Problem? = nil) -> TypeCase {
  TypeCase(operator: `operator`, operands: operands, expectation: problem.map { .problem($0) } ?? .sentence)
}

private func float(_ elementType: ElementType) -> GraphError.Problem { .elementType(operand: 0, found: elementType) }

extension TypeCase {
  static let all: [TypeCase] =
    weightedSums + poolingAndNormalization + elementwise + alongAxes + layout + quantization + integers

  private static let convolution = Operator.convolution(
    Convolution(window: Window(kernel: [3, 3], strides: [2, 1], paddingBefore: [1, 1], paddingAfter: [1, 0])))
  private static let grouped = Operator.convolution(
    Convolution(window: Window(kernel: [2], dilations: [3]), groups: 4))

  private static let weightedSums: [TypeCase] = [
    gives(convolution, [real(n, 3, 8, 8), real(5, 3, 3, 3)], real(n, 5, 4, 7)),
    gives(convolution, [real(2, 3, 7, 3), real(5, 3, 3, 3), real(5)], real(2, 5, 4, 2)),
    gives(grouped, [real(n, 4, 9), real(8, 1, 2)], real(n, 8, 6)),
    fails(grouped, [real(n, 4, 3), real(8, 1, 2)], .emptyResult),
    fails(grouped, [real(n, 6, 9), real(8, 1, 2)]),
    fails(grouped, [real(n, 4, 9), real(6, 1, 2)]),
    fails(convolution, [real(n, 3, 8, 8)], .operandCount(expected: 2...3, found: 1)),
    fails(convolution, [nil, real(5, 3, 3, 3)], .missingOperand(0)),
    fails(convolution, [codes(n, 3, 8, 8), real(5, 3, 3, 3)], float(.uint8)),
    fails(convolution, [real(n, 3, 8), real(5, 3, 3)], .rank(operand: 0, found: 3)),
    fails(convolution, [real(n, 3, 8, 8), real(5, 3, 3)], .rank(operand: 1, found: 3)),
    fails(convolution, [real(n, 3, 8, 8), real(5, 4, 3, 3)]),
    fails(convolution, [real(n, 3, 8, 8), real(5, 3, 3, 2)]),
    fails(convolution, [real(n, 3, 8, 8), real(5, 3, 3, 3), real(4)]),
    fails(convolution, [real(n, 3, n, 8), real(5, 3, 3, 3)]),
    fails(convolution, [real(n, n, 8, 8), real(5, 3, 3, 3)]),
    fails(
      .convolution(Convolution(window: Window(kernel: [3, 3], strides: [0, 1]))),
      [real(n, 3, 8, 8), real(5, 3, 3, 3)]),
    gives(
      .transposedConvolution(
        TransposedConvolution(window: Window(kernel: [3], strides: [2], paddingBefore: [1]), outputPadding: [1])),
      [real(n, 4, 5), real(4, 6, 3)], real(n, 6, 11)),
    fails(
      .transposedConvolution(
        TransposedConvolution(window: Window(kernel: [1], paddingBefore: [5]), outputPadding: [0])),
      [real(n, 4, 5), real(4, 6, 1)], .emptyResult),
    gives(.dense(clamp: nil), [real(n, 4), real(3, 4)], real(n, 3)),
    gives(.dense(clamp: .relu), [real(n, 4), real(3, 4), real(3)], real(n, 3)),
    fails(.dense(clamp: nil), [real(n, 4), real(3, 5)]),
    fails(.dense(clamp: nil), [real(n, 4, 1), real(3, 4)], .rank(operand: 0, found: 3)),
    gives(.matrixProduct, [real(n, 2, 3), real(3, 4)], real(n, 2, 4)),
    gives(.matrixProduct, [real(3), real(3)], real()),
    gives(.matrixProduct, [real(5, 1, 2, 3), real(6, 3, 4)], real(5, 6, 2, 4)),
    fails(.matrixProduct, [real(2, 3), real(2, 3)]),
    fails(.matrixProduct, [real(), real(3)], .rank(operand: 0, found: 0)),
  ]

  private static let pool = Operator.pooling(Pooling(kind: .maximum, window: Window(kernel: [2, 2], strides: [2, 2])))
  private static let mean = Operator.pooling(
    Pooling(kind: .average, window: Window(kernel: [2, 2], strides: [2, 2]), roundsUp: true))

  private static let poolingAndNormalization: [TypeCase] = [
    gives(pool, [real(n, 3, 5, 4)], real(n, 3, 2, 2)),
    gives(mean, [real(n, 3, 5, 4)], real(n, 3, 3, 2)),
    gives(pool, [codes(n, 3, 5, 4)], codes(n, 3, 2, 2)),
    fails(mean, [codes(n, 3, 5, 4)], float(.uint8)),
    fails(pool, [TensorType(.bool, [1, 1, 2, 2])], float(.bool)),
    fails(pool, [real(n, 3, 1, 4)], .emptyResult),
    gives(.batchNormalization(epsilon: 1e-5), [real(n, 3, 5), real(3), real(3), real(3), real(3)], real(n, 3, 5)),
    fails(.batchNormalization(epsilon: 1e-5), [real(n, 3), real(3), nil, real(3), real(3)], .missingOperand(2)),
    fails(.batchNormalization(epsilon: 1e-5), [real(n, 3), real(3), real(2), real(3), real(3)]),
    gives(.localResponseNormalization(size: 5, alpha: 1, beta: 1, bias: 1), [real(n, 3, 5)], real(n, 3, 5)),
    fails(.localResponseNormalization(size: 0, alpha: 1, beta: 1, bias: 1), [real(n, 3, 5)]),
    gives(.softmax(axis: 1, isLogarithmic: false), [real(n, 10)], real(n, 10)),
    fails(.softmax(axis: 2, isLogarithmic: true), [real(n, 10)]),
  ]

  private static let elementwise: [TypeCase] = [
    gives(.unary(.relu), [codes(n, 10)], codes(n, 10)),
    gives(.unary(.tanh), [real(n, 10)], real(n, 10)),
    gives(.unary(.isNaN), [real(n)], TensorType(.bool, [n])),
    fails(.unary(.tanh), [codes(n, 10)], float(.uint8)),
    fails(.unary(.not), [real(n)], float(.float32)),
    fails(.unary(.relu), [TensorType(.bool, [1])], float(.bool)),
    fails(.unary(.relu), [], .operandCount(expected: 1...1, found: 0)),
    gives(.binary(.add, clamp: nil), [real(n, 3, 1), real(4)], real(n, 3, 4)),
    gives(.binary(.and, clamp: nil), [TensorType(.bool, [2]), TensorType(.bool, [2])], TensorType(.bool, [2])),
    fails(.binary(.add, clamp: nil), [real(n, 3), real(2)]),
    fails(.binary(.add, clamp: nil), [real(n), real(2)]),
    fails(.binary(.add, clamp: nil), [real(3), codes(3)], .elementType(operand: 1, found: .uint8)),
    fails(.binary(.add, clamp: .relu), [codes(3), codes(3)], float(.uint8)),
    fails(.binary(.exclusiveOr, clamp: nil), [real(3), real(3)], float(.float32)),
    gives(.comparison(.less), [codes(n, 3), codes(1)], TensorType(.bool, [n, 3])),
    fails(.comparison(.less), [codes(n, 3), codes(2)]),
    gives(.select, [TensorType(.bool, [n, 1]), real(3), real()], real(n, 3)),
    fails(.select, [real(3), real(3), real(3)], float(.float32)),
    fails(.select, [TensorType(.bool, [3]), real(3), codes(3)], .elementType(operand: 2, found: .uint8)),
    gives(.cast(.int64), [real(n, 2)], TensorType(.int64, [n, 2])),
    fails(.cast(.int64), [nil], .missingOperand(0)),
  ]

  private static let alongAxes: [TypeCase] = [
    gives(.reduction(.mean, axes: [1, 2], keepsAxes: false), [real(n, 3, 4, 5)], real(n, 5)),
    gives(.reduction(.maximum, axes: [0, 2], keepsAxes: true), [codes(n, 3, 4)], codes(1, 3, 1)),
    gives(.reduction(.sum, axes: [], keepsAxes: false), [real(2)], real(2)),
    fails(.reduction(.sum, axes: [2, 1], keepsAxes: false), [real(n, 3, 4)]),
    fails(.reduction(.sum, axes: [1, 1], keepsAxes: false), [real(n, 3, 4)]),
    fails(.reduction(.sum, axes: [3], keepsAxes: false), [real(n, 3, 4)]),
    gives(
      .argument(ofMaximum: true, axis: 1, keepsAxis: false, selectsLast: false), [real(n, 10)], TensorType(.int64, [n])),
    gives(
      .argument(ofMaximum: false, axis: 0, keepsAxis: true, selectsLast: true), [codes(4, 2)],
      TensorType(.int64, [1, 2])),
    fails(.argument(ofMaximum: true, axis: -1, keepsAxis: false, selectsLast: false), [real(n, 10)]),
    gives(.gather(axis: 1), [real(n, 9, 2), TensorType(.int64, [4, 5])], real(n, 4, 5, 2)),
    gives(.gather(axis: 0), [real(9), TensorType(.int32, [])], real()),
    fails(.gather(axis: 0), [real(9), real(2)], .elementType(operand: 1, found: .float32)),
    fails(.gather(axis: 1), [real(9), TensorType(.int64, [2])]),
  ]

  private static func resize(_ extents: [Dimension]) -> Operator {
    .resize(
      Resize(
        interpolation: .linear, coordinates: .halfPixel, extents: extents,
        scales: [Float](repeating: 2, count: extents.count)))
  }

  private static let layout: [TypeCase] = [
    gives(.concatenation(axis: 1), [real(n, 3, 2), real(n, 4, 2), real(n, 1, 2)], real(n, 8, 2)),
    fails(.concatenation(axis: 1), [real(n, 3), real(2, 3)]),
    fails(.concatenation(axis: 0), [real(n, 3), real(n, 3)]),
    fails(.concatenation(axis: 0), [], .missingOperand(0)),
    fails(.concatenation(axis: 0), [real(.fixed(.max)), real(1)], .tooLarge),
    gives(.padding(before: [0, 1], after: [0, -2], mode: .edge), [real(n, 5)], real(n, 4)),
    fails(.padding(before: [1, 0], after: [0, 0], mode: .edge), [real(n, 5)]),
    fails(.padding(before: [0], after: [0], mode: .edge), [real(n, 5)]),
    fails(.padding(before: [-6], after: [3], mode: .edge), [real(5)]),
    fails(.padding(before: [.max], after: [0], mode: .edge), [real(5)], .tooLarge),
    gives(.reshape([n, 12]), [real(n, 3, 2, 2)], real(n, 12)),
    gives(.reshape([.batch(4), 3]), [real(n, 12)], TensorType(.float32, [.batch(4), 3])),
    gives(.reshape([0, 7]), [real(3, 0)], real(0, 7)),
    fails(.reshape([12]), [real(n, 12)]),
    fails(.reshape([.fixed(.max), .fixed(.max)]), [real(12)], .tooLarge),
    gives(.transpose([2, 0, 1]), [real(n, 3, 4)], real(4, n, 3)),
    fails(.transpose([0, 0, 1]), [real(n, 3, 4)]),
    fails(.transpose([0, 1]), [real(n, 3, 4)]),
    gives(.slice([AxisSlice(axis: 1, start: 4, step: -2, count: 3)]), [real(n, 5)], real(n, 3)),
    gives(.slice([AxisSlice(axis: 0, start: 9, step: 1, count: 0)]), [real(5)], real(0)),
    fails(.slice([AxisSlice(axis: 1, start: 4, step: -2, count: 4)]), [real(n, 5)]),
    fails(.slice([AxisSlice(axis: 0, start: 0, step: 1, count: 1)]), [real(n, 5)]),
    fails(.slice([AxisSlice(axis: 0, start: 0, step: 0, count: 1)]), [real(5)]),
    fails(.slice([AxisSlice(axis: 0, start: 1, step: .max, count: 3)]), [real(5)]),
    fails(
      .slice([AxisSlice(axis: 0, start: 0, step: 1, count: 1), AxisSlice(axis: 0, start: 0, step: 1, count: 1)]),
      [real(5)]),
    gives(.expand([n, 3, 4]), [real(3, 1)], real(n, 3, 4)),
    fails(.expand([3, 4]), [real(n, 3, 1)]),
    fails(.expand([3, 1]), [real(3, 4)]),
    gives(resize([n, 3, 8, 8]), [real(n, 3, 4, 4)], real(n, 3, 8, 8)),
    fails(resize([n, 8, 8]), [real(n, 3, 4, 4)]),
  ]

  private static let perChannel = AffineEncoding(
    scales: [1, 2, 3], zeroPoints: [0, 0, 0], axis: 1, bitWidth: 8, isSigned: true)

  private static let quantization: [TypeCase] = [
    gives(.quantize(perChannel, .int8), [real(n, 3)], TensorType(.int8, [n, 3])),
    fails(.quantize(perChannel, .int8), [real(n, 4)]),
    fails(.quantize(perChannel, .int8), [real(3)]),
    fails(.quantize(perChannel, .bool), [real(n, 3)]),
    fails(.quantize(perChannel, .int8), [codes(n, 3)], float(.uint8)),
    gives(.dequantize(perChannel), [TensorType(.int32, [n, 3])], real(n, 3)),
    fails(.dequantize(perChannel), [real(n, 3)], float(.float32)),
  ]

  private static func requantization(channels: Int, upper: Int32 = 255) -> Requantization {
    Requantization(
      multipliers: [Int32](repeating: 1, count: channels), offsets: [Int64](repeating: 0, count: channels), shift: 1,
      codeRange: 0...upper)
  }
  private static func integerConvolution(_ result: SumResult) -> Operator {
    .integer(.convolution(Convolution(window: Window(kernel: [3])), zeroPoint: 7, result))
  }
  private static func lookup(_ input: ElementType, _ output: ElementType) -> Operator {
    .integer(.lookup(LookupTable(results: [UInt8](repeating: 0, count: 256), input: input, output: output)))
  }
  private static let average = Pooling(kind: .average, window: Window(kernel: [2]))
  private static let addition = Operator.integer(
    .addition(
      AdditionRequantization(leftMultiplier: 1, rightMultiplier: 1, offset: 0, shift: 1, codeRange: 0...255)))
  private static func multiplication(channels: Int) -> Operator {
    .integer(.multiplication(leftZeroPoint: 0, rightZeroPoint: 0, requantization(channels: channels)))
  }
  private static let softmax = Operator.integer(
    .softmax(axis: 1, IntegerSoftmax(exponentials: [UInt32](repeating: 1, count: 256), range: 256)))

  private static let integers: [TypeCase] = [
    gives(
      integerConvolution(.codes(requantization(channels: 5))), [codes(n, 2, 4), real(5, 2, 3)], codes(n, 5, 2)),
    gives(
      integerConvolution(.real(scales: [1], offsets: [0])), [codes(n, 2, 4), real(5, 2, 3)], real(n, 5, 2)),
    fails(integerConvolution(.codes(requantization(channels: 4))), [codes(n, 2, 4), real(5, 2, 3)]),
    fails(integerConvolution(.codes(requantization(channels: 5, upper: 256))), [codes(n, 2, 4), real(5, 2, 3)]),
    fails(integerConvolution(.real(scales: [1, 1], offsets: [0])), [codes(n, 2, 4), real(2, 2, 3)]),
    fails(integerConvolution(.real(scales: [1], offsets: [0])), [real(n, 2, 4), real(5, 2, 3)], float(.float32)),
    fails(
      integerConvolution(.real(scales: [1], offsets: [0])), [codes(n, 2, 4), real(5, 2, 3), real(5)],
      .operandCount(expected: 2...2, found: 3)),
    gives(.integer(.dense(.codes(requantization(channels: 1)))), [codes(n, 4), real(3, 4)], codes(n, 3)),
    fails(.integer(.dense(.codes(requantization(channels: 2)))), [codes(n, 4), real(3, 4)]),
    gives(
      .integer(.averagePooling(average, zeroPoint: 0, requantization(channels: 1))), [codes(n, 3, 4)], codes(n, 3, 3)),
    fails(.integer(.averagePooling(average, zeroPoint: 0, requantization(channels: 3))), [codes(n, 3, 4)]),
    fails(
      .integer(.averagePooling(average, zeroPoint: 0, requantization(channels: 1))), [real(n, 3, 4)], float(.float32)),
    gives(addition, [codes(n, 3), codes(n, 3)], codes(n, 3)),
    fails(addition, [codes(n, 3), codes(3)]),
    fails(addition, [codes(n, 3), real(n, 3)], .elementType(operand: 1, found: .float32)),
    gives(multiplication(channels: 1), [codes(n, 3, 4), codes(n, 3, 1)], codes(n, 3, 4)),
    fails(multiplication(channels: 3), [codes(n, 3, 4), codes(n, 3, 1)]),
    fails(multiplication(channels: 1), [codes(n, 3), codes(2)]),
    gives(lookup(.int8, .uint8), [TensorType(.int8, [n, 3])], codes(n, 3)),
    fails(lookup(.int8, .uint8), [codes(n, 3)], float(.uint8)),
    gives(softmax, [codes(n, 3)], codes(n, 3)),
    fails(softmax, [codes(n)]),
  ]
}
