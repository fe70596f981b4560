import Foundation
import Tensors

/// Items with labels: pictures as bytes, or features as real numbers.
///
///     let digits = try Dataset.digits(split: .test)
///     digits.count                      // 360
///     digits.itemShape                  // 1x8x8
///     try digits.batch(0..<32).shape    // 32x1x8x8
///
/// Large files are mapped, pictures in folders are decoded when asked for: opening a set costs little. How items
/// become a model's input is the `Preprocessor`'s business.
public struct Dataset: Sendable {
  /// The specifier's kind, or what the caller named it.
  public let name: String
  /// The part that was asked for; nil if the data have no parts.
  public let split: Split?
  /// Names of the classes by label; empty if unknown.
  public let classNames: [String]
  public let count: Int
  /// The shape of one item, `[C, H, W]` for pictures; nil when pictures differ in size.
  public let itemShape: Shape?
  /// Class of each item; nil if unknown.
  public let labels: [Int]?
  /// What a reader of the results should know about the data, such as a missing part; a sentence.
  public let note: String?

  let items: ItemStore

  init(
    name: String, split: Split?, classNames: [String], count: Int, itemShape: Shape?, labels: [Int]?, note: String?,
    items: ItemStore
  ) {
    self.name = name
    self.split = split
    self.classNames = classNames
    self.count = count
    self.itemShape = itemShape
    self.labels = labels
    self.note = note
    self.items = items
  }

  /// A set from arrays, such as those of an NPZ file.
  ///
  /// - Parameters:
  ///   - name: names the set in errors.
  ///   - inputs: `[N, ...]`. uint8 are pixels, to be pre-processed (pictures as `[N, C, H, W]`); every other type is
  ///     converted to float and given to the model as it is.
  ///   - labels: whole numbers, `[N]` or `[N, 1]`, not negative; nil if there are none.
  ///   - classNames: by label; empty if unknown.
  ///   - split: which part of a set this is; nil if it has none.
  /// - Throws: `.unsupported`, `.countMismatch`, `.damaged` with `name` as the file.
  public init(
    name: String, inputs: AnyTensor, labels: AnyTensor? = nil, classNames: [String] = [], split: Split? = nil
  ) throws(DatasetError) {
    guard inputs.shape.rank >= 1 else { throw DatasetError(.unsupported("an input array of rank 0"), file: name) }
    guard inputs.shape.elementCount > 0 else { throw DatasetError(.unsupported("an empty input array"), file: name) }
    let count = inputs.shape[0]
    let itemShape = Shape(Array(inputs.shape.dimensions.dropFirst()))
    let items: ItemStore =
      switch inputs {
      case .uint8(let tensor):
        .records([RecordBlock(bytes: Data(tensor.scalars), byteCount: itemShape.elementCount, count: count)])
      case .float32(let tensor): .features(tensor.scalars)
      case .int8, .int16, .int32, .int64, .bool: .features(inputs.doubles.map { Float($0) })
      }
    self.init(
      name: name, split: split, classNames: classNames, count: count, itemShape: itemShape,
      labels: try Dataset.classes(labels, count: count, name: name), note: nil, items: items)
  }

  private static func classes(_ labels: AnyTensor?, count: Int, name: String) throws(DatasetError) -> [Int]? {
    guard let labels else { return nil }
    guard labels.shape.elementCount == count else {
      throw DatasetError(.countMismatch(items: count, labels: labels.shape.elementCount), file: name)
    }
    guard let integers = labels.integers else {
      throw DatasetError(.unsupported("labels of type \(labels.elementType)"), file: name)
    }
    if let item = integers.firstIndex(where: { $0 < 0 }) {
      throw DatasetError(.damaged(reason: "label \(integers[item]) is negative"), file: name, item: item)
    }
    return integers.map { Int($0) }
  }
}

extension Dataset {
  /// True when items are pixels, to be pre-processed; false when they are features that a model takes as they are.
  public var holdsPixels: Bool {
    switch items {
    case .records, .pictures: true
    case .features: false
    case .view(let view): view.base.holdsPixels
    }
  }

  /// One item, `uint8` pixels or `float32` features.
  ///
  /// - Precondition: `index` lies in `0..<count`.
  /// - Throws: what decoding a picture throws; never for other sets.
  public func item(at index: Int) throws(DatasetError) -> AnyTensor {
    precondition((0..<count).contains(index), "An item's index lies in 0..<count")
    switch items {
    case .records(let blocks):
      return .uint8(Tensor(shape: shape, scalars: blocks.gather(CollectionOfOne(index), shape.elementCount)))
    case .features(let values):
      let size = shape.elementCount
      return .float32(Tensor(shape: shape, scalars: Array(values[index * size..<(index + 1) * size])))
    case .pictures(let files): return .uint8(try PictureDecoder().decode(file: files[index]))
    case .view(let view): return try view.item(at: index)
    }
  }

  /// Several items as one tensor, `[N, ...]`, in the order of `indices`.
  ///
  /// - Precondition: every index lies in `0..<count`.
  /// - Throws: `.differingShapes` for pictures of different sizes, and what decoding throws.
  public func batch(_ indices: some Collection<Int>) throws(DatasetError) -> AnyTensor {
    precondition(indices.allSatisfy { (0..<count).contains($0) }, "An item's index lies in 0..<count")
    switch items {
    case .records(let blocks):
      return .uint8(
        Tensor(shape: shape.batched(indices.count), scalars: blocks.gather(indices, shape.elementCount)))
    case .features(let values):
      let size = shape.elementCount
      var scalars: [Float] = []
      scalars.reserveCapacity(indices.count * size)
      for index in indices { scalars.append(contentsOf: values[index * size..<(index + 1) * size]) }
      return .float32(Tensor(shape: shape.batched(indices.count), scalars: scalars))
    case .pictures(let files):
      return .uint8(try pictureBatch(indices.map { files[$0] }))
    case .view(let view): return try view.batch(indices)
    }
  }

  private func pictureBatch(_ files: [URL]) throws(DatasetError) -> Tensor<UInt8> {
    var scalars: [UInt8] = []
    var common: Shape?
    for file in files {
      let picture = try PictureDecoder().decode(file: file)
      if let common, common != picture.shape {
        throw DatasetError(.differingShapes(common, picture.shape), file: file.path)
      }
      common = picture.shape
      scalars += picture.scalars
    }
    return Tensor(shape: (common ?? [0, 0, 0]).batched(files.count), scalars: scalars)
  }

  /// Distinct indices drawn at random, the same for the same seed; all of them, shuffled, if there are fewer.
  public func sample(_ sampleCount: Int, seed: UInt64) -> [Int] {
    var generator = SplitMix64(seed: seed)
    var indices = Array(0..<count)
    for position in 0..<min(max(sampleCount, 0), count) {
      indices.swapAt(position, Int.random(in: position..<count, using: &generator))
    }
    return Array(indices.prefix(max(sampleCount, 0)))
  }

  private var shape: Shape { itemShape ?? [0] }
}

extension Shape {
  /// The shape of `count` such items.
  func batched(_ count: Int) -> Shape { Shape([count] + dimensions) }
}
