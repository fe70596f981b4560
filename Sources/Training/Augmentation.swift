import Tensors

/// Changes of pictures `[C, H, W]` that keep their class: shifted by padding and cropping, and mirrored.
public struct Augmentation: Sendable, Hashable {
  /// Zeros around the picture before a part of its size is cut out; 0 for no shift.
  public var padding: Int
  /// Whether every other picture is mirrored left to right.
  public var flips: Bool

  public init(padding: Int = 0, flips: Bool = false) {
    self.padding = padding
    self.flips = flips
  }

  /// Writes a changed copy of one picture.
  ///
  /// - Parameters:
  ///   - shape: `[C, H, W]`.
  ///   - generator: gives the shift and the mirroring.
  func apply(
    _ source: UnsafePointer<Float>, _ shape: [Int], into target: UnsafeMutablePointer<Float>,
    _ generator: inout SplitMix64
  ) {
    let (channels, height, width) = (shape[0], shape[1], shape[2])
    let down = Int.random(in: -padding...padding, using: &generator)
    let right = Int.random(in: -padding...padding, using: &generator)
    let isMirrored = flips && Bool.random(using: &generator)
    for c in 0..<channels {
      for y in 0..<height {
        for x in 0..<width {
          let (fromY, fromX) = (y + down, (isMirrored ? width - 1 - x : x) + right)
          let isInside = fromY >= 0 && fromY < height && fromX >= 0 && fromX < width
          target[(c * height + y) * width + x] = isInside ? source[(c * height + fromY) * width + fromX] : 0
        }
      }
    }
  }
}
