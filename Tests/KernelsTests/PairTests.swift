import Kernels
import Testing

/// What bf16 holds of a value, rounded to the nearest, halves to even.
private func narrowed(_ value: Float) -> Float {
  let bits = value.bitPattern
  let (kept, rest) = (bits & 0xffff_0000, bits & 0xffff)
  let isUp = rest > 0x8000 || (rest == 0x8000 && kept & 0x1_0000 != 0)
  return Float(bitPattern: isUp ? kept &+ 0x1_0000 : kept)
}

/// Two values in a word, the first in its low half.
private func word(_ first: Float, _ second: Float) -> UInt32 {
  narrowed(first).bitPattern >> 16 | narrowed(second).bitPattern & 0xffff_0000
}

private func product(_ a: UInt32, _ b: UInt32) -> Float {
  func halves(_ word: UInt32) -> (Float, Float) {
    (Float(bitPattern: word << 16), Float(bitPattern: word & 0xffff_0000))
  }
  let (x, y) = (halves(a), halves(b))
  return x.1 * y.1 + x.0 * y.0
}

private func agree(_ a: [Float], _ b: [Float]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-4 }
}

@Suite struct PairTests {
  private func words(_ generator: inout Generator, _ count: Int) -> [UInt32] {
    let values = generator.values(2 * count)
    return (0..<count).map { word(values[2 * $0], values[2 * $0 + 1]) }
  }

  @Test("Values are rounded to the nearest bf16, rows apart from each other", arguments: [1, 7, 15, 16, 17, 33, 64])
  func rounds(count: Int) {
    var generator = Generator(seed: UInt64(count))
    let (rows, gap) = (3, 2)
    let first = Guarded(generator.values((rows - 1) * (count + gap) + count), at: .end)
    let second = Guarded(generator.values((rows - 1) * (count + gap) + count), at: .end)
    first.elements[0] = Float(bitPattern: 0x3f80_8000)
    second.elements[0] = Float(bitPattern: 0x3f81_8000)
    let pairs = (0..<rows).flatMap { row in
      (0..<count).map { word(first.elements[row * (count + gap) + $0], second.elements[row * (count + gap) + $0]) }
    }
    for kernel in kernels(for: .narrow) {
      for hasSecond in [false, true] {
        let result = Guarded([UInt16](repeating: 0, count: rows * count * (hasSecond ? 2 : 1)), at: .end)
        var call = Narrowing()
        call.first = UnsafePointer(first.elements.baseAddress)
        call.second = hasSecond ? UnsafePointer(second.elements.baseAddress) : nil
        call.result = UnsafeMutableRawPointer(result.elements.baseAddress)
        call.inputStride = (count + gap) * 4
        call.resultStride = count * (hasSecond ? 4 : 2)
        call.rows = Int32(rows)
        call.count = Int32(count)
        kernel.run(unchecked: &call)
        let expected = pairs.flatMap { hasSecond ? [UInt16($0 & 0xffff), UInt16($0 >> 16)] : [UInt16($0 & 0xffff)] }
        #expect(result.array == expected, "\(kernel.name)")
      }
    }
  }

  @Test(
    "The gradient of filters over pairs of pixels is that of the definition",
    arguments: [1, 3, 4, 8, 12, 16, 21, 29], [1, 10, 16, 18, 32, 40, 64])
  func filterGradient(length: Int, outputs: Int) {
    var generator = Generator(seed: UInt64(length * 100 + outputs))
    let (rows, columns, segments, offset) = (3, 4, 2, 2)
    let rowStride = columns * length + 3
    let width = (outputs + 15) / 16 * 16
    let input = Guarded(
      words(&generator, (rows - 1) * rowStride + (columns - 1) * length + offset + length), at: .end)
    let gradient = Guarded(words(&generator, rows * columns * outputs), at: .end)
    let before = generator.values(segments * length * width)
    var expected = before
    for segment in 0..<segments {
      for element in 0..<length {
        for output in 0..<outputs {
          for place in 0..<rows * columns {
            expected[(segment * length + element) * width + output] += product(
              input.elements[place / columns * rowStride + place % columns * length + segment * offset + element],
              gradient.elements[place * outputs + output])
          }
        }
      }
    }
    for kernel in kernels(for: .accumulateFilterGradientOfPairs) {
      let result = Guarded(before, at: .end)
      [0, offset * 4].withUnsafeBufferPointer { offsets in
        var call = FilterGradient()
        call.input = UnsafeRawPointer(input.elements.baseAddress)?.assumingMemoryBound(to: Float.self)
        call.gradient = UnsafeRawPointer(gradient.elements.baseAddress)?.assumingMemoryBound(to: Float.self)
        call.result = result.elements.baseAddress
        call.segmentOffsets = offsets.baseAddress
        call.inputRowStride = rowStride * 4
        call.inputColumnStride = length * 4
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

  @Test(
    "A convolution of pairs is that of the definition, those of three adjacent pixels of 16 channels too",
    arguments: [1, 5, 8, 16], [5, 16, 33, 64])
  func convolution(channelWords: Int, outputs: Int) {
    for columns in [1, 7, 13, 16, 17, 40] {
      expectDefinition(channelWords: channelWords, columns: columns, outputs: outputs)
    }
  }

  private func expectDefinition(channelWords: Int, columns: Int, outputs: Int) {
    var generator = Generator(seed: UInt64(channelWords * 10_000 + columns * 100 + outputs))
    let (rows, kernel) = (3, 3)
    let padded = columns + kernel - 1
    let length = kernel * channelWords
    let blocks = (outputs + 15) / 16
    let input = Guarded(words(&generator, (rows + kernel - 1) * padded * channelWords), at: .end)
    let weights = Guarded(words(&generator, blocks * kernel * length * 16), at: .end)
    let biases = Guarded(generator.values(outputs), at: .end)
    var expected: [Float] = []
    for place in 0..<rows * columns {
      for output in 0..<outputs {
        var sum = biases.elements[output]
        for line in 0..<kernel {
          for element in 0..<length {
            sum += product(
              input.elements[((place / columns + line) * padded + place % columns) * channelWords + element],
              weights.elements[((output / 16 * kernel + line) * length + element) * 16 + output % 16])
          }
        }
        expected.append(max(sum, -1))
      }
    }
    for kernelUnderTest in kernels(for: .convolvePairs) {
      let result = Guarded([Float](repeating: 0, count: rows * columns * outputs), at: .end)
      (0..<kernel).map { $0 * padded * channelWords * 4 }.withUnsafeBufferPointer { offsets in
        var call = Convolution()
        call.window.input = UnsafeRawPointer(input.elements.baseAddress)
        call.window.output = UnsafeMutableRawPointer(result.elements.baseAddress)
        call.window.segmentOffsets = offsets.baseAddress
        call.window.segmentCount = Int32(kernel)
        call.window.segmentLength = Int32(length)
        call.window.inputRowStride = padded * channelWords * 4
        call.window.inputColumnStride = channelWords * 4
        call.window.outputRowStride = columns * outputs * 4
        call.window.outputColumnStride = outputs * 4
        call.window.columns = Int32(columns)
        call.window.pixelEnd = Int32(rows * columns)
        call.window.channelEnd = Int32(outputs)
        call.weights = UnsafeRawPointer(weights.elements.baseAddress)
        call.biases = UnsafePointer(biases.elements.baseAddress)
        call.lowest = -1
        call.highest = .infinity
        kernelUnderTest.run(unchecked: &call)
      }
      #expect(agree(result.array, expected), "\(kernelUnderTest.name)")
    }
  }
}
