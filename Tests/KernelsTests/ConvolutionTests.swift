import Kernels
import Testing

/// A layer to convolve: sizes of the output, of the filters, and of what lies around.
struct LayerShape: Sendable, CustomTestStringConvertible {
  var rows = 1
  var columns = 1
  var channels = 1
  var outputs = 1
  var kernel = (rows: 1, columns: 1)
  var stride = (rows: 1, columns: 1)
  var dilation = 1
  /// Channels of the input map, when the filters see a group of them.
  var mapChannels: Int?
  /// Pixels that are left out at both ends.
  var skip = 0
  /// The first output channel that is computed.
  var firstOutput = 0
  var shift = 36
  /// All codes 255 and all weights -128: the sums of greatest magnitude.
  var isExtreme = false

  var testDescription: String {
    "\(rows)x\(columns) pixels, \(channels) to \(outputs) channels, filter \(kernel.rows)x\(kernel.columns)"
      + ", stride \(stride.rows)x\(stride.columns), dilation \(dilation), map of \(mapChannels ?? channels)"
      + ", skip \(skip), first output \(firstOutput), shift \(shift)\(isExtreme ? ", extreme" : "")"
  }

  var inputRows: Int { (rows - 1) * stride.rows + (kernel.rows - 1) * dilation + 1 }
  var inputColumns: Int { (columns - 1) * stride.columns + (kernel.columns - 1) * dilation + 1 }
  var columnsApart: Bool { dilation > 1 || mapChannels != nil }
  /// The group's first channel in the map.
  var firstChannel: Int { mapChannels.map { $0 - channels } ?? 0 }
  var pixels: Range<Int> { skip..<rows * columns - skip }

  /// Pixels around the tiles of 4, 6 and 12, outputs around blocks of 16, 32, 64 and 128.
  static let edges: [LayerShape] = {
    var shapes: [LayerShape] = []
    for (i, pixels) in [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 23, 24, 25, 37].enumerated() {
      let outputs = [16, 17, 32, 33, 48][i % 5]
      shapes.append(LayerShape(rows: 1, columns: pixels, channels: 4, outputs: outputs))
      shapes.append(LayerShape(rows: pixels, columns: 1, channels: 8, outputs: 16, shift: 20))
    }
    for outputs in [
      1, 2, 8, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 100, 127, 128, 129, 144, 272,
    ] {
      shapes.append(LayerShape(rows: 1, columns: 1, channels: 20, outputs: outputs))
      shapes.append(LayerShape(rows: 1, columns: 3, channels: 8, outputs: outputs, shift: 33))
    }
    let three = (rows: 3, columns: 3)
    for channels in [1, 2, 3, 4, 5, 7, 8, 12, 16, 17] {
      shapes.append(LayerShape(rows: 5, columns: 5, channels: channels, outputs: 19, kernel: three))
      shapes.append(
        LayerShape(
          rows: 3, columns: 4, channels: channels, outputs: 16, kernel: (5, 5), stride: (2, 2),
          shift: 40))
    }
    shapes += [
      LayerShape(rows: 7, columns: 7, channels: 16, outputs: 32, kernel: three),
      LayerShape(
        rows: 4, columns: 4, channels: 36, outputs: 40, kernel: three, skip: 3, firstOutput: 16),
      LayerShape(rows: 2, columns: 15, channels: 16, outputs: 16, kernel: three),
      LayerShape(rows: 2, columns: 16, channels: 16, outputs: 7, kernel: three, shift: 30),
      LayerShape(rows: 2, columns: 20, channels: 16, outputs: 16, kernel: three, shift: 30),
      LayerShape(rows: 2, columns: 16, channels: 16, outputs: 16, kernel: three, shift: 31),
      LayerShape(rows: 2, columns: 29, channels: 16, outputs: 48, kernel: (2, 3), skip: 5),
      LayerShape(rows: 2, columns: 34, channels: 16, outputs: 16, kernel: three),
      LayerShape(rows: 2, columns: 16, channels: 16, outputs: 16, kernel: (1, 3), skip: 1, shift: 40),
      LayerShape(rows: 3, columns: 17, channels: 8, outputs: 48, kernel: three),
      LayerShape(rows: 2, columns: 9, channels: 8, outputs: 112, kernel: three, shift: 20),
      LayerShape(rows: 3, columns: 12, channels: 8, outputs: 32, kernel: three),
      LayerShape(rows: 1, columns: 1, channels: 1028, outputs: 50),
      LayerShape(rows: 1, columns: 1, channels: 344, outputs: 20, kernel: (3, 1), shift: 20),
      LayerShape(rows: 1, columns: 33, channels: 15, outputs: 16, kernel: (1, 3)),
      LayerShape(rows: 8, columns: 3, channels: 1, outputs: 64, kernel: (10, 4), stride: (2, 2)),
      LayerShape(rows: 3, columns: 3, channels: 3, outputs: 16, kernel: (12, 12), stride: (4, 4)),
      LayerShape(rows: 4, columns: 5, channels: 6, outputs: 16, kernel: three, dilation: 2),
      LayerShape(rows: 4, columns: 5, channels: 8, outputs: 24, kernel: (5, 5), mapChannels: 16),
      LayerShape(rows: 3, columns: 3, channels: 4, outputs: 4, kernel: three, mapChannels: 12),
      LayerShape(rows: 1, columns: 2, channels: 600, outputs: 33),
      LayerShape(rows: 2, columns: 7, channels: 100, outputs: 20, isExtreme: true),
      LayerShape(rows: 1, columns: 1, channels: 700, outputs: 130, shift: 62, isExtreme: true),
      LayerShape(rows: 2, columns: 7, channels: 9, outputs: 20, shift: 1),
      LayerShape(rows: 2, columns: 7, channels: 9, outputs: 20, shift: 31),
      LayerShape(rows: 2, columns: 7, channels: 9, outputs: 20, shift: 32),
      LayerShape(rows: 2, columns: 7, channels: 9, outputs: 20, shift: 45),
      LayerShape(rows: 2, columns: 7, channels: 9, outputs: 40, shift: 50),
    ]
    return shapes
  }()
}

