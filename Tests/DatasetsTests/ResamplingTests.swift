import Datasets
import Tensors
import Testing

@Suite struct ResamplingTests {
  /// The picture of `resampling-vectors.py`.
  private func picture(width: Int, height: Int) -> Tensor<UInt8> {
    let scalars = (0..<height).flatMap { y in
      (0..<width).map { x in UInt8(truncatingIfNeeded: x * 37 + y * 59 + x * y * 11) }
    }
    return Tensor(shape: [1, height, width], scalars: scalars)
  }

  @Test(
    "Pictures equal Pillow's; resampling-vectors.py makes the expectations",
    arguments: [
      (
        (13, 9), (5, 4),
        [94, 147, 128, 117, 128, 159, 129, 121, 124, 153, 128, 148, 137, 97, 113, 125, 155, 137, 106, 130]
      ),
      (
        (5, 4), (8, 7),
        [
          0, 16, 39, 62, 86, 109, 132, 148, 21, 39, 64, 90, 116, 142, 167, 185, 55, 75, 105, 134, 164, 194, 223, 244,
          89, 112, 146, 179, 172, 126, 151, 175, 122, 149, 185, 211, 168, 56, 79, 105, 156, 185, 216, 154, 116, 100,
          135, 164, 177, 208, 235, 119, 83, 127, 170, 201,
        ]
      ),
      ((7, 5), (7, 2), [59, 107, 143, 133, 181, 113, 161, 177, 166, 131, 143, 131, 85, 155]),
      (
        (6, 3), (4, 6),
        [
          14, 66, 119, 171, 30, 86, 143, 159, 61, 125, 190, 134, 93, 157, 181, 125, 124, 182, 114, 132, 140, 194, 81,
          135,
        ]
      ),
    ] as [((Int, Int), (Int, Int), [UInt8])])
  func pillow(source: (Int, Int), target: (Int, Int), expected: [UInt8]) {
    let resized = Resampling.bilinear(
      picture(width: source.0, height: source.1), rows: target.1, columns: target.0)
    #expect(resized == Tensor(shape: [1, target.1, target.0], scalars: expected))
  }

  /// The definition in real numbers: the weighted mean under a triangle as wide as the larger of both pixels.
  private func plain(_ line: [Double], to count: Int) -> [Double] {
    let scale = Double(line.count) / Double(count)
    return (0..<count).map { target in
      let center = (Double(target) + 0.5) * scale
      let weights = line.indices.map { max(0, 1 - abs(Double($0) + 0.5 - center) / max(scale, 1)) }
      return zip(line, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    }
  }

  @Test(
    "A picture is the triangle-weighted mean of its neighbors",
    arguments: [(1, 1), (1, 9), (9, 1), (31, 32), (32, 31), (64, 7), (7, 64), (33, 11)], UInt64(0)..<3)
  func definition(size: (Int, Int), seed: UInt64) {
    let (width, newWidth) = size
    let source = Tensor(shape: [2, 3, width], scalars: noise(6 * width, seed: seed))
    let resized = Resampling.bilinear(source, rows: 3, columns: newWidth)
    #expect(resized.shape == [2, 3, newWidth])
    for line in 0..<6 {
      let expected = plain(source.scalars[line * width..<(line + 1) * width].map(Double.init), to: newWidth)
      for (a, b) in zip(resized.scalars[line * newWidth..<(line + 1) * newWidth], expected) {
        // Half a step by rounding to a byte, and a little by rounding the weights.
        #expect(abs(Double(a) - b) <= 0.501)
      }
    }
  }

  @Test("Rows are treated as columns are", arguments: UInt64(0)..<4)
  func transposition(seed: UInt64) {
    let bytes = noise(35, seed: seed)
    let lying = Resampling.bilinear(Tensor(shape: [1, 1, 35], scalars: bytes), rows: 1, columns: 12)
    let standing = Resampling.bilinear(Tensor(shape: [1, 35, 1], scalars: bytes), rows: 12, columns: 1)
    #expect(lying.scalars == standing.scalars)
  }
}
