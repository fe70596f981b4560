import Tensors

/// Brings pictures to another size.
public enum Resampling {
  /// Resizes by a triangle filter as wide as two target pixels when shrinking (so nothing is skipped) and two source
  /// pixels when growing; columns first, then rows, bytes in between.
  ///
  /// Gives the bytes of Pillow's `Image.resize(size, Image.BILINEAR)`, which is what torchvision's `Resize` calls for
  /// pictures: weights are rounded to 22 bits, sums to the nearest byte.
  ///
  /// - Parameters:
  ///   - picture: `[C, H, W]`, no extent 0.
  ///   - rows: of the result.
  ///   - columns: of the result.
  /// - Returns: `[C, rows, columns]`.
  /// - Precondition: all extents are positive.
  /// - Source: the separable resampling of Pillow, `src/libImaging/Resample.c`.
  public static func bilinear(_ picture: Tensor<UInt8>, rows: Int, columns: Int) -> Tensor<UInt8> {
    precondition(picture.shape.rank == 3 && picture.shape.elementCount > 0, "A picture is [C, H, W], not empty")
    precondition(rows > 0 && columns > 0, "A picture has rows and columns")
    var result = picture
    if columns != picture.shape[2] {
      result = alongColumns(result, ResamplingWeights(from: picture.shape[2], to: columns))
    }
    if rows != picture.shape[1] {
      result = alongRows(result, ResamplingWeights(from: picture.shape[1], to: rows))
    }
    return result
  }

  private static func alongColumns(_ picture: Tensor<UInt8>, _ weights: ResamplingWeights) -> Tensor<UInt8> {
    let (width, newWidth) = (picture.shape[2], weights.spans.count)
    let shape: Shape = [picture.shape[0], picture.shape[1], newWidth]
    let scalars = [UInt8](unsafeUninitializedCapacity: shape.elementCount) { target, count in
      picture.scalars.withUnsafeBufferPointer { source in
        for row in 0..<shape[0] * shape[1] {
          for (column, span) in weights.spans.enumerated() {
            var sum = ResamplingWeights.half
            for tap in 0..<span.count {
              sum &+= Int32(source[row * width + span.first + tap]) &* weights.taps[span.tap + tap]
            }
            target[row * newWidth + column] = ResamplingWeights.byte(sum)
          }
        }
      }
      count = shape.elementCount
    }
    return Tensor(shape: shape, scalars: scalars)
  }

  private static func alongRows(_ picture: Tensor<UInt8>, _ weights: ResamplingWeights) -> Tensor<UInt8> {
    let (height, width, newHeight) = (picture.shape[1], picture.shape[2], weights.spans.count)
    let shape: Shape = [picture.shape[0], newHeight, width]
    let scalars = [UInt8](unsafeUninitializedCapacity: shape.elementCount) { target, count in
      picture.scalars.withUnsafeBufferPointer { source in
        for channel in 0..<shape[0] {
          for (row, span) in weights.spans.enumerated() {
            let start = (channel * height + span.first) * width
            for column in 0..<width {
              var sum = ResamplingWeights.half
              for tap in 0..<span.count {
                sum &+= Int32(source[start + tap * width + column]) &* weights.taps[span.tap + tap]
              }
              target[(channel * newHeight + row) * width + column] = ResamplingWeights.byte(sum)
            }
          }
        }
      }
      count = shape.elementCount
    }
    return Tensor(shape: shape, scalars: scalars)
  }
}

/// For each target position, which source positions count, and how much.
struct ResamplingWeights {
  struct Span {
    var first: Int
    var count: Int
    /// Where its weights begin in `taps`.
    var tap: Int
  }

  static let fractionBits: Int32 = 22
  static let half: Int32 = 1 << (fractionBits - 1)
  private(set) var spans: [Span] = []
  private(set) var taps: [Int32] = []

  init(from sourceCount: Int, to targetCount: Int) {
    let scale = Double(sourceCount) / Double(targetCount)
    let support = max(scale, 1)
    for target in 0..<targetCount {
      let center = (Double(target) + 0.5) * scale
      let first = max(Int(center - support + 0.5), 0)
      let last = min(Int(center + support + 0.5), sourceCount)
      let weights = (first..<last).map { max(0, 1 - ((Double($0) - center + 0.5) / support).magnitude) }
      let total = weights.reduce(0, +)
      spans.append(Span(first: first, count: weights.count, tap: taps.count))
      taps += weights.map { Int32(0.5 + $0 / total * Double(1 << Self.fractionBits)) }
    }
  }

  static func byte(_ sum: Int32) -> UInt8 { UInt8(clamping: sum >> fractionBits) }
}