/// A layer with its numbers, laid out in guarded memory for one kind of element, and its sums from the definition.
final class TestLayer<Code: BitwiseCopyable & Numeric, Weight: BitwiseCopyable & Numeric> {
  let shape: LayerShape
  let input: Guarded<Code>
  let weights: Guarded<UInt8>
  let offsets: Guarded<Int>
  let outputStride: Int
  let residual: Guarded<Code>
  /// The weights before packing, and where they lie.
  let filter: [Weight]
  let description: Filters
  var convolution = Convolution()
  /// Pixels of a row that a call takes for one.
  var joinedColumns = 1
  /// Code and weight of each product of an output.
  private let products: (_ pixel: Int, _ output: Int, (Code, Weight) -> Void) -> Void

  init(_ shape: LayerShape, seed: UInt64, codes: (Int) -> [Code], filters: (Int) -> [Weight]) {
    self.shape = shape
    let elementByteCount = MemoryLayout<Code>.stride
    let isReal = elementByteCount == 4
    let mapChannels = shape.mapChannels ?? shape.channels
    let stride = MapLayout.channelStride(channels: mapChannels, elementByteCount: elementByteCount)
    let map = codes(shape.inputRows * shape.inputColumns * stride)
    // A last segment that is rounded up to 4 reads on where a map has no spare channels.
    input = Guarded(
      map, at: .init(seed), tail: isReal || stride % 4 == 0 ? 0 : MapLayout.tailByteCount)

    filter = filters(shape.outputs * shape.channels * shape.kernel.rows * shape.kernel.columns)
    let channelsFirst = seed % 3 == 0
    var description = Filters()
    let area = shape.kernel.rows * shape.kernel.columns
    description.outputs = Int32(shape.outputs)
    description.rows = Int32(shape.kernel.rows)
    description.columns = Int32(shape.kernel.columns)
    description.channels = Int32(shape.channels)
    description.outputStride = area * shape.channels
    description.channelStride = channelsFirst ? area : 1
    description.columnStride = channelsFirst ? 1 : shape.channels
    description.rowStride = description.columnStride * shape.kernel.columns
    description.mapChannelStride = Int32(stride)
    description.columnsApart = shape.columnsApart ? 1 : 0
    let packedByteCount =
      isReal ? description.packedByteCountOfValues : description.packedByteCountOfCodes
    weights = Guarded([UInt8](repeating: 0xaa, count: packedByteCount), at: .init(seed / 2))
    let packed = weights.base
    filter.withUnsafeBytes {
      description.weights = $0.baseAddress
      // In two parts, where there are two.
      let half = Int32(shape.outputs / 2 / 16 * 16)
      for part in [0..<half, half..<description.outputs] {
        if isReal {
          description.packValues(outputs: part, into: packed)
        } else {
          description.packCodes(outputs: part, into: packed)
        }
      }
    }

    description.weights = nil
    self.description = description

    let pixel = stride * elementByteCount
    let row = pixel * shape.inputColumns
    var segments: [Int] = []
    for y in 0..<shape.kernel.rows {
      for x in 0..<(shape.columnsApart ? shape.kernel.columns : 1) {
        segments.append(y * shape.dilation * row + x * shape.dilation * pixel)
      }
    }
    offsets = Guarded(segments, at: .end)
    outputStride = shape.outputs + Int(seed % 3)
    residual = Guarded(codes(shape.rows * (shape.columns + 1) * outputStride), at: .init(seed))

    convolution.weights = UnsafeRawPointer(weights.base)
    convolution.window.input = UnsafeRawPointer(input.base) + shape.firstChannel * elementByteCount
    convolution.window.segmentOffsets = UnsafePointer(offsets.elements.baseAddress!)
    convolution.window.segmentCount = Int32(segments.count)
    convolution.window.segmentLength =
      isReal ? description.segmentLengthOfValues : description.segmentLengthOfCodes
    convolution.window.inputRowStride = shape.stride.rows * row
    convolution.window.inputColumnStride = shape.stride.columns * pixel
    convolution.window.columns = Int32(shape.columns)
    convolution.window.pixelBegin = Int32(shape.pixels.lowerBound)
    convolution.window.pixelEnd = Int32(shape.pixels.upperBound)
    convolution.window.channelBegin = Int32(shape.firstOutput)
    convolution.window.channelEnd = Int32(shape.outputs)
    convolution.residual.input = UnsafeRawPointer(residual.base)
    convolution.residual.columnStride = outputStride * elementByteCount
    convolution.residual.rowStride = (shape.columns + 1) * outputStride * elementByteCount

    products = { [filter] pixel, output, body in
      let (y, x) = (pixel / shape.columns, pixel % shape.columns)
      for ky in 0..<shape.kernel.rows {
        for kx in 0..<shape.kernel.columns {
          let inputRow = y * shape.stride.rows + ky * shape.dilation
          let inputColumn = x * shape.stride.columns + kx * shape.dilation
          for c in 0..<shape.channels {
            let at = (inputRow * shape.inputColumns + inputColumn) * stride + shape.firstChannel + c
            let spot = ky * shape.kernel.columns + kx
            let weight =
              output * area * shape.channels
              + (channelsFirst ? c * area + spot : spot * shape.channels + c)
            body(map[at], filter[weight])
          }
        }
      }
    }
  }

