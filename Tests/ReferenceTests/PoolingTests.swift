import Graphs
import Reference
import Tensors
import Testing

@Suite struct PoolingTests {
  let x = floats([1, 1, 1, 4], [1, -2, 3, 4])
  let window = Window(kernel: [1, 3], strides: [1, 2], paddingBefore: [0, 1], paddingAfter: [0, 1])

  @Test func maximumPassesPaddingOver() throws {
    #expect(try evaluated(.pooling(Pooling(kind: .maximum, window: window)), x) == [1, 4])
    let negative = Constant.tensor(.int8(Tensor(shape: [1, 1, 1, 4], scalars: [-5, -7, -9, -3])))
    #expect(try evaluatedIntegers(.pooling(Pooling(kind: .maximum, window: window)), negative) == [-5, -3])
  }

  @Test func averageCountsPaddingIfAsked() throws {
    #expect(try evaluated(.pooling(Pooling(kind: .average, window: window)), x) == [-0.5, 5.0 / 3])
    let counting = Pooling(kind: .average, window: window, countsPadding: true)
    #expect(try evaluated(.pooling(counting), x) == [-1.0 / 3, 5.0 / 3])
  }

  @Test func aLastWindowThatLeavesThePaddingCountsWhatItSees() throws {
    let pooling = Pooling(
      kind: .average, window: Window(kernel: [1, 3], strides: [1, 2]), roundsUp: true, countsPadding: true)
    #expect(try evaluated(.pooling(pooling), x) == [2.0 / 3, 3.5])
  }

  @Test func aWindowOfAnyExtentEndsSoon() throws {
    let huge = 1 << 30
    let wide = Window(kernel: [1, huge], paddingBefore: [0, huge - 4], paddingAfter: [0, 0])
    #expect(try evaluated(.pooling(Pooling(kind: .maximum, window: wide)), x) == [4])
  }
}
