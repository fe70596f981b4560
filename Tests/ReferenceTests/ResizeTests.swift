import Graphs
import Reference
import Tensors
import Testing

/// Expected values are those of the examples in ONNX's description of `Resize`.
@Suite struct ResizeTests {
  let ramp = floats([1, 1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8])
  let square = floats([1, 1, 4, 4], (1...16).map(Float.init))

  private func resized(
    _ x: Constant, _ interpolation: Resize.Interpolation, _ coordinates: Resize.Coordinates, to extents: [Int],
    scale: Float, excludesOutside: Bool = false, antialiases: Bool = false
  ) throws -> [Float] {
    try evaluated(
      .resize(
        Resize(
          interpolation: interpolation, coordinates: coordinates, extents: ([1, 1] + extents).map(Dimension.fixed),
          scales: [1, 1, scale, scale], excludesOutside: excludesOutside, antialiases: antialiases)), x)
  }

  @Test func linearDownsampling() throws {
    let found = try resized(ramp, .linear, .halfPixel, to: [1, 2], scale: 0.6)
    #expect(zip(found, [2.6666665, 4.3333331]).allSatisfy { abs($0 - $1) < 1e-5 })
    let aligned = try resized(ramp, .linear, .alignCorners, to: [1, 2], scale: 0.6)
    #expect(zip(aligned, [1, 3.142857]).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func cubicDownsampling() throws {
    let cubic = Resize.Interpolation.cubic(coefficient: -0.75)
    let found = try resized(square, cubic, .halfPixel, to: [3, 3], scale: 0.8)
    let expected: [Float] = [
      1.47119141, 2.78125, 4.08251953, 6.71142578, 8.02148438, 9.32275391, 11.91650391, 13.2265625, 14.52783203,
    ]
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 })
    let excluding = try resized(
      square, .cubic(coefficient: -0.5), .halfPixel, to: [3, 3], scale: 0.8, excludesOutside: true)
    let expectedExcluding: [Float] = [
      1.36812675, 2.6695014, 4.0133367, 6.57362535, 7.875, 9.2188353, 11.94896657, 13.25034122, 14.59417652,
    ]
    #expect(zip(excluding, expectedExcluding).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test func antialiasedDownsampling() throws {
    let found = try resized(square, .linear, .halfPixel, to: [2, 2], scale: 0.6, antialiases: true)
    #expect(zip(found, [2.875, 4.5, 9.375, 11]).allSatisfy { abs($0 - $1) < 1e-4 })
    let cubic = try resized(
      square, .cubic(coefficient: -0.75), .halfPixel, to: [2, 2], scale: 0.6, antialiases: true)
    #expect(zip(cubic, [2.5180721, 4.2858863, 9.589329, 11.357142]).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test func nearestRounding() throws {
    // Positions 0.5 and 2.5 of the input lie halfway.
    let x = floats([1, 1, 1, 4], [1, 2, 3, 4])
    func nearest(_ rounding: Resize.Rounding) throws -> [Float] {
      let resize = Resize(
        interpolation: .nearest(rounding), coordinates: .halfPixel, extents: [1, 1, 1, 2], scales: [1, 1, 1, 0.5])
      return try evaluated(.resize(resize), x)
    }
    #expect(try nearest(.halfDown) == [1, 3])
    #expect(try nearest(.halfUp) == [2, 4])
    #expect(try nearest(.floor) == [1, 3])
    #expect(try nearest(.ceiling) == [2, 4])
  }

  @Test func aScaleRoundedForStoringStandsForTheFraction() throws {
    let resize = Resize(
      interpolation: .nearest(.halfDown), coordinates: .asymmetric, extents: [10], scales: [Float(10) / 3])
    // Position 5 shows 5 · 3 / 10 = 1.5, exactly halfway.
    #expect(try evaluated(.resize(resize), floats([3], [0, 1, 2]))[5] == 1)
  }

  @Test("Growing by whole factors repeats elements", arguments: [2, 3])
  func nearestGrowth(factor: Int) throws {
    let resize = Resize(
      interpolation: .nearest(.floor), coordinates: .asymmetric, extents: [.fixed(2 * factor)], scales: [Float(factor)])
    let found = try evaluated(.resize(resize), floats([2], [5, 6]))
    #expect(found == [Float](repeating: 5, count: factor) + [Float](repeating: 6, count: factor))
  }
}