  /// Calls `body` for every output that is to be computed, with its place in the output and its products.
  func forEachOutput(
    _ body: (_ place: Int, _ output: Int, _ products: ((Code, Weight) -> Void) -> Void) -> Void
  ) {
    for pixel in shape.pixels {
      for output in shape.firstOutput..<shape.outputs {
        body(place(pixel, output), output) { self.products(pixel, output, $0) }
      }
    }
  }

  /// Rows of the output are one pixel apart.
  func place(_ pixel: Int, _ output: Int) -> Int {
    (pixel / shape.columns * (shape.columns + 1) + pixel % shape.columns) * outputStride + output
  }

  /// What a kernel leaves in an output that was full of `blank`.
  func output<Result: BitwiseCopyable>(of kernel: Kernel, blank: Result, side: UInt64) -> [Result] {
    // Nothing lies past the last pixel's channels.
    let count = place(shape.rows * shape.columns - 1, shape.outputs - 1) + 1
    let result = Guarded([Result](repeating: blank, count: count), at: .init(side))
    convolution.window.output = result.base
    convolution.window.outputColumnStride = joinedColumns * outputStride * MemoryLayout<Result>.stride
    convolution.window.outputRowStride =
      (shape.columns + 1) * outputStride * MemoryLayout<Result>.stride
    kernel.run(unchecked: &convolution)
    return result.array
  }

  var outputCount: Int { place(shape.rows * shape.columns - 1, shape.outputs - 1) + 1 }
}

/// Parameters by channel, readable up to a multiple of 16; every other time in numbers that are brief.
struct ChannelRules {
  let multipliers: Guarded<Int32>
  let offsets: Guarded<Int64>
  let ks: [Int64]
  let rule: (shift: Int, low: UInt8, high: UInt8)
  /// The same numbers as reals, where these hold them and every sum.
  let reals: (multipliers: Guarded<Float>, offsets: Guarded<Float>)?

