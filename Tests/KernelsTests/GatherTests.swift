import Kernels
import Testing

/// How the weights of a layer are drawn: which are zero, and what the others are.
struct WeightPattern: Sendable, CustomTestStringConvertible {
  var density: Double
  /// The levels other than 0; nil for any.
  var levels: (Int8, Int8)?
  /// Rounds of half the bytes.
  var isNarrow = false
  /// Every third output has no zeros, every fifth nothing else.
  var isUneven = false

  var testDescription: String {
    "density \(density), \(levels.map { "levels \($0)" } ?? "any weights")\(isNarrow ? ", narrow" : "")"
      + (isUneven ? ", uneven" : "")
  }

  static let all: [WeightPattern] = [
    WeightPattern(density: 0.1, levels: (1, -1)),
    WeightPattern(density: 0.1, levels: (7, -127), isNarrow: true),
    WeightPattern(density: 0.3, levels: nil, isUneven: true),
    WeightPattern(density: 1, levels: (127, -128), isNarrow: true),
    WeightPattern(density: 0.02, levels: (3, 5), isNarrow: true, isUneven: true),
    WeightPattern(density: 0, levels: nil),
  ]

  func weights(_ count: Int, outputs: Int, seed: UInt64) -> [Int8] {
    var generator = Generator(seed: seed)
    let length = max(count / max(outputs, 1), 1)
    return (0..<count).map { i in
      let output = i / length
      let density = isUneven && output % 3 == 0 ? 1 : isUneven && output % 5 == 1 ? 0 : self.density
      guard Double.random(in: 0..<1, using: &generator) < density else { return 0 }
      guard let levels else { return Int8.random(in: -128...127, using: &generator) }
      return Bool.random(using: &generator) ? levels.0 : levels.1
    }
  }
}

/// Sparse weights in guarded memory.
private struct GuardedWeights {
  let filters: GatheredFilters
  private let tables: Guarded<GatherTable>
  private let rounds: Guarded<UInt8>
  private let groupOffsets: Guarded<Int>
  private let data: Guarded<UInt8>
  private let order: Guarded<UInt8>
  let gathered: Guarded<GatheredWeights>

  init(_ filters: GatheredFilters) {
    self.filters = filters
    tables = Guarded(filters.tables, at: .end)
    rounds = Guarded(filters.rounds, at: .end)
    groupOffsets = Guarded(filters.groupOffsets, at: .end)
    data = Guarded(filters.data, at: .end)
    order = Guarded(filters.order, at: .end)
    var weights = GatheredWeights()
    weights.tables = UnsafePointer(tables.elements.baseAddress!)
    weights.rounds = UnsafePointer(rounds.elements.baseAddress!)
    weights.groupOffsets = UnsafePointer(groupOffsets.elements.baseAddress!)
    weights.data = UnsafePointer(data.elements.baseAddress!)
    weights.order = UnsafePointer(order.elements.baseAddress!)
    weights.tableCount = Int32(filters.tables.count)
    weights.isNarrow = filters.levels == nil ? 0 : 1
    weights.levels = filters.levels ?? (0, 0)
    gathered = Guarded([weights], at: .end)
  }
}

