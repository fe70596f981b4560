import Tensors
import Testing

@Suite struct ShapeTests {
  @Test("The element count is the product of the extents; a scalar has one element")
  func elementCount() {
    #expect(Shape.scalar.elementCount == 1 && Shape.scalar.rank == 0)
    #expect(([2, 3, 4] as Shape).elementCount == 24)
    #expect(([2, 0, 4] as Shape).elementCount == 0)
  }

  @Test("Strides count the elements between neighbors, row-major")
  func strides() {
    #expect(([2, 3, 4] as Shape).strides == [12, 4, 1])
    #expect(Shape.scalar.strides == [])
  }

  @Test("A negative extent from outside is refused by axis")
  func refusesNegative() {
    #expect(throws: ShapeError.negativeExtent(axis: 1, extent: -3)) { _ = try Shape(checking: [2, -3]) }
  }

  @Test("Extents whose product leaves 64 bits are refused, also next to a zero")
  func refusesTooLarge() {
    for extents in [[Int.max, 2], [1 << 32, 1 << 31], [0, 1 << 40, 1 << 40], [1 << 40, 1 << 40, 0]] {
      #expect(throws: ShapeError.tooLarge(extents)) { _ = try Shape(checking: extents) }
    }
    #expect((try? Shape(checking: [Int.max]))?.elementCount == .max)
    #expect((try? Shape(checking: [0, 1 << 62]))?.strides == [1 << 62, 1])
  }

  @Test("Shapes broadcast from the last axis; an extent of one stretches, zero included")
  func broadcasts() {
    let cases: [(Shape, Shape, Shape?)] = [
      ([2, 3], [3], [2, 3]), ([2, 1], [1, 3], [2, 3]), ([], [4, 5], [4, 5]), ([1], [0], [0]),
      ([2, 3], [2], nil), ([0], [2], nil), ([4, 1, 2], [3, 1], [4, 3, 2]),
      ([1 << 40, 1], [1, 1 << 40], nil),
    ]
    for (a, b, result) in cases {
      #expect(a.broadcast(with: b) == result)
      #expect(b.broadcast(with: a) == result)
    }
  }

  @Test("Broadcasting gives each axis the larger extent, or fails", arguments: 0..<50)
  func broadcastLaw(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let a = (0..<3).map { _ in Int(generator.next() % 3) + 1 }
    let b = (0..<3).map { _ in Int(generator.next() % 3) + 1 }
    let fits = zip(a, b).allSatisfy { $0 == $1 || $0 == 1 || $1 == 1 }
    #expect(Shape(a).broadcast(with: Shape(b)) == (fits ? Shape(zip(a, b).map { max($0, $1) }) : nil))
  }

  @Test("A negative axis counts from the end")
  func resolvesAxes() {
    let shape: Shape = [2, 3, 4]
    #expect((-4...3).map { shape.axis($0) } == [nil, 0, 1, 2, 0, 1, 2, nil])
    #expect(Shape.scalar.axis(0) == nil && Shape.scalar.axis(-1) == nil)
  }

  @Test("A shape reads as its extents")
  func description() {
    #expect("\([1, 3, 32, 32] as Shape)" == "1x3x32x32" && "\(Shape.scalar)" == "scalar")
  }
}
