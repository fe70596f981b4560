import Kernels
import Testing

@Suite struct LeveledTests {
  /// Sizes around blocks of 16 and 64 outputs, tiles of 2 and 4 pixels, groups of 2 and 4 steps.
  static let edges = LayerShape.edges.filter { $0.outputs < 140 && !$0.isExtreme }

  /// Levels that occur, 0 among them: the extremes, and more than 4 where 4 bits are asked for.
  static func levels(bitWidth: Int) -> [Int8] {
    bitWidth == 2 ? [-128, 0, 1, 127] : [-128, -100, -77, -50, -13, -5, -1, 0, 1, 4, 9, 33, 60, 90, 111, 127]
  }

  @Test(
    "Every kernel gives the integers of the definition from weights of few levels, for every ending",
    arguments: edges, [2, 4])
  func codes(shape: LayerShape, bitWidth: Int) throws {
    let seed = UInt64(shape.columns + shape.outputs + bitWidth)
    var generator = Generator(seed: seed)
    let levels = Self.levels(bitWidth: bitWidth)
    let layer = TestLayer<UInt8, Int8>(
      shape, seed: seed, codes: { generator.codes($0) },
      filters: { count in
        var other = Generator(seed: seed &+ 99)
        return (0..<count).map { _ in levels.randomElement(using: &other) ?? 0 }
      })
    let filters = try layer.filter.withUnsafeBytes { weights in
      var description = layer.description
      description.weights = weights.baseAddress
      return try #require(LeveledFilters(description, bitWidth: bitWidth))
    }
    let data = Guarded(filters.data, at: .init(seed))
    let weights = Guarded([LeveledWeights(filters, data: UnsafePointer(data.elements.baseAddress!))], at: .end)
    let endings = LayerEndings(layer, generator: &generator)
    layer.convolution.weights = UnsafeRawPointer(weights.base)
    endings.check(layer, .init(codes: .unpackCodes, values: .unpackCodesToValues), seed: seed)
  }

  private func filters(_ weights: [Int8], _ body: (Filters) -> Void) {
    var description = Filters(outputs: 2, channels: weights.count / 2)
    weights.withUnsafeBytes {
      description.weights = $0.baseAddress
      body(description)
    }
  }

  @Test("A weight takes 2 bits when there are 4 levels with 0, 4 bits up to 16, and is not packed beyond")
  func widths() {
    filters([1, -1, 0, 1, -1, 1, 1, -1]) { #expect(LeveledFilters($0)?.bitWidth == 2) }
    filters([1, -1, 5, 1, -1, 1, 1, -1]) { #expect(LeveledFilters($0)?.bitWidth == 2) }
    filters([1, -1, 5, 9, -1, 1, 1, -1]) { #expect(LeveledFilters($0)?.bitWidth == 4) }
    filters([1, -1, 5, 9, -1, 1, 1, -1]) { #expect(LeveledFilters($0, bitWidth: 2) == nil) }
    filters((1...16).map { Int8($0) }) { #expect(LeveledFilters($0) == nil) }
    filters((0..<16).map { Int8($0) }) { #expect(LeveledFilters($0)?.levels == (0..<16).map { Int8($0) }) }
  }
}
