import Kernels
import Testing

/// A depthwise or pooling layer over a map.
struct TapShape: Sendable, CustomTestStringConvertible {
  var rows: Int
  var columns: Int
  var channels: Int
  var kernel: (rows: Int, columns: Int) = (3, 3)
  var stride = 1
  /// Elements between pixels beyond the channels, in input and output.
  var spare = 0
  var skip = 0
  var firstChannel = 0
  var shift = 35

  var testDescription: String {
    "\(rows)x\(columns) pixels, \(channels) channels from \(firstChannel), filter \(kernel.rows)x\(kernel.columns)"
      + ", stride \(stride), spare \(spare), skip \(skip), shift \(shift)"
  }

  var inputColumns: Int { (columns - 1) * stride + kernel.columns }
  var inputRows: Int { (rows - 1) * stride + kernel.rows }
  var pixelStride: Int { channels + spare }
  var pixels: Range<Int> { skip..<rows * columns - skip }
  var outputCount: Int { (rows * columns - 1) * pixelStride + channels }

  /// Offsets of the taps, in elements, row by row.
  var taps: [Int] {
    (0..<kernel.rows).flatMap { y in
      (0..<kernel.columns).map { x in (y * inputColumns + x) * pixelStride }
    }
  }

  /// Where a pixel's window begins, in elements.
  func start(_ pixel: Int) -> Int {
    (pixel / columns * stride * inputColumns + pixel % columns * stride) * pixelStride
  }

  /// Elements of the input: the last pixel's spare ones are not there.
  var inputCount: Int { inputRows * inputColumns * pixelStride - spare }

  func window(elementByteCount size: Int, offsets: UnsafePointer<Int>) -> Window {
    var window = Window()
    window.segmentOffsets = offsets
    window.segmentCount = Int32(kernel.rows * kernel.columns)
    window.segmentLength = 1
    window.inputRowStride = stride * inputColumns * pixelStride * size
    window.inputColumnStride = stride * pixelStride * size
    window.outputRowStride = columns * pixelStride * size
    window.outputColumnStride = pixelStride * size
    window.columns = Int32(columns)
    window.pixelBegin = Int32(pixels.lowerBound)
    window.pixelEnd = Int32(pixels.upperBound)
    window.channelBegin = Int32(firstChannel)
    window.channelEnd = Int32(channels)
    return window
  }

  /// Channels around 8, 16, 32 and 64, taps around groups of 4, maps that are joined and that are not.
  static let edges: [TapShape] = {
    var shapes: [TapShape] = []
    for channels in [
      1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 80, 127, 128, 130,
    ] {
      shapes.append(TapShape(rows: 3, columns: 5, channels: channels))
      shapes.append(TapShape(rows: 2, columns: 3, channels: channels, stride: 2, shift: 24))
      shapes.append(TapShape(rows: 2, columns: 3, channels: channels, spare: 3))
    }
    for kernel in [(1, 1), (1, 2), (1, 3), (2, 2), (1, 5), (2, 3), (1, 7), (2, 4), (5, 5), (1, 25)] {
      shapes.append(TapShape(rows: 2, columns: 2, channels: 16, kernel: kernel))
      shapes.append(TapShape(rows: 1, columns: 2, channels: 70, kernel: kernel, stride: 2))
    }
    for (channels, shift) in [(8, 35), (16, 35), (32, 40), (64, 16), (64, 47), (64, 48), (16, 15), (48, 35), (128, 35)]
    {
      shapes.append(TapShape(rows: 3, columns: 9, channels: channels, kernel: (1, 1), skip: 2, shift: shift))
    }
    shapes += [
      TapShape(rows: 2, columns: 9, channels: 32, kernel: (1, 1), spare: 4),
      TapShape(rows: 4, columns: 19, channels: 8, skip: 7),
      TapShape(rows: 4, columns: 19, channels: 16, skip: 25),
      TapShape(rows: 4, columns: 5, channels: 32, skip: 2),
      TapShape(rows: 3, columns: 19, channels: 8, stride: 2, skip: 7),
      TapShape(rows: 3, columns: 35, channels: 4, stride: 2, skip: 3),
      TapShape(rows: 3, columns: 9, channels: 16, stride: 2),
      TapShape(rows: 3, columns: 5, channels: 32, stride: 2),
      TapShape(rows: 2, columns: 5, channels: 16, stride: 3),
      TapShape(rows: 2, columns: 2, channels: 150, firstChannel: 64),
      TapShape(rows: 1, columns: 1, channels: 64, kernel: (8, 8)),
      TapShape(rows: 2, columns: 5, channels: 20, shift: 1),
      TapShape(rows: 2, columns: 5, channels: 20, shift: 31),
      TapShape(rows: 2, columns: 5, channels: 20, shift: 32),
    ]
    return shapes
  }()
}

