import Kernels
import Testing

@Suite struct AddedTests {
  /// Sizes around blocks of 16 channels and outputs, vectors of 16, 32 and 64 codes, one to a few runs of vectors, tiles of
  /// rows, strides, 128 places of a level.
  static let edges: [LayerShape] = {
    let three = (rows: 3, columns: 3)
    var shapes = LayerShape.edges.filter { $0.dilation == 1 && !$0.isExtreme && $0.outputs < 100 && $0.channels < 300 }
    for size in [8, 13, 15, 16, 17, 29, 32, 33, 40] {
      shapes.append(LayerShape(rows: size, columns: size, channels: 16, outputs: 18, kernel: three, skip: size % 5))
    }
    for (rows, columns) in [(1, 64), (1, 65), (2, 31), (3, 62), (2, 500), (70, 16)] {
      shapes.append(LayerShape(rows: rows, columns: columns, channels: 4, outputs: 5, kernel: three))
    }
    for stride in [(1, 2), (2, 1), (2, 2), (3, 3)] {
      for kernel in [three, (1, 1), (2, 5)] {
        shapes.append(
          LayerShape(rows: 9, columns: 21, channels: 17, outputs: 16, kernel: kernel, stride: stride, shift: 30))
      }
    }
    shapes += [
      LayerShape(rows: 20, columns: 20, channels: 64, outputs: 40, kernel: three, skip: 27, firstOutput: 16),
      LayerShape(rows: 6, columns: 6, channels: 200, outputs: 16, shift: 20),
      LayerShape(rows: 3, columns: 5, channels: 256, outputs: 17),
      LayerShape(rows: 6, columns: 9, channels: 24, outputs: 20, kernel: three, stride: (2, 2), mapChannels: 48),
      LayerShape(rows: 5, columns: 27, channels: 256, outputs: 16, kernel: three, skip: 2),
      LayerShape(rows: 12, columns: 12, channels: 48, outputs: 33, kernel: (5, 5), shift: 62),
    ]
    return shapes
  }()

  private func packed(_ layer: TestLayer<UInt8, Int8>) -> AddedFilters? {
    layer.filter.withUnsafeBytes { weights in
      var description = layer.description
      description.weights = weights.baseAddress
      let shape = layer.shape
      return AddedFilters(description, strides: shape.stride, rows: shape.rows, columns: shape.columns)
    }
  }

  @Test(
    "Every kernel gives the integers of the definition from places of two levels, for every ending",
    arguments: edges,
    [
      WeightPattern(density: 0.1, levels: (57, -43)), WeightPattern(density: 0.04, levels: (127, -128)),
      WeightPattern(density: 0.02, levels: (1, 2), isUneven: true), WeightPattern(density: 0, levels: (1, -1)),
      WeightPattern(density: 1, levels: (3, -128)),
    ])
  func codes(shape: LayerShape, pattern: WeightPattern) throws {
    let seed = UInt64(shape.columns + shape.outputs)
    var generator = Generator(seed: seed)
    let layer = TestLayer<UInt8, Int8>(
      shape, seed: seed, codes: { generator.codes($0) },
      filters: { pattern.weights($0, outputs: shape.outputs, seed: seed &+ 99) })
    let filters = try #require(packed(layer))
    let places = Guarded(filters.places + [0], at: .end)
    let ends = Guarded(filters.ends, at: .end)
    let added = AddedWeights(
      filters, places: UnsafePointer(places.elements.baseAddress!), ends: UnsafePointer(ends.elements.baseAddress!))
    let weights = Guarded([added], at: .end)
    let endings = LayerEndings(layer, density: pattern.density, generator: &generator)
    layer.convolution.weights = UnsafeRawPointer(weights.base)
    endings.check(layer, .init(codes: .addUpCodes, codesAddingResidual: .addUpCodesAddingResidual), seed: seed)
  }

  private func filters(
    _ weights: [Int8], channels: Int, columns: Int = 4, strides: (Int, Int) = (1, 1)
  ) -> AddedFilters? {
    var description = Filters(outputs: weights.count / channels, channels: channels)
    return weights.withUnsafeBytes {
      description.weights = $0.baseAddress
      return AddedFilters(description, strides: strides, rows: 3, columns: columns)
    }
  }

  @Test("Weights of at most two levels become places, others do not")
  func levels() throws {
    let two = try #require(filters([5, 0, -3, 5, 0, 0, -3, 0], channels: 4))
    #expect(two.shape.levels == (5, -3))
    let plane = two.shape.planeByteCount
    #expect(two.places.map { Int32($0) } == [0, 3 * plane, 2 * plane, 2 * plane])
    #expect(two.ends == [2, 3, 3, 4])
    #expect(filters([5, 0, -3, 1], channels: 4) == nil)
    #expect(filters([0, 0, 0, 0], channels: 4)?.places.isEmpty == true)
  }

  @Test("What the planes cannot hold is refused")
  func limits() {
    #expect(filters([Int8](repeating: 0, count: 600), channels: 600) != nil)
    #expect(filters([Int8](repeating: 0, count: 900), channels: 900) == nil)
    #expect(filters([1, 0], channels: 2, columns: 576) != nil)
    #expect(filters([1, 0], channels: 2, columns: 577) == nil)
    #expect(filters([1, 0], channels: 2, columns: .max) == nil)
    #expect(filters([1, 0], channels: 2, strides: (9, 1)) == nil)
  }
}
