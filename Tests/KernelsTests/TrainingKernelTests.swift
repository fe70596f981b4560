import Kernels
import Testing

/// Sums of products of numbers in -1...1, a few hundred at most: single precision keeps 5 digits of them.
private func agree(_ a: [Float], _ b: [Float]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-4 }
}

@Suite struct FilterGradientTests {
  @Test(
    "The gradient of filters is that of the definition, added to what is there",
    arguments: [1, 3, 4, 9, 16, 21, 37], [1, 10, 16, 18, 32])
  func equalsTheDefinition(length: Int, outputs: Int) {
    var generator = Generator(seed: UInt64(length * 100 + outputs))
    let (rows, columns, segments) = (3, 4, 2)
    let (rowStride, columnStride, offset) = (columns * length + 3, length, 2)
    let width = (outputs + 15) / 16 * 16
    let input = Guarded(
      generator.values((rows - 1) * rowStride + (columns - 1) * columnStride + offset + length),
      at: .init(UInt64(length)))
    let gradient = Guarded(generator.values(rows * columns * outputs), at: .init(UInt64(outputs)))
    let before = generator.values(segments * length * width)
    var expected = before
    for segment in 0..<segments {
      for element in 0..<length {
        for output in 0..<outputs {
          for row in 0..<rows {
            for column in 0..<columns {
              expected[(segment * length + element) * width + output] +=
                input.elements[row * rowStride + column * columnStride + segment * offset + element]
                * gradient.elements[(row * columns + column) * outputs + output]
            }
          }
        }
      }
    }
    for kernel in kernels(for: .accumulateFilterGradient) {
      let result = Guarded(before, at: .end)
      [0, offset * 4].withUnsafeBufferPointer { offsets in
        var call = FilterGradient()
        call.input = UnsafePointer(input.elements.baseAddress)
        call.gradient = UnsafePointer(gradient.elements.baseAddress)
        call.result = result.elements.baseAddress
        call.segmentOffsets = offsets.baseAddress
        call.inputRowStride = rowStride * 4
        call.inputColumnStride = columnStride * 4
        call.gradientRowStride = columns * outputs * 4
        call.gradientColumnStride = outputs * 4
        call.segmentCount = Int32(segments)
        call.segmentLength = Int32(length)
        call.rows = Int32(rows)
        call.columns = Int32(columns)
        call.outputs = Int32(outputs)
        kernel.run(unchecked: &call)
      }
      #expect(agree(result.array, expected), "\(kernel.name)")
    }
  }
}

@Suite struct ChannelwiseTests {
  /// Operands with memory that ends where they end.
  private struct Case {
    let pixels: Int
    let channels: Int
    let input: Guarded<Float>
    let other: Guarded<Float>
    let gradient: Guarded<Float>
    let activated: Guarded<Float>
    let a: Guarded<Float>
    let b: Guarded<Float>
    let d: Guarded<Float>

    init(pixels: Int, channels: Int, seed: UInt64) {
      var generator = Generator(seed: seed)
      (self.pixels, self.channels) = (pixels, channels)
      func values(_ count: Int) -> Guarded<Float> { Guarded(generator.values(count), at: .init(seed)) }
      (input, other, gradient) = (values(pixels * channels), values(pixels * channels), values(pixels * channels))
      (activated, a, b, d) = (values(pixels * channels), values(channels), values(channels), values(channels))
    }

    var call: Channelwise {
      var call = Channelwise()
      call.input = UnsafePointer(input.elements.baseAddress)
      call.gradient = UnsafePointer(gradient.elements.baseAddress)
      call.a = UnsafePointer(a.elements.baseAddress)
      call.b = UnsafePointer(b.elements.baseAddress)
      call.d = UnsafePointer(d.elements.baseAddress)
      call.pixels = pixels
      call.channels = Int32(channels)
      call.lowest = -0.25
      call.highest = 0.5
      return call
    }

    func masked(_ index: Int, _ isMasked: Bool) -> Float {
      let y = activated.elements[index]
      return !isMasked || (y > -0.25 && y < 0.5) ? gradient.elements[index] : 0
    }

    /// Two sums by channel of functions of an element's index.
    func sums(_ first: (Int) -> Float, _ second: (Int) -> Float) -> [Float] {
      var sums = [Float](repeating: 0, count: 2 * channels)
      for index in 0..<pixels * channels {
        sums[index % channels] += first(index)
        sums[channels + index % channels] += second(index)
      }
      return sums
    }
  }

  static let channelCounts = [1, 3, 15, 16, 17, 32, 50]

  @Test("Sums by channel are those of the definition", arguments: channelCounts, [true, false])
  func sums(channels: Int, isMasked: Bool) {
    let test = Case(pixels: 7, channels: channels, seed: UInt64(channels))
    func check(_ operation: Kernels.Operation, _ expected: [Float]) {
      for kernel in kernels(for: operation) {
        let sums = Guarded([Float](repeating: 9, count: 2 * channels), at: .end)
        var call = test.call
        call.sums = sums.elements.baseAddress
        if isMasked { call.activated = UnsafePointer(test.activated.elements.baseAddress) }
        kernel.run(unchecked: &call)
        #expect(agree(sums.array, expected), "\(kernel.name)")
      }
    }
    func deviation(_ index: Int) -> Float { test.input.elements[index] - test.a.elements[index % channels] }
    check(.sumMoments, test.sums(deviation) { deviation($0) * deviation($0) })
    check(
      .sumGradients, test.sums({ test.masked($0, isMasked) }) { test.masked($0, isMasked) * deviation($0) })
  }