@Suite struct GatherTests {
  /// Sizes around 16 and 64 outputs, tiles of 8 and runs of 64 pixels, tables of 63 and 64 bytes.
  static let edges: [LayerShape] = {
    let three = (rows: 3, columns: 3)
    var shapes = LayerShape.edges.filter { $0.firstOutput == 0 && !$0.isExtreme && $0.outputs < 140 }
    for channels in [20, 24, 48, 60, 64, 65, 84, 128, 252, 256, 260] {
      shapes.append(LayerShape(rows: 2, columns: 3, channels: channels, outputs: 33, kernel: three))
      shapes.append(LayerShape(rows: 1, columns: 1, channels: channels, outputs: 80))
    }
    for pixels in [63, 64, 65, 72, 130] {
      shapes.append(LayerShape(rows: 1, columns: pixels, channels: 16, outputs: 17, kernel: (1, 3), shift: 30))
    }
    // 32 outputs that touch, and pixels of two rows in a tile.
    for pixels in [4, 7, 10, 64, 67] {
      shapes.append(LayerShape(rows: 3, columns: pixels, channels: 16, outputs: 32, kernel: three, skip: pixels % 4))
    }
    // Outputs in two, three and four blocks of 64.
    for outputs in [65, 128, 129, 192, 193, 255, 256, 257] {
      shapes.append(LayerShape(rows: 1, columns: 11, channels: 16, outputs: outputs, kernel: (1, 3), skip: outputs % 3))
    }
    // 64 outputs and windows of six tables, whole tiles and others.
    for pixels in [8, 12, 16, 64] {
      shapes.append(LayerShape(rows: 2, columns: pixels, channels: 32, outputs: 64, kernel: three))
    }
    shapes += [
      LayerShape(rows: 3, columns: 7, channels: 16, outputs: 300, kernel: three, skip: 2, firstOutput: 256),
      LayerShape(rows: 3, columns: 7, channels: 64, outputs: 530, firstOutput: 256, shift: 45),
      LayerShape(rows: 2, columns: 5, channels: 72, outputs: 64, isExtreme: true),
    ]
    return shapes
  }()

  private func layer(_ shape: LayerShape, _ pattern: WeightPattern, seed: UInt64) -> TestLayer<UInt8, Int8> {
    var generator = Generator(seed: seed)
    return TestLayer(
      shape, seed: seed,
      codes: { shape.isExtreme ? [UInt8](repeating: 255, count: $0) : generator.codes($0) },
      filters: { pattern.weights($0, outputs: shape.outputs, seed: seed &+ 99) })
  }

  private func packed(_ layer: TestLayer<UInt8, Int8>, _ pattern: WeightPattern) -> GatheredFilters {
    layer.filter.withUnsafeBytes { weights in
      var description = layer.description
      description.weights = weights.baseAddress
      return GatheredFilters(description, levels: pattern.isNarrow ? pattern.levels : nil)
    }
  }

  @Test(
    "Every kernel gives the integers of the definition from sparse weights, for every ending",
    arguments: edges, WeightPattern.all)
  func codes(shape: LayerShape, pattern: WeightPattern) {
    let seed = UInt64(shape.columns + shape.outputs)
    var generator = Generator(seed: seed)
    let layer = layer(shape, pattern, seed: seed)
    let weights = GuardedWeights(packed(layer, pattern))
    let endings = LayerEndings(layer, density: pattern.density, generator: &generator)
    layer.convolution.weights = UnsafeRawPointer(weights.gathered.base)
    var places = [Int](repeating: 0, count: shape.outputs)
    for (place, output) in weights.filters.places.enumerated() { places[output] = place }
    let operations = LayerEndings.Operations(
      codes: .gatherCodes, codesAddingResidual: .gatherCodesAddingResidual, values: .gatherCodesToValues)
    endings.check(layer, operations, places: places, seed: seed)
  }

  static let joinable: [LayerShape] = [
    LayerShape(rows: 3, columns: 8, channels: 16, outputs: 16, kernel: (3, 3)),
    LayerShape(rows: 2, columns: 36, channels: 16, outputs: 16, kernel: (1, 3), shift: 30),
    LayerShape(rows: 2, columns: 64, channels: 16, outputs: 16, kernel: (3, 3), shift: 30),
    LayerShape(rows: 2, columns: 64, channels: 16, outputs: 16, kernel: (3, 3)),
    LayerShape(rows: 3, columns: 12, channels: 20, outputs: 12, kernel: (3, 3), stride: (2, 2)),
    LayerShape(rows: 2, columns: 4, channels: 32, outputs: 32, kernel: (3, 5), stride: (1, 3)),
    LayerShape(rows: 5, columns: 8, channels: 4, outputs: 3),
  ]

