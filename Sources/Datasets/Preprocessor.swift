import ModelFormat
import Tensors

/// Applies a model's `Preprocessing` to pictures.
///
///     let preprocessor = try Preprocessor(Preprocessing(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]),
///       inputShape: [1, 3, 32, 32])
///     let inputs = try preprocessor.batch(cifar, 0..<128)      // 128x3x32x32
///
/// In this order: the shorter side is brought to `resize` pixels (bilinear, see `Resampling`); `crop` rows and columns,
/// or the model's own, are cut from the center; if that is not the model's size yet, it is resized to it; gray is
/// repeated, or colors are weighted to gray, when the model's channels ask for it; then `(pixel · scale − mean) / std` in
/// float32, each of the three rounded.
///
/// Features that are real numbers already are passed on as they are.
public struct Preprocessor: Sendable {
  public let preprocessing: Preprocessing
  /// The model's input; the first extent is the batch and does not count.
  public let inputShape: Shape

  /// The model's channels, rows and columns; nil when its input is not a picture.
  private let extents: PictureExtents?
  /// The number of elements of one input.
  private let itemElementCount: Int
  /// The result for each byte, 256 for each channel of the model.
  private let table: [Float]

  /// - Parameters:
  ///   - preprocessing: the model's.
  ///   - inputShape: `[N, C, H, W]` or `[N, H, W, C]` as the layout says, or `[N, ...]` of another rank for inputs that
  ///     are not pictures; those take items with the same number of elements, and one mean.
  /// - Throws: what is wrong with the settings.
  public init(_ preprocessing: Preprocessing, inputShape: Shape) throws(PreprocessingError) {
    guard let item = try? Shape(checking: Array(inputShape.dimensions.dropFirst())), inputShape.rank >= 1,
      (1...Self.maximumElementCount).contains(item.elementCount)
    else { throw .unsupportedInputShape(inputShape) }
    let extents = PictureExtents(inputShape, preprocessing.layout)
    let channels = extents?.channels ?? 1
    try preprocessing.check(channels: channels)
    self.preprocessing = preprocessing
    self.inputShape = inputShape
    self.extents = extents
    self.itemElementCount = item.elementCount
    var table: [Float] = []
    for channel in 0..<channels {
      let mean = preprocessing.mean[preprocessing.mean.count == 1 ? 0 : channel]
      let std = preprocessing.std[preprocessing.std.count == 1 ? 0 : channel]
      table += (0...255).map { (Float($0) * preprocessing.scale - mean) / std }
    }
    self.table = table
  }

  /// Elements of an input beyond which a model's shape is taken for damage.
  private static let maximumElementCount = 1 << 28

  /// The shape of `count` inputs.
  public func batchShape(_ count: Int) -> Shape { Shape([count] + inputShape.dimensions.dropFirst()) }

  /// One picture `[C, H, W]`, or other bytes, as a model input with a batch of 1.
  public func input(_ pixels: Tensor<UInt8>) throws(PreprocessingError) -> Tensor<Float> {
    let prepared = try prepared(pixels)
    var scalars = [Float](repeating: 0, count: itemElementCount)
    scalars.withUnsafeMutableBufferPointer { target in
      prepared.scalars.withUnsafeBufferPointer { normalize($0, to: target) }
    }
    return Tensor(shape: batchShape(1), scalars: scalars)
  }

  /// Several items of a set as one model input, in the order of `indices`.
  ///
  /// - Throws: what reading throws, and `.preprocessing` with the item.
  public func batch(_ dataset: Dataset, _ indices: some Collection<Int>) throws(DatasetError) -> Tensor<Float> {
    if let shape = dataset.itemShape {
      let whole = try dataset.batch(indices)
      switch whole {
      case .uint8(let pixels) where fits(shape): return normalizedBatch(pixels, count: indices.count)
      case .float32(let features):
        guard shape.elementCount == itemElementCount else {
          throw DatasetError(.preprocessing(.shapeMismatch(item: shape, input: inputShape)), file: dataset.name)
        }
        return features.reshaped(batchShape(indices.count))
      case .uint8, .int8, .int16, .int32, .int64, .bool: break
      }
    }
    var scalars: [Float] = []
    scalars.reserveCapacity(itemElementCount * indices.count)
    for index in indices {
      guard case .uint8(let pixels) = try dataset.item(at: index) else { continue }
      do {
        scalars += try input(pixels).scalars
      } catch {
        throw DatasetError(.preprocessing(error), file: dataset.name, item: index)
      }
    }
    return Tensor(shape: batchShape(indices.count), scalars: scalars)
  }

