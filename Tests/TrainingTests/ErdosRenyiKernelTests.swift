import Tensors
import Testing
import Training

@Suite struct ErdosRenyiKernelTests {
  private static func shapes(_ seed: UInt64) -> [Shape] {
    var random = SplitMix64(seed: seed)
    return (0..<Int.random(in: 1...24, using: &random)).map { _ in
      let (rows, columns) = (Int.random(in: 1...160, using: &random), Int.random(in: 1...160, using: &random))
      guard Bool.random(using: &random) else { return [rows, columns] }
      let size = [1, 3, 5, 7][Int.random(in: 0..<4, using: &random)]
      return [rows, columns, size, size]
    }
  }

  @Test(
    "Densities are proportional to the sum of extents over their product, up to the ceiling; all together are the target",
    arguments: UInt64(0)..<24, [Float(0.01), 0.08, 0.3, 0.7, 0.95])
  func followsTheDefinition(seed: UInt64, density: Float) {
    let shapes = Self.shapes(seed)
    let ceiling: Float = [1, 0.8, 0.5][Int(seed % 3)]
    let counts = ErdosRenyiKernel(ceiling: ceiling).keptCounts(shapes, density: density)
    let sizes = shapes.map(\.elementCount)
    let total = sizes.reduce(0, +)
    // The factor of all densities below the ceiling, by halving.
    let highest = Double(max(ceiling, density))
    func share(_ shape: Shape, _ factor: Double) -> Double {
      let extents = shape.dimensions.map { Double($0) }
      return min(highest, factor * extents.reduce(0, +) / extents.reduce(1, *)) * Double(shape.elementCount)
    }
    var (low, high) = (0.0, 1e6)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      let sum = shapes.reduce(0.0) { $0 + share($1, middle) }
      if sum < Double(density) * Double(total) { low = middle } else { high = middle }
    }
    for (shape, count) in zip(shapes, counts) {
      let expected = share(shape, high)
      #expect(abs(Double(count) - expected) < 1.001 || (count == 1 && expected < 1))
      #expect((1...shape.elementCount).contains(count))
    }
    let target = Int((Double(density) * Double(total)).rounded())
    let raised = zip(shapes, counts).count { $1 == 1 && share($0, high) < 1 }
    #expect((target...target + raised).contains(counts.reduce(0, +)))
  }

  @Test("Nothing is kept at 0, everything at 1, and the example is right")
  func ends() {
    let shapes: [Shape] = [[16, 16, 3, 3], [64, 64, 3, 3]]
    #expect(ErdosRenyiKernel().keptCounts(shapes, density: 0) == [0, 0])
    #expect(ErdosRenyiKernel(ceiling: 0.3).keptCounts(shapes, density: 1) == shapes.map(\.elementCount))
    #expect(ErdosRenyiKernel(ceiling: 1).keptCounts(shapes, density: 0.1) == [865, 3052])
    #expect(ErdosRenyiKernel().keptCounts([], density: 0.5) == [])
  }

  @Test("A density that falls never gives a layer more", arguments: UInt64(0)..<8)
  func falls(seed: UInt64) {
    let shapes = Self.shapes(seed)
    var before = shapes.map(\.elementCount)
    for step in stride(from: 99, through: 1, by: -1) {
      let counts = ErdosRenyiKernel(ceiling: 0.7).keptCounts(shapes, density: Float(step) / 100)
      #expect(zip(counts, before).allSatisfy { $0 <= $1 + 1 })
      before = counts
    }
  }
}
