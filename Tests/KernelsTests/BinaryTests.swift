import Kernels
import Testing

@Suite struct BinaryTests {
  /// Sizes around blocks of 16 outputs, tiles of 2 and 4 pixels, words of 64 codes.
  static let edges = LayerShape.edges.filter { $0.outputs < 140 && !$0.isExtreme }

  @Test(
    "Every kernel gives the integers of the definition from weights of two levels, for every ending",
    arguments: edges, [UInt8(0b10), 0b11, 0b1111_1111])
  func codes(shape: LayerShape, codeBits: UInt8) throws {
    let seed = UInt64(shape.columns + shape.outputs) + UInt64(codeBits)
    var generator = Generator(seed: seed)
    let levels: (Int8, Int8) = codeBits == 0b11 ? (-128, 127) : codeBits == 0b10 ? (-1, 1) : (3, 5)
    let layer = TestLayer<UInt8, Int8>(
      shape, seed: seed, codes: { generator.codes($0).map { $0 & codeBits } },
      filters: { count in
        var other = Generator(seed: seed &+ 99)
        return (0..<count).map { _ in other.next() % 2 == 0 ? levels.0 : levels.1 }
      })
    let filters = try layer.filter.withUnsafeBytes { weights in
      var description = layer.description
      description.weights = weights.baseAddress
      return try #require(BinaryFilters(description, codeBits: codeBits))
    }
    let data = Guarded(filters.data, at: .init(seed))
    let mask = Guarded(filters.mask, at: .init(seed))
    let bits = BinaryWeights(
      filters, data: UnsafePointer(data.elements.baseAddress!), mask: UnsafePointer(mask.elements.baseAddress!))
    let weights = Guarded([bits], at: .end)
    let endings = LayerEndings(layer, generator: &generator)
    layer.convolution.weights = UnsafeRawPointer(weights.base)
    endings.check(layer, .init(codes: .countCodes, values: .countCodesToValues), seed: seed)
  }

  private func filters(_ weights: [Int8], _ body: (Filters) -> Void) {
    var description = Filters(outputs: 1, channels: weights.count)
    weights.withUnsafeBytes {
      description.weights = $0.baseAddress
      body(description)
    }
  }

  @Test("Weights of one or two levels become bits, others do not")
  func levels() {
    filters([1, -1, -1, 1]) { #expect(BinaryFilters($0, codeBits: 3)?.data.first == 0b1001) }
    filters([-7, -7, -7, 0]) { #expect(BinaryFilters($0, codeBits: 3)?.data.first == 0b1000) }
    filters([5, 5, 5, 5]) {
      let levels = BinaryFilters($0, codeBits: 3)?.levels
      #expect(levels?.low == 5 && levels?.high == 5)
    }
    filters([1, -1, 0, 1]) { #expect(BinaryFilters($0, codeBits: 3) == nil) }
  }

  @Test("A window of more words than kernels hold is refused, and one of as many is not")
  func longWindows() {
    filters([Int8](repeating: 1, count: 64 * 2048)) {
      #expect(BinaryFilters($0, codeBits: 3)?.wordCount == 2048)
      #expect(BinaryFilters($0, codeBits: 7) == nil)
    }
  }
}