  @Test("Pixels of a row that are computed as one get the codes that they get apart", arguments: joinable, [1, 2, 4])
  func joined(shape: LayerShape, columns: Int) {
    var generator = Generator(seed: 4)
    // A seed by which pixels of the result touch.
    let layer = layer(shape, WeightPattern(density: 0.2, levels: (1, -1), isUneven: true), seed: 6)
    let filters = layer.filter.withUnsafeBytes { weights in
      var description = layer.description
      description.weights = weights.baseAddress
      return GatheredFilters(description, columns: columns, stride: shape.stride.columns)
    }
    let weights = GuardedWeights(filters)
    #expect(filters.nonzeroCount == columns * layer.filter.count { $0 != 0 })
    let length = shape.channels * shape.kernel.rows * shape.kernel.columns
    let rules = ChannelRules(
      channels: shape.outputs, terms: 30, shift: shape.shift, sumBound: length * 255, generator: &generator)
    let addition = AdditionRule(shift: shape.shift, generator: &generator)
    var codes = [UInt8](repeating: 77, count: layer.outputCount)
    var added = codes
    layer.forEachOutput { place, output, products in
      var sum = 0
      products { sum += Int($0) * Int($1) }
      codes[place] = rules.code(sum, output)
      added[place] = addition.code(codes[place], layer.residual.elements[place])
    }

    var places = filters.places.map { $0 % shape.outputs }
    while places.count % 16 != 0 { places.append(0) }
    let multipliers = Guarded(places.map { rules.multipliers.elements[$0] }, at: .end)
    let offsets = Guarded(places.map { rules.offsets.elements[$0] }, at: .end)
    layer.convolution.requantization = rules.requantization
    layer.convolution.requantization.multipliers = UnsafePointer(multipliers.elements.baseAddress!)
    layer.convolution.requantization.offsets = UnsafePointer(offsets.elements.baseAddress!)
    let reals = rules.reals.map { reals in
      (
        Guarded(places.map { reals.multipliers.elements[$0] }, at: .end),
        Guarded(places.map { reals.offsets.elements[$0] }, at: .end)
      )
    }
    if let (multipliers, offsets) = reals {
      layer.convolution.requantization.realMultipliers = UnsafePointer(multipliers.elements.baseAddress!)
      layer.convolution.requantization.realOffsets = UnsafePointer(offsets.elements.baseAddress!)
    }
    layer.convolution.residual.rule = addition.sumRule
    layer.convolution.weights = UnsafeRawPointer(weights.gathered.base)
    layer.convolution.window.columns /= Int32(columns)
    layer.convolution.window.pixelEnd /= Int32(columns)
    layer.convolution.window.channelEnd *= Int32(columns)
    layer.convolution.window.segmentLength += Int32((columns - 1) * layer.convolution.window.inputColumnStride)
    layer.convolution.window.inputColumnStride *= columns
    layer.convolution.residual.columnStride *= columns
    layer.joinedColumns = columns
    for kernel in kernels(for: .gatherCodes) {
      #expect(layer.output(of: kernel, blank: 77, side: 5) == codes, "\(kernel.name)")
    }
    for kernel in kernels(for: .gatherCodesAddingResidual) {
      #expect(layer.output(of: kernel, blank: 77, side: 5) == added, "\(kernel.name)")
    }
  }

  @Test("Packing keeps every weight once, and every output in its span", arguments: edges)
  func packing(shape: LayerShape) {
    let pattern = WeightPattern(density: 0.2, levels: (1, -1))
    let layer = layer(shape, pattern, seed: 3)
    for isNarrow in [false, true] {
      let filters = packed(layer, WeightPattern(density: 0.2, levels: (1, -1), isNarrow: isNarrow))
      #expect(filters.nonzeroCount == layer.filter.count { $0 != 0 })
      #expect(filters.places.sorted() == Array(0..<shape.outputs))
      #expect(
        filters.places.enumerated().allSatisfy { $0.offset / GatheredFilters.span == $0.element / GatheredFilters.span }
      )
      #expect((0...1).contains(filters.fill))
      #expect(filters.rounds.reduce(0) { $0 + Int($1) } == filters.roundCount)
    }
  }
}