  /// True when items of this shape need nothing but arithmetic.
  private func fits(_ shape: Shape) -> Bool {
    guard let extents else { return shape.elementCount == itemElementCount }
    return shape == extents.shape && (preprocessing.resize ?? extents.shorterSide) == extents.shorterSide
      && preprocessing.crop ?? [extents.rows, extents.columns] == [extents.rows, extents.columns]
  }

  private func normalizedBatch(_ pixels: Tensor<UInt8>, count: Int) -> Tensor<Float> {
    let size = itemElementCount
    let scalars = [Float](unsafeUninitializedCapacity: size * count) { target, initialized in
      pixels.scalars.withUnsafeBufferPointer { source in
        for item in 0..<count {
          let range = item * size..<(item + 1) * size
          normalize(.init(rebasing: source[range]), to: .init(rebasing: target[range]))
        }
      }
      initialized = size * count
    }
    return Tensor(shape: batchShape(count), scalars: scalars)
  }

  /// Bytes of the model's size, channels in the picture's order.
  private func prepared(_ pixels: Tensor<UInt8>) throws(PreprocessingError) -> Tensor<UInt8> {
    guard let extents else {
      guard fits(pixels.shape) else { throw .shapeMismatch(item: pixels.shape, input: inputShape) }
      return pixels
    }
    guard pixels.shape.rank == 3, pixels.shape.elementCount > 0 else {
      throw .shapeMismatch(item: pixels.shape, input: inputShape)
    }
    guard let channeled = pixels.withChannels(extents.channels) else {
      throw .channelMismatch(item: pixels.shape[0], input: extents.channels)
    }
    let resized = try preprocessing.resized(channeled)
    let cropped = try resized.croppedCenter(preprocessing.crop ?? [extents.rows, extents.columns])
    return Resampling.bilinear(cropped, rows: extents.rows, columns: extents.columns)
  }

  /// The arithmetic and the model's order of channels, for one item of the model's size.
  private func normalize(_ source: UnsafeBufferPointer<UInt8>, to target: UnsafeMutableBufferPointer<Float>) {
    table.withUnsafeBufferPointer { table in
      guard let extents else {
        for index in 0..<source.count { target[index] = table[Int(source[index])] }
        return
      }
      let plane = extents.rows * extents.columns
      for channel in 0..<extents.channels {
        let sourceChannel = preprocessing.channelOrder == .bgr ? extents.channels - 1 - channel : channel
        let values = UnsafeBufferPointer(rebasing: table[channel * 256..<channel * 256 + 256])
        let bytes = UnsafeBufferPointer(rebasing: source[sourceChannel * plane..<(sourceChannel + 1) * plane])
        switch preprocessing.layout {
        case .planar:
          for pixel in 0..<plane { target[channel * plane + pixel] = values[Int(bytes[pixel])] }
        case .interleaved:
          for pixel in 0..<plane { target[pixel * extents.channels + channel] = values[Int(bytes[pixel])] }
        }
      }
    }
  }
}

/// Channels, rows and columns of a model's picture input.
private struct PictureExtents: Sendable {
  var channels: Int
  var rows: Int
  var columns: Int

  init?(_ inputShape: Shape, _ layout: Preprocessing.Layout) {
    guard inputShape.rank == 4 else { return nil }
    switch layout {
    case .planar: (channels, rows, columns) = (inputShape[1], inputShape[2], inputShape[3])
    case .interleaved: (rows, columns, channels) = (inputShape[1], inputShape[2], inputShape[3])
    }
  }

  var shape: Shape { [channels, rows, columns] }
  var shorterSide: Int { min(rows, columns) }
}
