import Graphs
import Reference
import Tensors
import Testing

@Suite struct MatrixProductTests {
  @Test func leadingAxesBroadcast() throws {
    let a = floats([2, 1, 1, 2], [1, 2, 3, 4])
    let b = floats([3, 2, 1], [1, 10, 2, 20, 3, 30])
    #expect(try evaluated(.matrixProduct, a, b) == [21, 42, 63, 43, 86, 129])
  }

  @Test func vectorsAreARowAndAColumn() throws {
    let (a, b) = (floats([2], [1, 2]), floats([2, 2], [1, 2, 3, 4]))
    #expect(try evaluated(.matrixProduct, a, b) == [7, 10])
    #expect(try evaluated(.matrixProduct, b, a) == [5, 11])
    #expect(try Reference.evaluate(.matrixProduct, [a, a]).shape == .scalar)
  }

  @Test func wholeNumbersWrapAround() throws {
    let large = integers([1, 1], [.max])
    #expect(try evaluatedIntegers(.matrixProduct, large, integers([1, 1], [2])) == [-2])
  }

  @Test func anEmptySumIsTheBias() throws {
    let result = try evaluated(.dense(clamp: nil), floats([2, 0], []), floats([1, 0], []), floats([1], [3]))
    #expect(result == [3, 3])
  }
}
