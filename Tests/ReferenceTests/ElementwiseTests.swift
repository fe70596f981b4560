import Foundation
import Graphs
import Reference
import Tensors
import Testing

@Suite struct ElementwiseTests {
  static let points: [Float] = [-7, -3, -1.5, -1, -0.5, 0, 0.25, 0.5, 1, 2.5, 3, 7, 88]

  /// Functions beside their definitions in Foundation's Double.
  static let unary: [(UnaryFunction, @Sendable (Double) -> Double)] = [
    (.relu, { max($0, 0) }),
    (.clip(Clamp(lower: -1, upper: 2)), { min(max($0, -1), 2) }),
    (.leakyRelu(slope: 0.25), { $0 >= 0 ? $0 : 0.25 * $0 }),
    (.sigmoid, { 1 / (1 + exp(-$0)) }),
    (.hardSigmoid(slope: 0.25, offset: 0.5), { max(0, min(1, 0.25 * $0 + 0.5)) }),
    (.hardSwish, { $0 * max(0, min(1, $0 / 6 + 0.5)) }),
    (.tanh, { tanh($0) }),
    (.elu(alpha: 2), { $0 >= 0 ? $0 : 2 * (exp($0) - 1) }),
    (.selu(alpha: 2, gamma: 3), { 3 * ($0 > 0 ? $0 : 2 * (exp($0) - 1)) }),
    (.celu(alpha: 2), { max(0, $0) + min(0, 2 * (exp($0 / 2) - 1)) }),
    (.gelu(approximatesWithTanh: false), { $0 * 0.5 * (1 + erf($0 / 2.0.squareRoot())) }),
    (.gelu(approximatesWithTanh: true), { 0.5 * $0 * (1 + tanh(0.7978845608 * ($0 + 0.044715 * $0 * $0 * $0))) }),
    (.softplus, { log(1 + exp($0)) }),
    (.softsign, { $0 / (1 + abs($0)) }),
    (.swish(alpha: 1.5), { $0 / (1 + exp(-1.5 * $0)) }),
    (.mish, { $0 * tanh(log(1 + exp($0))) }),
    (.thresholdedRelu(alpha: 1), { $0 > 1 ? $0 : 0 }),
    (.absolute, { abs($0) }),
    (.negate, { -$0 }),
    (.sign, { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }),
    (.reciprocal, { 1 / $0 }),
    (.squareRoot, { $0.squareRoot() }),
    (.exponential, { exp($0) }),
    (.logarithm, { log($0) }),
    (.error, { erf($0) }),
    (.floor, { $0.rounded(.down) }),
    (.ceiling, { $0.rounded(.up) }),
    (.round, { $0.rounded(.toNearestOrEven) }),
    (.sine, { sin($0) }),
    (.cosine, { cos($0) }),
  ]

  @Test("A function of one element is its definition", arguments: unary.indices)
  func unaryFunctions(index: Int) throws {
    let (function, definition) = Self.unary[index]
    let points = Self.points
    let found = try evaluated(.unary(function), floats([points.count], points))
    for (x, y) in zip(points, found) {
      let expected = Float(definition(Double(x)))
      // Two roundings to Float of sums taken in another order: at most a few units in the last place.
      let isClose = abs(y - expected) <= max(abs(expected), 1e-3) * 1e-6
      #expect(y == expected || (y.isNaN && expected.isNaN) || isClose, "\(function) at \(x): \(y), not \(expected)")
    }
  }

  @Test("Functions of two elements broadcast", arguments: BinaryFunction.allCases)
  func binaryFunctions(function: BinaryFunction) throws {
    guard ![.and, .or, .exclusiveOr].contains(function) else { return }
    let (a, b): ([Float], [Float]) = ([-7, 3], [2, -2, 4])
    let found = try evaluated(.binary(function, clamp: nil), floats([2, 1], a), floats([3], b))
    let expected = a.flatMap { a in
      b.map { b -> Float in
        switch function {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .power: pow(a, b)
        case .minimum: min(a, b)
        case .maximum: max(a, b)
        case .modulo: a - b * (a / b).rounded(.down)
        case .remainder: a - b * (a / b).rounded(.towardZero)
        case .parametricRelu: a >= 0 ? a : a * b
        case .and, .or, .exclusiveOr: 0
        }
      }
    }
    #expect(found == expected)
    if function == .power { return }
    let whole = try evaluatedIntegers(
      .binary(function, clamp: nil), integers([2, 1], a.map(Int64.init)), integers([3], b.map(Int64.init)))
    #expect(whole == expected.map { Int64($0) })
  }

  @Test func wholeNumbersNeverTrap() throws {
    let least = integers([1], [.min])
    let (minusOne, zero) = (integers([1], [-1]), integers([1], [0]))
    #expect(try evaluatedIntegers(.binary(.divide, clamp: nil), least, minusOne) == [.min])
    #expect(try evaluatedIntegers(.binary(.remainder, clamp: nil), least, minusOne) == [0])
    #expect(try evaluatedIntegers(.unary(.absolute), least) == [.min])
    let (bases, exponents) = (integers([3], [2, -1, 7]), integers([3], [10, -3, -1]))
    #expect(try evaluatedIntegers(.binary(.power, clamp: nil), bases, exponents) == [1024, -1, 0])
    for function in [BinaryFunction.divide, .modulo, .remainder] {
      #expect(throws: ReferenceError(.divisionByZero)) {
        try Reference.evaluate(.binary(function, clamp: nil), [least, zero])
      }
    }
  }

  @Test func clampAppliesToTheSum() throws {
    let sum = try evaluated(.binary(.add, clamp: .relu), floats([2], [1, -3]), floats([], [2]))
    #expect(sum == [3, 0])
  }

  @Test func castsCutAndSaturate() throws {
    let x = floats([6], [-1.9, 1.9, 300, -.infinity, .nan, 1e20])
    #expect(try evaluatedIntegers(.cast(.int8), x) == [-1, 1, 127, -128, 0, 127])
    #expect(try evaluatedIntegers(.cast(.int64), x) == [-1, 1, 300, .min, 0, .max])
    #expect(try evaluatedIntegers(.cast(.bool), x) == [1, 1, 1, 1, 1, 1])
    #expect(try evaluatedIntegers(.cast(.uint8), integers([2], [257, -1])) == [1, 255])
  }

  @Test func comparisonsAndSelection() throws {
    let (a, b) = (floats([3], [1, 2, .nan]), floats([3], [2, 2, 0]))
    #expect(try evaluatedIntegers(.comparison(.equal), a, b) == [0, 1, 0])
    #expect(try evaluatedIntegers(.comparison(.lessOrEqual), a, b) == [1, 1, 0])
    // 2^53 + 1 is no Double: whole numbers compare as such.
    let (large, larger) = (integers([], [1 << 53]), integers([], [1 << 53 + 1]))
    #expect(try evaluatedIntegers(.comparison(.less), large, larger) == [1])
    let condition = Constant.tensor(.bool(Tensor(shape: [2, 1], scalars: [true, false])))
    #expect(try evaluated(.select, condition, floats([2], [1, 2]), floats([], [9])) == [1, 2, 9, 9])
  }
}
