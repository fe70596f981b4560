import Graphs
import Reference
import Tensors
import Testing

@Suite struct LayoutTests {
  let x = floats([2, 3], [0, 1, 2, 3, 4, 5])

  @Test func elementsMove() throws {
    #expect(try evaluated(.transpose([1, 0]), x) == [0, 3, 1, 4, 2, 5])
    #expect(try evaluated(.concatenation(axis: 1), x, floats([2, 1], [8, 9])) == [0, 1, 2, 8, 3, 4, 5, 9])
    let slices = [AxisSlice(axis: 1, start: 2, step: -2, count: 2), AxisSlice(axis: 0, start: 1, step: 5, count: 1)]
    #expect(try evaluated(.slice(slices), x) == [5, 3])
    #expect(try evaluated(.slice([AxisSlice(axis: 0, start: 7, step: 1, count: 0)]), x) == [])
    #expect(try evaluated(.expand([2, 3]), floats([2, 1], [1, 2])) == [1, 1, 1, 2, 2, 2])
    let reshaped = try Reference.evaluate(.reshape([.batch(3), 1]), [x], batch: 2)
    #expect(reshaped.shape == [6, 1])
  }

  @Test(
    "Padding shows the border, its mirror image, the other side or a constant",
    arguments: [
      (PaddingMode.constant(9), [9, 9, 0, 1, 2, 9, 9] as [Float]), (.edge, [0, 0, 0, 1, 2, 2, 2]),
      (.reflect, [2, 1, 0, 1, 2, 1, 0]), (.wrap, [1, 2, 0, 1, 2, 0, 1]),
    ])
  func padding(mode: PaddingMode, expected: [Float]) throws {
    #expect(try evaluated(.padding(before: [2], after: [2], mode: mode), floats([3], [0, 1, 2])) == expected)
  }

  @Test func negativePaddingCuts() throws {
    #expect(try evaluated(.padding(before: [0, -1], after: [-1, 1], mode: .constant(7)), x) == [1, 2, 7])
  }

  @Test func aHugeResultIsRefused() {
    #expect(throws: ReferenceError.self) {
      try Reference.evaluate(.expand([.fixed(1 << 40)]), [floats([1], [1])])
    }
  }
}
