import Tensors

/// Changes of pictures `[C, H, W]` that keep their class: light, shifted by padding and cropping, mirrored, scaled.
public struct Augmentation: Sendable, Hashable {
  /// Zeros around the picture before a part of its size is cut out; 0 for no shift.
  public var padding: Int
  /// Whether every other picture is mirrored left to right.
  public var flips: Bool
  /// Other brightness and contrast; nil for pictures as they are.
  public var light: LightChange?
  /// Factors on the size, drawn evenly; what is in the middle stays there. Nil for none.
  ///
  /// The picture keeps its extents: enlarged ones are cut, reduced ones have zeros around them. Between pixels values
  /// are bilinear.
  public var scales: ClosedRange<Float>?

  public init(
    padding: Int = 0, flips: Bool = false, light: LightChange? = nil, scales: ClosedRange<Float>? = nil
  ) {
    self.padding = padding
    self.flips = flips
    self.light = light
    self.scales = scales
  }

  /// Why items of these extents cannot be changed; nil if they can.
  func objection(to extents: [Int]) -> String? {
    guard extents.count == 3 else { return "augmentation of items that are not [C, H, W]" }
    guard padding >= 0 else { return "augmentation with a negative padding" }
    if let light, !light.fits(channels: extents[0]) {
      return "a change of light that is not one positive number or one a channel"
    }
    if let scales, !(scales.lowerBound > 0 && scales.upperBound.isFinite) { return "scales that are not positive" }
    return nil
  }

  /// Writes a changed copy of one picture.
  ///
  /// - Parameters:
  ///   - shape: `[C, H, W]`.
  ///   - generator: gives shift and mirroring, then light, then scale.
  func apply(
    _ source: UnsafePointer<Float>, _ shape: [Int], into target: UnsafeMutablePointer<Float>,
    _ generator: inout SplitMix64
  ) {
    let (channels, height, width) = (shape[0], shape[1], shape[2])
    let down = Int.random(in: -padding...padding, using: &generator)
    let right = Int.random(in: -padding...padding, using: &generator)
    let isMirrored = flips && Bool.random(using: &generator)
    let light = light.map { $0.drawn(&generator) }
    let scale = scales.map { $0.lowerBound + ($0.upperBound - $0.lowerBound) * generator.nextUnit() }
    let plane = height * width
    // Values of the source after the change of light; zeros around the picture stay zeros.
    let lit = light == nil ? nil : UnsafeMutablePointer<Float>.allocate(capacity: plane)
    defer { lit?.deallocate() }
    for c in 0..<channels {
      var from = source + c * plane
      if let light, let lit {
        light.apply(from, into: lit, count: plane, channel: c)
        from = UnsafePointer(lit)
      }
      let to = target + c * plane
      for y in 0..<height {
        for x in 0..<width {
          let column = isMirrored ? width - 1 - x : x
          if let scale {
            to[y * width + x] = Self.sample(
              from, height, width, Self.place(y, height, scale) + Float(down),
              Self.place(column, width, scale) + Float(right))
          } else {
            let (fromY, fromX) = (y + down, column + right)
            let isInside = fromY >= 0 && fromY < height && fromX >= 0 && fromX < width
            to[y * width + x] = isInside ? from[fromY * width + fromX] : 0
          }
        }
      }
    }
  }

  /// Where a pixel of the scaled picture comes from; pixels have their centers at halves.
  private static func place(_ index: Int, _ extent: Int, _ scale: Float) -> Float {
    let middle = Float(extent) / 2
    return (Float(index) + 0.5 - middle) / scale + middle - 0.5
  }

  /// The bilinear value between pixels, zeros around the picture.
  private static func sample(
    _ plane: UnsafePointer<Float>, _ height: Int, _ width: Int, _ y: Float, _ x: Float
  ) -> Float {
    let (top, left) = (y.rounded(.down), x.rounded(.down))
    let (row, column) = (Int(top), Int(left))
    func pixel(_ y: Int, _ x: Int) -> Float {
      y >= 0 && y < height && x >= 0 && x < width ? plane[y * width + x] : 0
    }
    let (a, b) = (y - top, x - left)
    let upper = pixel(row, column) * (1 - b) + pixel(row, column + 1) * b
    let lower = pixel(row + 1, column) * (1 - b) + pixel(row + 1, column + 1) * b
    return upper * (1 - a) + lower * a
  }
}