/// Runs a kernel on a description with a new output, and returns that.
func output<Result: BitwiseCopyable>(
  count: Int, blank: Result, side: UInt64, _ run: (UnsafeMutableRawPointer) -> Void
) -> [Result] {
  let result = Guarded([Result](repeating: blank, count: count), at: .init(side))
  run(result.base)
  return result.array
}

@Suite struct DepthwiseTests {
  private func filters(_ shape: TapShape) -> Filters {
    var filters = Filters()
    filters.outputs = Int32(shape.channels)
    filters.rows = Int32(shape.kernel.rows)
    filters.columns = Int32(shape.kernel.columns)
    filters.channels = 1
    filters.outputStride = shape.kernel.rows * shape.kernel.columns
    filters.rowStride = shape.kernel.columns
    filters.columnStride = 1
    filters.mapChannelStride = 1
    return filters
  }

  @Test(
    "Every kernel gives the integers of the definition", arguments: TapShape.edges,
    [1, 2] as [UInt64])
  func codes(shape: TapShape, seed: UInt64) {
    var generator = Generator(seed: seed)
    let taps = shape.taps
    let input = Guarded(generator.codes(shape.inputCount), at: .init(seed))
    let weights = generator.weights(shape.channels * taps.count)
    var filters = filters(shape)
    let packed = Guarded(
      [UInt8](repeating: 0, count: filters.packedDepthwiseByteCountOfCodes), at: .init(seed))
    weights.withUnsafeBytes {
      filters.weights = $0.baseAddress
      filters.packDepthwiseCodes(into: packed.base)
    }
    let rules = ChannelRules(
      channels: shape.channels, terms: taps.count, shift: shape.shift, sumBound: taps.count * 255 * 128,
      generator: &generator)
    var expected = [UInt8](repeating: 77, count: shape.outputCount)
    for pixel in shape.pixels {
      for channel in shape.firstChannel..<shape.channels {
        var sum = 0
        for (i, tap) in taps.enumerated() {
          let code = input.elements[shape.start(pixel) + tap + channel]
          sum += Int(code) * Int(weights[channel * taps.count + i])
        }
        expected[pixel * shape.pixelStride + channel] = rules.code(sum, channel)
      }
    }
    let offsets = Guarded(taps, at: .end)
    var layer = Convolution()
    layer.window = shape.window(
      elementByteCount: 1, offsets: UnsafePointer(offsets.elements.baseAddress!))
    layer.window.input = UnsafeRawPointer(input.base)
    layer.weights = UnsafeRawPointer(packed.base)
    layer.requantization = rules.requantization
    for kernel in kernels(for: .depthwiseConvolveCodes) {
      let found = output(count: shape.outputCount, blank: 77 as UInt8, side: seed) {
        layer.window.output = $0
        kernel.run(unchecked: &layer)
      }
      #expect(found == expected, "\(kernel.name)")
    }
  }