  /// - Parameter sumBound: of the magnitudes of sums.
  init(channels: Int, terms: Int, shift: Int, sumBound: Int, generator: inout Generator) {
    let padded = (channels + 15) / 16 * 16
    // Sums are about 10 000 times the root of their terms; codes spread over a bit more than the range.
    let step = 300 * Double(1 << shift) / (10_000 * Double(terms).squareRoot())
    let most = min(max(step, 1), Double(Int32.max) / 2)
    let isBrief = Bool.random(using: &generator)
    let dropped = isBrief ? Int32(max(Int(most).bitWidth - Int(most).leadingZeroBitCount - 15, 0)) : 0
    let multipliers = (0..<padded).map { _ -> Int32 in
      let magnitude = Int32(Double.random(in: 0.3...1, using: &generator) * most) >> dropped
      return (magnitude << dropped) * (Bool.random(using: &generator) ? 1 : -1)
    }
    let part = isBrief && shift > 6 ? Int64(1) << Int64(shift - 6) : 1
    ks = (0..<padded).map { _ in
      Int64(Double.random(in: 0...255, using: &generator) * Double(1 << min(shift, 52))) / part * part
    }
    let offsets = ks.map { $0 + 1 << (shift - 1) }
    self.multipliers = Guarded(multipliers, at: .end)
    self.offsets = Guarded(offsets, at: .end)
    rule = Bool.random(using: &generator) ? (shift, 0, 255) : (shift, 7, 200)
    let unit = Float(sign: .plus, exponent: -shift, significand: 1)
    let realMultipliers = multipliers.compactMap { Float(exactly: $0).map { $0 * unit } }
    let realOffsets = offsets.compactMap { Float(exactly: $0).map { $0 * unit } }
    let isExact = realMultipliers.count == padded && realOffsets.count == padded && sumBound <= 1 << 24
    reals = isExact ? (Guarded(realMultipliers, at: .end), Guarded(realOffsets, at: .end)) : nil
  }

  var requantization: Requantization {
    var result = Requantization()
    result.multipliers = UnsafePointer(multipliers.elements.baseAddress!)
    result.offsets = UnsafePointer(offsets.elements.baseAddress!)
    (result.shift, result.lowest, result.highest) = (Int32(rule.shift), rule.low, rule.high)
    if let reals {
      result.realMultipliers = UnsafePointer(reals.multipliers.elements.baseAddress!)
      result.realOffsets = UnsafePointer(reals.offsets.elements.baseAddress!)
    }
    return result
  }

  func code(_ sum: Int, _ channel: Int) -> UInt8 {
    requantized(sum, multipliers.elements[channel], ks[channel], rule)
  }
}

/// A rule for the sum of two codes with its definition.
struct AdditionRule {
  let a: Int32
  let b: Int32
  let k: Int64
  let rule: (shift: Int, low: UInt8, high: UInt8)

  init(shift: Int, generator: inout Generator) {
    let one = Double(1 << min(shift, 30))
    // Every other time, numbers of 16 bits with zeros behind them.
    let unit = Bool.random(using: &generator) ? 1 << max(min(shift, 30) - 15, 0) : 1
    a = Int32(Double.random(in: -0.9...0.9, using: &generator) * one) / Int32(unit) * Int32(unit)
    b = Int32(Double.random(in: 0.2...0.9, using: &generator) * one) / Int32(unit) * Int32(unit)
    k = Int64(Double.random(in: -50...50, using: &generator) * Double(1 << shift)) / Int64(unit) * Int64(unit)
    rule = (
      shift, UInt8.random(in: 0...9, using: &generator),
      UInt8.random(in: 200...255, using: &generator)
    )
  }

  var sumRule: SumRule {
    SumRule(
      offset: k + 1 << (rule.shift - 1), multiplierA: a, multiplierB: b, shift: Int32(rule.shift),
      lowest: rule.low,
      highest: rule.high)
  }

  func code(_ x: UInt8, _ y: UInt8) -> UInt8 {
    requantized(Int(x), a, Int64(Int(y) * Int(b)) + k, rule)
  }
}

@Suite struct ConvolutionTests {
  private func codeLayer(_ shape: LayerShape, _ generator: inout Generator, seed: UInt64)
    -> TestLayer<UInt8, Int8>
  {
    var other = Generator(seed: generator.next())
    return TestLayer(
      shape, seed: seed,
      codes: { count in shape.isExtreme ? [UInt8](repeating: 255, count: count) : other.codes(count)
      },
      filters: { count in
        var another = Generator(seed: seed &+ 99)
        return shape.isExtreme ? [Int8](repeating: -128, count: count) : another.weights(count)
      })
  }

