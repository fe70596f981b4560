import Kernels
import Testing

@Suite struct ReorderingTests {
  struct Shape: Sendable {
    var rows: Int
    var columns: Int
    var channels: Int
    var spare: Int
  }

  static let shapes: [Shape] = [1, 3, 31, 32, 63, 64, 65, 130].flatMap { columns in
    [(1, 0), (1, 3), (3, 0), (3, 1), (4, 0), (5, 3), (17, 0)].map {
      Shape(rows: 3, columns: columns, channels: $0.0, spare: $0.1)
    }
  }

  /// Runs all kernels of an operation and its reverse on planes with gaps.
  private func check<Planar: BitwiseCopyable & Equatable, Pixel: BitwiseCopyable & Equatable>(
    _ operation: Kernels.Operation, reversed: Bool, shape: Shape, seed: UInt64,
    planes: (Int) -> [Planar],
    pixels: (Int) -> [Pixel], forth: (Planar) -> Pixel, back: (Pixel) -> Planar
  ) {
    let planeRow = shape.columns + 1
    let plane = planeRow * shape.rows + 2
    let planeCount = plane * (shape.channels - 1) + planeRow * (shape.rows - 1) + shape.columns
    let pixel = shape.channels + shape.spare
    let pixelRow = pixel * shape.columns + 3
    let pixelCount = pixelRow * (shape.rows - 1) + pixel * (shape.columns - 1) + shape.channels
    let planar = Guarded(planes(planeCount), at: .init(seed))
    let interleaved = Guarded(pixels(pixelCount), at: .init(seed))
    var expectedPlanes = planar.array
    var expectedPixels = interleaved.array
    for row in 0..<shape.rows {
      for column in 0..<shape.columns {
        for channel in 0..<shape.channels {
          let a = channel * plane + row * planeRow + column
          let b = row * pixelRow + column * pixel + channel
          if reversed {
            expectedPlanes[a] = back(interleaved.elements[b])
          } else {
            expectedPixels[b] = forth(planar.elements[a])
          }
        }
      }
    }
    var reordering = Reordering()
    reordering.rows = Int32(shape.rows)
    reordering.columns = Int32(shape.columns)
    reordering.channels = Int32(shape.channels)
    reordering.planeStride = plane * MemoryLayout<Planar>.stride
    reordering.planeRowStride = planeRow * MemoryLayout<Planar>.stride
    reordering.pixelRowStride = pixelRow * MemoryLayout<Pixel>.stride
    reordering.pixelColumnStride = pixel * MemoryLayout<Pixel>.stride
    reordering.scale = 0.01
    reordering.zeroPoint = 120
    reordering.input = UnsafeRawPointer(reversed ? planar.base : interleaved.base)
    for kernel in kernels(for: operation) {
      // What is not written must stay.
      let planes = Guarded(planar.array, at: .init(seed))
      let pixels = Guarded(interleaved.array, at: .init(seed))
      reordering.input = UnsafeRawPointer(reversed ? pixels.base : planes.base)
      reordering.output = reversed ? planes.base : pixels.base
      kernel.run(unchecked: &reordering)
      #expect(planes.array == expectedPlanes, "\(kernel.name), \(shape)")
      #expect(pixels.array == expectedPixels, "\(kernel.name), \(shape)")
    }
  }

  @Test("Values and codes change places and nothing else", arguments: shapes, [0, 1] as [UInt64])
  func places(shape: Shape, seed: UInt64) {
    var generator = Generator(seed: seed)
    for (operation, reversed) in [(.interleaveValues, false), (.deinterleaveValues, true)]
      as [(Kernels.Operation, Bool)]
    {
      check(operation, reversed: reversed, shape: shape, seed: seed) {
        generator.values($0)
      } pixels: {
        Generator(seed: seed).filled($0)
      } forth: {
        $0
      } back: {
        $0
      }
    }
    for (operation, reversed) in [(.interleaveCodes, false), (.deinterleaveCodes, true)]
      as [(Kernels.Operation, Bool)]
    {
      var other = Generator(seed: seed &+ 9)
      check(operation, reversed: reversed, shape: shape, seed: seed) {
        generator.codes($0)
      } pixels: {
        other.codes($0)
      } forth: {
        $0
      } back: {
        $0
      }
    }
  }

  @Test("Codes are quantized and dequantized on the way", arguments: shapes, [0, 1] as [UInt64])
  func codes(shape: Shape, seed: UInt64) {
    var generator = Generator(seed: seed)
    var other = Generator(seed: seed &+ 9)
    for (operation, reversed) in [
      (.interleaveQuantizing, false), (.deinterleaveDequantizing, true),
    ]
      as [(Kernels.Operation, Bool)]
    {
      check(operation, reversed: reversed, shape: shape, seed: seed) {
        generator.values($0).map { $0 * 2 }
      } pixels: {
        other.codes($0)
      } forth: {
        MapTests.quantized($0, scale: 0.01, zeroPoint: 120)
      } back: {
        Float(Int($0) - 120) * 0.01
      }
    }
  }
}
