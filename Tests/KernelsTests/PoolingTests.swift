import Kernels
import Testing

@Suite struct PoolingTests {
  @Test(
    "Greatest and mean codes are those of the definition", arguments: TapShape.edges,
    [1, 2] as [UInt64])
  func codes(shape: TapShape, seed: UInt64) {
    var generator = Generator(seed: seed)
    let taps = shape.taps
    let input = Guarded(generator.codes(shape.inputCount), at: .init(seed))
    let multiplier = Int32(
      Double(1 << min(shape.shift, 30)) / Double(taps.count) * generator.nextUnit())
    let rule: (shift: Int, low: UInt8, high: UInt8) = (min(shape.shift, 30), 3, 250)
    let k = Int64(generator.nextUnit() * 20 * Double(1 << rule.shift))
    var greatest = [UInt8](repeating: 77, count: shape.outputCount)
    var means = greatest
    for pixel in shape.pixels {
      for channel in shape.firstChannel..<shape.channels {
        let window = taps.map { input.elements[shape.start(pixel) + $0 + channel] }
        greatest[pixel * shape.pixelStride + channel] = window.max()!
        means[pixel * shape.pixelStride + channel] =
          requantized(window.reduce(0) { $0 + Int($1) }, multiplier, k, rule)
      }
    }
    let offsets = Guarded(taps, at: .end)
    let multipliers = Guarded([multiplier], at: .end)
    let ks = Guarded([k + 1 << (rule.shift - 1)], at: .end)
    var layer = Pooling()
    layer.window = shape.window(
      elementByteCount: 1, offsets: UnsafePointer(offsets.elements.baseAddress!))
    layer.window.input = UnsafeRawPointer(input.base)
    layer.requantization.multipliers = UnsafePointer(multipliers.elements.baseAddress!)
    layer.requantization.offsets = UnsafePointer(ks.elements.baseAddress!)
    layer.requantization.shift = Int32(rule.shift)
    (layer.requantization.lowest, layer.requantization.highest) = (rule.low, rule.high)
    for (operation, expected) in [(.poolGreatestCodes, greatest), (.poolMeanCodes, means)]
      as [(Kernels.Operation, [UInt8])]
    {
      for kernel in kernels(for: operation) {
        let found = output(count: shape.outputCount, blank: 77 as UInt8, side: seed) {
          layer.window.output = $0
          kernel.run(unchecked: &layer)
        }
        #expect(found == expected, "\(kernel.name)")
      }
    }
  }

  @Test(
    "Greatest and mean values are those of the definition", arguments: TapShape.edges,
    [3, 4] as [UInt64])
  func values(shape: TapShape, seed: UInt64) {
    var generator = Generator(seed: seed)
    let taps = shape.taps
    let input = Guarded(generator.values(shape.inputCount), at: .init(seed))
    var greatest = [Float](repeating: -77, count: shape.outputCount)
    var means = greatest
    for pixel in shape.pixels {
      for channel in shape.firstChannel..<shape.channels {
        let window = taps.map { input.elements[shape.start(pixel) + $0 + channel] }
        greatest[pixel * shape.pixelStride + channel] = window.max()!
        means[pixel * shape.pixelStride + channel] = window.reduce(0, +) / Float(taps.count)
      }
    }
    let offsets = Guarded(taps.map { $0 * 4 }, at: .end)
    var layer = Pooling()
    layer.window = shape.window(
      elementByteCount: 4, offsets: UnsafePointer(offsets.elements.baseAddress!))
    layer.window.input = UnsafeRawPointer(input.base)
    layer.divisor = Float(taps.count)
    for (operation, expected) in [(.poolGreatestValues, greatest), (.poolMeanValues, means)]
      as [(Kernels.Operation, [Float])]
    {
      for kernel in kernels(for: operation) {
        let found = output(count: shape.outputCount, blank: -77 as Float, side: seed) {
          layer.window.output = $0
          kernel.run(unchecked: &layer)
        }
        #expect(found == expected, "\(kernel.name)")
      }
    }
  }
}

extension Generator {
  mutating func nextUnit() -> Double { Double.random(in: 0...1, using: &self) }
}