  @Test(
    "One tap with a brief rule, as batch normalization has it, gives the integers of the definition",
    arguments: [16, 32, 64], [0.4, 0.9, 1.7, 3.6, 7.0])
  func normalization(channels: Int, slope: Double) {
    let (rows, columns) = (3, 9)
    var generator = Generator(seed: UInt64(channels) &+ UInt64(slope * 10))
    let input = Guarded(
      (0..<rows * columns * channels).map { UInt8($0 / channels * 255 / (rows * columns - 1)) }, at: .end)
    var filters = Filters()
    (filters.outputs, filters.rows, filters.columns, filters.channels) = (Int32(channels), 1, 1, 1)
    (filters.outputStride, filters.rowStride, filters.columnStride, filters.mapChannelStride) = (1, 1, 1, 1)
    let packed = Guarded([UInt8](repeating: 0, count: filters.packedDepthwiseByteCountOfCodes), at: .end)
    let weights = [Int8](repeating: 1, count: channels)
    weights.withUnsafeBytes {
      filters.weights = $0.baseAddress
      filters.packDepthwiseCodes(into: packed.base)
    }
    // Multipliers of 15 bits, offsets in 64ths of a code.
    let shift = 30 - Int(slope.exponent)
    let unit = Double(sign: .plus, exponent: shift - 16, significand: 1)
    let multipliers = Guarded(
      (0..<channels).map { _ in Int32((slope * Double(generator.real(0.1...1)) * unit).rounded()) << 16 }, at: .end)
    let ks = (0..<channels).map { _ in Int64((generator.real(-700...300) * 64).rounded()) << Int64(shift - 6) }
    let sums = Guarded(ks.map { $0 + 1 << (shift - 1) }, at: .end)
    let segment = Guarded([0], at: .end)
    var layer = Convolution()
    layer.window.input = UnsafeRawPointer(input.base)
    layer.window.segmentOffsets = UnsafePointer(segment.elements.baseAddress!)
    (layer.window.inputRowStride, layer.window.inputColumnStride) = (columns * channels, channels)
    (layer.window.outputRowStride, layer.window.outputColumnStride) = ((columns + 2) * channels, channels)
    (layer.window.segmentCount, layer.window.segmentLength, layer.window.columns) = (1, 1, Int32(columns))
    (layer.window.pixelEnd, layer.window.channelEnd) = (Int32(rows * columns), Int32(channels))
    layer.weights = UnsafeRawPointer(packed.base)
    layer.requantization.multipliers = UnsafePointer(multipliers.elements.baseAddress!)
    layer.requantization.offsets = UnsafePointer(sums.elements.baseAddress!)
    (layer.requantization.shift, layer.requantization.lowest, layer.requantization.highest) = (Int32(shift), 3, 250)
    var expected = [UInt8](repeating: 77, count: (rows * (columns + 2) - 2) * channels)
    for pixel in 0..<rows * columns {
      for channel in 0..<channels {
        let place = (pixel / columns * (columns + 2) + pixel % columns) * channels + channel
        let sum = Int(input.elements[pixel * channels + channel])
        expected[place] = requantized(sum, multipliers.elements[channel], ks[channel], (shift, 3, 250))
      }
    }
    for kernel in kernels(for: .depthwiseConvolveCodes) {
      let found = output(count: expected.count, blank: 77 as UInt8, side: 0) {
        layer.window.output = $0
        kernel.run(unchecked: &layer)
      }
      #expect(found == expected, "\(kernel.name)")
    }
  }

  @Test(
    "Every kernel gives the values of the definition within rounding", arguments: TapShape.edges,
    [3, 4] as [UInt64])
  func values(shape: TapShape, seed: UInt64) {
    var generator = Generator(seed: seed)
    let taps = shape.taps
    let input = Guarded(generator.values(shape.inputCount), at: .init(seed))
    let weights = generator.values(shape.channels * taps.count)
    let biases = Guarded(generator.values((shape.channels + 15) / 16 * 16), at: .end)
    var filters = filters(shape)
    let packed = Guarded(
      [UInt8](repeating: 0, count: filters.packedDepthwiseByteCountOfValues), at: .init(seed))
    weights.withUnsafeBytes {
      filters.weights = $0.baseAddress
      filters.packDepthwiseValues(into: packed.base)
    }
    var expected = [Float](repeating: -77, count: shape.outputCount)
    for pixel in shape.pixels {
      for channel in shape.firstChannel..<shape.channels {
        var sum = Double(biases.elements[channel])
        for (i, tap) in taps.enumerated() {
          let value = input.elements[shape.start(pixel) + tap + channel]
          sum += Double(value) * Double(weights[channel * taps.count + i])
        }
        expected[pixel * shape.pixelStride + channel] = min(max(Float(sum), -0.5), 1)
      }
    }
    let offsets = Guarded(taps.map { $0 * 4 }, at: .end)
    var layer = Convolution()
    layer.window = shape.window(
      elementByteCount: 4, offsets: UnsafePointer(offsets.elements.baseAddress!))
    layer.window.input = UnsafeRawPointer(input.base)
    layer.weights = UnsafeRawPointer(packed.base)
    layer.biases = UnsafePointer(biases.elements.baseAddress!)
    layer.lowest = -0.5
    layer.highest = 1
    // Sums of at most as many terms of magnitude 1, each addition rounded.
    let tolerance = Float(taps.count + 1) * Float(taps.count + 1) * Float.ulpOfOne
    for kernel in kernels(for: .depthwiseConvolveValues) {
      let found = output(count: shape.outputCount, blank: -77 as Float, side: seed) {
        layer.window.output = $0
        kernel.run(unchecked: &layer)
      }
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance }, "\(kernel.name)")
    }
  }
}
