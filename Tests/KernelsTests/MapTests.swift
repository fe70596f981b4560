import Kernels
import Testing

@Suite struct MapTests {
  static let counts = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 200]

  /// Rows of a map: input, other and output with unlike strides, none with a gap after the last row.
  private func check<In: BitwiseCopyable, Out: BitwiseCopyable & Equatable>(
    _ operation: Kernels.Operation, count: Int, seed: UInt64, blank: Out, inputs: (Int) -> [In],
    prepare: (inout ElementwiseMap) -> Void, definition: (In, In) -> Out
  ) {
    let rows = 3
    let (inputStride, otherStride, outputStride) = (count + 2, count, count + 5)
    let input = Guarded(inputs(inputStride * (rows - 1) + count), at: .init(seed))
    let other = Guarded(inputs(otherStride * (rows - 1) + count), at: .init(seed + 1))
    var expected = [Out](repeating: blank, count: outputStride * (rows - 1) + count)
    for row in 0..<rows {
      for i in 0..<count {
        expected[row * outputStride + i] =
          definition(input.elements[row * inputStride + i], other.elements[row * otherStride + i])
      }
    }
    var map = ElementwiseMap()
    map.rows = Int32(rows)
    map.count = Int32(count)
    map.input = UnsafeRawPointer(input.base)
    map.other = UnsafeRawPointer(other.base)
    map.inputRowStride = inputStride * MemoryLayout<In>.stride
    map.otherRowStride = otherStride * MemoryLayout<In>.stride
    map.outputRowStride = outputStride * MemoryLayout<Out>.stride
    prepare(&map)
    for kernel in kernels(for: operation) {
      let found = output(count: expected.count, blank: blank, side: seed) {
        map.output = $0
        kernel.run(unchecked: &map)
      }
      #expect(found == expected, "\(kernel.name), \(count) elements, seed \(seed)")
    }
  }

  @Test(
    "The sum of two maps of codes is that of the definition", arguments: counts,
    [0, 1, 2, 3, 4] as [UInt64])
  func addCodes(count: Int, seed: UInt64) {
    var generator = Generator(seed: seed)
    let rule = AdditionRule(shift: [36, 32, 31, 12, 50][Int(seed)], generator: &generator)
    check(.addCodes, count: count, seed: seed, blank: 77 as UInt8) {
      generator.codes($0)
    } prepare: {
      $0.rule = rule.sumRule
    } definition: {
      rule.code($0, $1)
    }
  }

  @Test("A code is looked up", arguments: counts, [0, 1] as [UInt64])
  func lookUp(count: Int, seed: UInt64) {
    var generator = Generator(seed: seed)
    let table = Guarded(generator.codes(256), at: .end)
    check(.lookUpCodes, count: count, seed: seed, blank: 77 as UInt8) {
      generator.codes($0)
    } prepare: {
      $0.table = UnsafePointer(table.elements.baseAddress!)
    } definition: { (code: UInt8, _) in
      table.elements[Int(code)]
    }
  }

  /// ONNX QuantizeLinear; a NaN counts as 0.
  static func quantized(_ value: Float, scale: Float, zeroPoint: Int32) -> UInt8 {
    let steps = (value / scale).rounded(.toNearestOrEven)
    return UInt8(min(max((steps.isNaN ? 0 : steps) + Float(zeroPoint), 0), 255))
  }

  @Test(
    "Quantizing divides, rounds half to even, and saturates", arguments: counts,
    [0, 1, 2] as [UInt64])
  func quantize(count: Int, seed: UInt64) {
    var generator = Generator(seed: seed)
    let scale: Float = [0.25, 0.0173, 1e-3][Int(seed)]
    let zeroPoint: Int32 = [0, 128, 255][Int(seed)]
    check(.quantize, count: count, seed: seed, blank: 77 as UInt8) { count in
      (0..<count).map { i in
        switch i % 11 {
        case 0: Float(Int.random(in: -600...600, using: &generator)) * scale / 2  // halves
        case 1:
          [.infinity, -.infinity, .greatestFiniteMagnitude, -0.0, .leastNonzeroMagnitude]
            .randomElement(using: &generator)!
        case 2: .nan
        default: generator.real(-300...300) * scale
        }
      }
    } prepare: {
      $0.scale = scale
      $0.zeroPoint = zeroPoint
    } definition: { (value: Float, _) in
      Self.quantized(value, scale: scale, zeroPoint: zeroPoint)
    }
  }

  @Test("Dequantizing subtracts, then multiplies", arguments: counts, [0, 1] as [UInt64])
  func dequantize(count: Int, seed: UInt64) {
    var generator = Generator(seed: seed)
    check(.dequantize, count: count, seed: seed, blank: -77 as Float) {
      generator.codes($0)
    } prepare: {
      $0.scale = 0.1
      $0.zeroPoint = 117
    } definition: { (code: UInt8, _) in
      Float(Int(code) - 117) * 0.1
    }
  }

  @Test(
    "Values are added, multiplied and clamped as they stand", arguments: counts, [0, 1] as [UInt64])
  func values(count: Int, seed: UInt64) {
    let (low, high): (Float, Float) = seed == 0 ? (-.infinity, .infinity) : (-0.3, 0.6)
    let definitions: [(Kernels.Operation, (Float, Float) -> Float)] = [
      (.addValues, { $0 + $1 }), (.multiplyValues, { $0 * $1 }), (.clampValues, { a, _ in a }),
    ]
    for (operation, definition) in definitions {
      var generator = Generator(seed: seed)
      check(operation, count: count, seed: seed, blank: -77 as Float) {
        generator.values($0)
      } prepare: {
        $0.lowest = low
        $0.highest = high
      } definition: {
        min(max(definition($0, $1), low), high)
      }
    }
  }
}
