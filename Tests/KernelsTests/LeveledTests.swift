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
    let terms = shape.channels * shape.kernel.rows * shape.kernel.columns
    let rules = ChannelRules(
      channels: shape.outputs, terms: terms, shift: shape.shift, sumBound: terms * 255 * 128, generator: &generator)
    let scales = Guarded((0..<rules.ks.count).map { _ in generator.real(0...0.01) }, at: .end)
    let biases = Guarded((0..<rules.ks.count).map { _ in generator.real(-9...9) }, at: .end)
    layer.convolution.weights = UnsafeRawPointer(weights.base)
    layer.convolution.requantization = rules.requantization
    layer.convolution.scales = UnsafePointer(scales.elements.baseAddress!)
    layer.convolution.biases = UnsafePointer(biases.elements.baseAddress!)

    var codes = [UInt8](repeating: 77, count: layer.outputCount)
    var values = [Float](repeating: -77, count: layer.outputCount)
    layer.forEachOutput { place, output, products in
      var sum = 0
      products { sum += Int($0) * Int($1) }
      codes[place] = rules.code(sum, output)
      let product = Float(sum) * scales.elements[output]
      values[place] = product + biases.elements[output]
    }
    for kernel in kernels(for: .unpackCodes) {
      #expect(layer.output(of: kernel, blank: 77, side: seed) == codes, "\(kernel.name)")
    }
    for kernel in kernels(for: .unpackCodesToValues) {
      #expect(layer.output(of: kernel, blank: -77, side: seed) == values, "\(kernel.name)")
    }
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
