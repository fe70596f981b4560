import ModelFormat
import Tensors

/// Most bytes of one picture while it is being brought to size.
private let maximumByteCount = 256 << 20

extension Preprocessing {
  /// - Throws: the first setting that makes no sense for a model with so many channels.
  func check(channels: Int) throws(PreprocessingError) {
    guard scale.isFinite else { throw .invalidScale(scale) }
    for (name, values) in [("mean", mean), ("std", std)] where values.count != 1 && values.count != channels {
      throw .wrongCount(of: name, count: values.count, channels: channels)
    }
    if let value = mean.first(where: { !$0.isFinite }) { throw .invalidMean(value) }
    if let value = std.first(where: { !$0.isFinite || $0 == 0 }) { throw .invalidStd(value) }
    if let resize, resize < 1 { throw .invalidResize(resize) }
    if let crop, crop.count != 2 || crop.contains(where: { $0 < 1 }) { throw .invalidCrop(crop) }
  }

  /// The picture with its shorter side at `resize` pixels, the longer one in proportion, rounded down.
  func resized(_ picture: Tensor<UInt8>) throws(PreprocessingError) -> Tensor<UInt8> {
    guard let resize else { return picture }
    let (rows, columns) = (picture.shape[1], picture.shape[2])
    let shorter = min(rows, columns)
    // A picture's sides are below 2^31; a setting that is not would be too large in any case.
    let longer = Double(resize) * Double(max(rows, columns)) / Double(shorter)
    let byteCount = Double(resize) * longer * Double(picture.shape[0])
    guard byteCount <= Double(maximumByteCount) else { throw .tooLarge(resize: resize, picture: picture.shape) }
    let longSide = resize * max(rows, columns) / shorter
    return rows <= columns
      ? Resampling.bilinear(picture, rows: resize, columns: longSide)
      : Resampling.bilinear(picture, rows: longSide, columns: resize)
  }
}

extension Tensor where Scalar == UInt8 {
  /// The middle of a picture `[C, H, W]`; an odd margin's halves are rounded to even, as torchvision does.
  func croppedCenter(_ extents: [Int]) throws(PreprocessingError) -> Tensor {
    let (rows, columns) = (extents[0], extents[1])
    guard rows <= shape[1], columns <= shape[2] else { throw .pictureTooSmall(picture: shape, crop: extents) }
    if rows == shape[1] && columns == shape[2] { return self }
    let (top, left) = ((shape[1] - rows + 1) / 2, (shape[2] - columns + 1) / 2)
    var result: [UInt8] = []
    result.reserveCapacity(shape[0] * rows * columns)
    for channel in 0..<shape[0] {
      for row in top..<top + rows {
        let start = (channel * shape[1] + row) * shape[2] + left
        result += scalars[start..<start + columns]
      }
    }
    return Tensor(shape: [shape[0], rows, columns], scalars: result)
  }

  /// The picture with 1 or 3 channels; nil when that cannot be.
  ///
  /// Gray is repeated; colors become gray by ITU-R BT.601's weights in 16 bits, rounded, as in Pillow's `convert("L")`.
  func withChannels(_ channels: Int) -> Tensor? {
    if channels == shape[0] { return self }
    let plane = shape[1] * shape[2]
    switch (shape[0], channels) {
    case (1, 3): return Tensor(shape: [3, shape[1], shape[2]], scalars: scalars + scalars + scalars)
    case (3, 1):
      let gray = (0..<plane).map { pixel in
        let sum =
          19_595 * UInt32(scalars[pixel]) + 38_470 * UInt32(scalars[plane + pixel])
          + 7_471 * UInt32(scalars[2 * plane + pixel])
        return UInt8((sum + 0x8000) >> 16)
      }
      return Tensor(shape: [1, shape[1], shape[2]], scalars: gray)
    case (_, _): return nil
    }
  }
}
