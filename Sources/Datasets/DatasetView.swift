import Tensors

/// Items of another set: some of them, or all in another size.
struct DatasetView: Sendable {
  let base: Dataset
  /// Which items, in this order; nil for all.
  let indices: [Int]?
  /// Rows and columns of the pictures; nil as they are.
  let size: [Int]?

  func item(at index: Int) throws(DatasetError) -> AnyTensor {
    resized(try base.item(at: indices.map { $0[index] } ?? index))
  }

  func batch(_ items: some Collection<Int>) throws(DatasetError) -> AnyTensor {
    let chosen = indices.map { indices in items.map { indices[$0] } } ?? Array(items)
    guard let size, base.holdsPixels else { return try base.batch(chosen) }
    var scalars: [UInt8] = []
    var channels = 0
    for index in chosen {
      guard case .uint8(let picture) = resized(try base.item(at: index)) else { continue }
      channels = picture.shape[0]
      scalars += picture.scalars
    }
    return .uint8(Tensor(shape: [chosen.count, channels, size[0], size[1]], scalars: scalars))
  }

  private func resized(_ item: AnyTensor) -> AnyTensor {
    guard let size, case .uint8(let picture) = item, picture.shape.rank == 3 else { return item }
    return .uint8(Resampling.bilinear(picture, rows: size[0], columns: size[1]))
  }
}

extension Dataset {
  /// The same pictures in another size, by `Resampling.bilinear`; each is resized when it is asked for.
  ///
  ///     let large = try Dataset.cifar10(folder, split: .train).resized(rows: 40, columns: 40)
  ///     large.itemShape      // 3x40x40
  ///
  /// - Precondition: pictures `[C, H, W]` of one size, and positive extents.
  public func resized(rows: Int, columns: Int) -> Dataset {
    precondition(holdsPixels && itemShape?.rank == 3, "Pictures of one size can be resized")
    precondition(rows > 0 && columns > 0, "A picture has rows and columns")
    let channels = itemShape?[0] ?? 0
    return Dataset(
      name: name, split: split, classNames: classNames, count: count, itemShape: [channels, rows, columns],
      labels: labels, note: note, items: .view(DatasetView(base: self, indices: nil, size: [rows, columns])))
  }

  /// Some of the items, in the order of `indices`.
  ///
  /// - Precondition: every index lies in `0..<count`.
  public func selecting(_ indices: [Int]) -> Dataset {
    precondition(indices.allSatisfy { (0..<count).contains($0) }, "An item's index lies in 0..<count")
    return Dataset(
      name: name, split: split, classNames: classNames, count: indices.count, itemShape: itemShape,
      labels: labels.map { labels in indices.map { labels[$0] } }, note: note,
      items: .view(DatasetView(base: self, indices: indices, size: nil)))
  }

  /// Divides the set: items that are held back to choose settings by, and the others to train with.
  ///
  ///     let (kept, heldBack) = try Dataset.cifar10(folder, split: .train).holdingBack(4_000)
  ///
  /// Which items are held back is drawn at random, the same for the same number, seed and count of the set; both parts are in the
  /// order of the whole.
  ///
  /// - Parameters:
  ///   - heldBackCount: in `0...count`.
  ///   - seed: of the draw; one for all who compare results.
  public func holdingBack(_ heldBackCount: Int, seed: UInt64 = 1) -> (kept: Dataset, heldBack: Dataset) {
    precondition((0...count).contains(heldBackCount), "As many items as there are can be held back")
    let chosen = Set(sample(heldBackCount, seed: seed))
    return (
      selecting((0..<count).filter { !chosen.contains($0) }), selecting((0..<count).filter { chosen.contains($0) })
    )
  }
}