  @Test("A normalization and its gradient are those of the definition", arguments: channelCounts, [true, false])
  func elements(channels: Int, hasOption: Bool) {
    let test = Case(pixels: 5, channels: channels, seed: UInt64(channels) + 1)
    var normalized: [Float] = []
    var gradient: [Float] = []
    for index in 0..<test.pixels * channels {
      let (x, c) = (test.input.elements[index], index % channels)
      let y = x * test.a.elements[c] + test.b.elements[c] + (hasOption ? test.other.elements[index] : 0)
      normalized.append(min(max(y, -0.25), 0.5))
      let dx = test.masked(index, hasOption) * test.a.elements[c] + x * test.b.elements[c] + test.d.elements[c]
      gradient.append(hasOption ? dx + 2 : dx)
    }
    for (operation, expected) in [(Kernels.Operation.normalize, normalized), (.normalizeGradient, gradient)] {
      for kernel in kernels(for: operation) {
        let result = Guarded([Float](repeating: 2, count: expected.count), at: .end)
        var call = test.call
        call.result = result.elements.baseAddress
        if hasOption {
          call.other = UnsafePointer(test.other.elements.baseAddress)
          call.activated = UnsafePointer(test.activated.elements.baseAddress)
          call.accumulates = 1
        }
        kernel.run(unchecked: &call)
        #expect(agree(result.array, expected), "\(kernel.name)")
      }
    }
  }

  /// A grid with 0 inside, one from 0, and a sign.
  private static let grids = [
    Grid(step: 0.02, inverseStep: 1 / 0.02, lowest: -6, highest: 9, isSign: 0),
    Grid(step: 0.11, inverseStep: 1 / 0.11, lowest: 0, highest: 3, isSign: 0),
    Grid(step: 0.3, inverseStep: 1 / 0.3, lowest: -1, highest: 1, isSign: 1),
  ]

  @Test(
    "Rounding to a grid gives the bits of the definition, with its ranges and gradient", arguments: channelCounts,
    0..<6)
  func grids(channels: Int, number: Int) {
    let (grid, hasOption) = (Self.grids[number / 2], number % 2 == 1)
    let test = Case(pixels: 7, channels: channels, seed: UInt64(channels) + 2)
    var call = test.call
    call.grid = grid
    if hasOption { call.other = UnsafePointer(test.other.elements.baseAddress) }
    var (rounded, passed): ([Float], [Float]) = ([], [])
    var sums = [[Float]](repeating: [Float](repeating: 0, count: channels), count: 5)
    var ranges = [.infinity, -.infinity, 0].map { [Float](repeating: $0, count: channels) }
    for index in 0..<test.pixels * channels {
      let (c, g) = (index % channels, test.gradient.elements[index])
      var raw = test.input.elements[index] * test.a.elements[c]
      raw += test.b.elements[c]
      if hasOption { raw += test.other.elements[index] }
      let x = min(max(raw, -0.25), 0.5)
      let t = x * grid.inverseStep
      let inside = min(max(t, grid.lowest), grid.highest)
      let code = grid.isSign != 0 ? (x >= 0 ? grid.highest : grid.lowest) : inside.rounded(.toNearestOrEven)
      rounded.append(code * grid.step)
      ranges[0][c] = min(ranges[0][c], x)
      ranges[1][c] = max(ranges[1][c], x)
      ranges[2][c] += x.magnitude
      let isBetween = t >= grid.lowest && t <= grid.highest
      passed.append(isBetween && raw > -0.25 && raw < 0.5 ? g : 0)
      sums[0][c] += passed[index]
      sums[1][c] += passed[index] * (test.input.elements[index] - test.d.elements[c])
      sums[2][c] += t < grid.lowest ? g : 0
      sums[3][c] += t > grid.highest ? g : 0
      sums[4][c] += isBetween ? g * (code - t) : 0
    }
    for kernel in kernels(for: .normalizeToGrid) {
      let result = Guarded([Float](repeating: 2, count: rounded.count), at: .end)
      call.result = result.elements.baseAddress
      kernel.run(unchecked: &call)
      #expect(result.array == rounded, "\(kernel.name)")
    }
    for kernel in kernels(for: .findRanges) {
      let found = Guarded([Float](repeating: 2, count: 3 * channels), at: .end)
      call.sums = found.elements.baseAddress
      kernel.run(unchecked: &call)
      #expect(agree(found.array, ranges.flatMap { $0 }), "\(kernel.name)")
    }
    for kernel in kernels(for: .passGradientOfGrid) {
      let result = Guarded([Float](repeating: 2, count: rounded.count), at: .end)
      let found = Guarded([Float](repeating: 2, count: 5 * channels), at: .end)
      call.result = result.elements.baseAddress
      call.sums = found.elements.baseAddress
      kernel.run(unchecked: &call)
      #expect(result.array == passed, "\(kernel.name)")
      #expect(agree(found.array, sums.flatMap { $0 }), "\(kernel.name)")
    }
  }
}