  @Test(
    "Every kernel gives the integers of the definition, for every ending",
    arguments: LayerShape.edges, [1, 2] as [UInt64])
  func codes(shape: LayerShape, seed: UInt64) {
    var generator = Generator(seed: seed)
    let layer = codeLayer(shape, &generator, seed: seed)
    let endings = LayerEndings(layer, generator: &generator)
    let operations = LayerEndings.Operations(
      codes: .convolveCodes, codesAddingResidual: .convolveCodesAddingResidual, sums: .convolveCodesToSums,
      values: .convolveCodesToValues)
    endings.check(layer, operations, seed: seed)
  }

  @Test(
    "Every kernel gives the values of the definition within rounding", arguments: LayerShape.edges,
    [3, 4] as [UInt64])
  func values(shape: LayerShape, seed: UInt64) {
    var generator = Generator(seed: seed)
    let layer = TestLayer<Float, Float>(
      shape, seed: seed, codes: { generator.values($0) },
      filters: { Generator(seed: seed).filled($0) })
    let biases = Guarded(
      (0..<(shape.outputs + 15) / 16 * 16).map { _ in generator.real(-1...1) }, at: .end)
    layer.convolution.biases = UnsafePointer(biases.elements.baseAddress!)
    let isClamped = seed % 2 == 0
    layer.convolution.lowest = isClamped ? 0 : -.infinity
    layer.convolution.highest = isClamped ? 1.5 : .infinity
    if isClamped { layer.convolution.residual.input = nil }

    var expected = [Float](repeating: -77, count: layer.outputCount)
    var tolerances = [Float](repeating: 0, count: layer.outputCount)
    layer.forEachOutput { place, output, products in
      var sum = 0.0
      var magnitude = 0.0
      products {
        sum += Double($0) * Double($1)
        magnitude += abs(Double($0) * Double($1))
      }
      sum += Double(biases.elements[output])
      if !isClamped { sum += Double(layer.residual.elements[place]) }
      expected[place] = isClamped ? min(max(Float(sum), 0), 1.5) : Float(sum)
      // Each of the additions rounds to half a unit in the last place of at most the sum of magnitudes.
      let terms = shape.channels * shape.kernel.rows * shape.kernel.columns + 2
      tolerances[place] = Float((magnitude + 2) * Double(terms)) * Float.ulpOfOne
    }
    for kernel in kernels(for: .convolveValues) {
      let found = layer.output(of: kernel, blank: -77 as Float, side: seed)
      #expect(
        zip(zip(found, expected), tolerances).allSatisfy { abs($0.0 - $0.1) <= $1 },
        "\(kernel.name)")
    }
  }

  @Test(
    "Values do not depend on how the work is divided",
    arguments: kernels(for: .convolveValues).map(\.name))
  func partitions(name: String) {
    let kernel = KernelList.all.first { $0.name == name }!
    let shape = LayerShape(rows: 5, columns: 9, channels: 7, outputs: 80, kernel: (3, 3))
    var generator = Generator(seed: 5)
    let layer = TestLayer<Float, Float>(
      shape, seed: 5, codes: { generator.values($0) }, filters: { Generator(seed: 6).filled($0) })
    let biases = generator.values(80)
    biases.withUnsafeBufferPointer { biases in
      layer.convolution.biases = biases.baseAddress
      layer.convolution.residual.input = nil
      layer.convolution.lowest = -.infinity
      layer.convolution.highest = .infinity
      let whole = layer.output(of: kernel, blank: 0 as Float, side: 0)
      var assembled = [Float](repeating: 0, count: layer.outputCount)
      for pixels in [0..<1, 1..<3, 3..<9, 9..<45] as [Range<Int32>] {
        for outputs in [0..<16, 16..<80] as [Range<Int32>] {
          layer.convolution.window.pixelBegin = pixels.lowerBound
          layer.convolution.window.pixelEnd = pixels.upperBound
          layer.convolution.window.channelBegin = outputs.lowerBound
          layer.convolution.window.channelEnd = outputs.upperBound
          let part = layer.output(of: kernel, blank: 0 as Float, side: 0)
          for i in assembled.indices where part[i] != 0 { assembled[i] = part[i] }
        }
      }
      #expect(assembled == whole)
    }
  }
}

extension Generator {
  func filled(_ count: Int) -> [Float] {
    var copy = self
    return copy.values(count)
  }
}
