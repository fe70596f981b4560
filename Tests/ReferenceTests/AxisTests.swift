import Foundation
import Graphs
import Reference
import Tensors
import Testing

@Suite struct AxisTests {
  @Test("A reduction of the middle axis is its definition", arguments: Reduction.allCases)
  func reductions(reduction: Reduction) throws {
    let x: [Float] = [1, 2, 3, 4, 5, 6, 7, 8]
    let expected = [[1, 3], [2, 4], [5, 7], [6, 8]].map { (values: [Double]) -> Float in
      let (a, b) = (values[0], values[1])
      return switch reduction {
      case .sum, .l1: Float(a + b)
      case .mean: Float((a + b) / 2)
      case .product: Float(a * b)
      case .maximum: Float(b)
      case .minimum: Float(a)
      case .l2: Float((a * a + b * b).squareRoot())
      case .sumOfSquares: Float(a * a + b * b)
      case .logSum: Float(log(a + b))
      case .logSumExponential: Float(b + log(1 + exp(a - b)))
      }
    }
    let found = try evaluated(.reduction(reduction, axes: [1], keepsAxes: false), floats([2, 2, 2], x))
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-6 * $1 })
    let whole = try evaluatedIntegers(
      .reduction(reduction, axes: [1], keepsAxes: true), integers([2, 2, 2], x.map(Int64.init)))
    #expect(whole == expected.map { Int64($0) })
  }

  @Test func reductionOverNothingIsTheIdentityOrTheNeutralElement() throws {
    let x = floats([2], [3, -4])
    #expect(try evaluated(.reduction(.sum, axes: [], keepsAxes: true), x) == [3, -4])
    #expect(try evaluated(.reduction(.l1, axes: [], keepsAxes: true), x) == [3, 4])
    let empty = floats([0], [])
    #expect(try evaluated(.reduction(.maximum, axes: [0], keepsAxes: false), empty) == [-.infinity])
    #expect(throws: ReferenceError(.divisionByZero)) {
      try Reference.evaluate(.reduction(.mean, axes: [0], keepsAxes: false), [integers([0], [])])
    }
  }

  @Test func argumentTakesTheFirstOrTheLast() throws {
    let x = floats([2, 3], [1, 5, 5, -2, -2, 0])
    func argument(_ maximum: Bool, last: Bool) throws -> [Int64] {
      try evaluatedIntegers(.argument(ofMaximum: maximum, axis: 1, keepsAxis: false, selectsLast: last), x)
    }
    #expect(try argument(true, last: false) == [1, 2])
    #expect(try argument(true, last: true) == [2, 2])
    #expect(try argument(false, last: true) == [0, 1])
  }

  @Test func gatherCountsFromTheEnd() throws {
    let x = floats([2, 3], [0, 1, 2, 3, 4, 5])
    #expect(try evaluated(.gather(axis: 1), x, integers([2], [-1, 0])) == [2, 0, 5, 3])
    #expect(try Reference.evaluate(.gather(axis: 0), [x, integers([], [1])]).shape == [3])
    #expect(throws: ReferenceError(.index(3, extent: 3))) {
      try Reference.evaluate(.gather(axis: 1), [x, integers([1], [3])])
    }
  }

  @Test func softmaxSumsToOne() throws {
    let x = floats([1, 3], [1000, 1001, 1002])
    let found = try evaluated(.softmax(axis: 1, isLogarithmic: false), x)
    let sum = exp(-2.0) + exp(-1.0) + 1
    #expect(found == [Float(exp(-2.0) / sum), Float(exp(-1.0) / sum), Float(1 / sum)])
    let logarithms = try evaluated(.softmax(axis: 1, isLogarithmic: true), x)
    #expect(zip(found, logarithms).allSatisfy { abs(log($0) - $1) < 1e-6 })
  }

  @Test func normalizationsFollowTheirFormulas() throws {
    let x = floats([1, 2, 2], [1, 2, 3, 4])
    let operands = [floats([2], [2, 3]), floats([2], [1, -1]), floats([2], [1, 2]), floats([2], [3, 0])]
    let normalized = try evaluated(
      .batchNormalization(epsilon: 1), x, operands[0], operands[1], operands[2], operands[3])
    #expect(normalized == [1, 2, 2, 5])
    let response = try evaluated(.localResponseNormalization(size: 2, alpha: 2, beta: 1, bias: 1), x)
    // Of two channels, a channel and the one above.
    let expected: [Float] = [1.0 / 11, 2.0 / 21, 0.3, 4.0 / 17]
    #expect(response == expected)
  }
}
