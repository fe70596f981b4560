import Foundation
import Tensors

extension Dataset {
  /// MNIST: handwritten digits, `[1, 28, 28]`, as four IDX files, plain or gzip.
  ///
  /// - Source: LeCun, Bottou, Bengio, Haffner, *Gradient-Based Learning Applied to Document Recognition*, 1998.
  public static func mnist(_ folder: URL, split: Split) throws(DatasetError) -> Dataset {
    try idx("mnist", folder, split, classNames: (0...9).map { String($0) })
  }

  /// Fashion-MNIST: pictures of clothes in the form of MNIST.
  ///
  /// - Source: Xiao, Rasul, Vollgraf, *Fashion-MNIST*, arXiv 1708.07747.
  public static func fashionMNIST(_ folder: URL, split: Split) throws(DatasetError) -> Dataset {
    try idx(
      "fashion-mnist", folder, split,
      classNames: [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
      ])
  }

  private static func idx(
    _ name: String, _ folder: URL, _ split: Split, classNames: [String]
  ) throws(DatasetError) -> Dataset {
    let advice = "'deepchip data fetch \(name)' gets it."
    let pictureFile = try IDXName.find(.pictures, split, in: folder, advice)
    let labelFile = try IDXName.find(.labels, split, in: folder, advice)
    let pictures = try IDXFile(pictureFile, rank: 3)
    let labels = try IDXFile(labelFile, rank: 1)
    guard pictures.shape[0] == labels.shape[0] else {
      throw DatasetError(.countMismatch(items: pictures.shape[0], labels: labels.shape[0]), file: labelFile.path)
    }
    let classes = labels.bytes[labels.offset...].map { Int($0) }
    if let item = classes.firstIndex(where: { $0 >= classNames.count }) {
      let problem = DatasetError.Problem.invalidLabel(classes[item], classCount: classNames.count)
      throw DatasetError(problem, file: labelFile.path, item: item)
    }
    let shape: Shape = [1, pictures.shape[1], pictures.shape[2]]
    let block = RecordBlock(
      bytes: pictures.bytes, offset: pictures.offset, stride: shape.elementCount, byteCount: shape.elementCount,
      count: classes.count)
    let official = split == .train ? 60_000 : 10_000
    let note = classes.count == official ? nil : "Holds \(classes.count) of the \(official) \(split) pictures."
    return Dataset(
      name: name, split: split, classNames: classNames, count: classes.count, itemShape: shape, labels: classes,
      note: note, items: .records([block]))
  }
}

/// How the four files may be named: `train-images-idx3-ubyte`, `t10k-labels.idx1-ubyte.gz`; a first part of the
/// training set as `train20k-...`.
private enum IDXName {
  enum Content: String {
    case pictures = "-images-idx3-ubyte"
    case labels = "-labels-idx1-ubyte"
  }

  /// The file with the shortest matching name, so the whole set is preferred to a part, and plain to gzip.
  static func find(
    _ content: Content, _ split: Split, in folder: URL, _ advice: String
  ) throws(DatasetError) -> URL {
    let prefix = split == .train ? "train" : "t10k"
    let matches = try FileAccess.entries(of: folder, advice: advice).filter { file in
      var name = file.lastPathComponent
      if name.hasSuffix(".gz") { name = String(name.dropLast(3)) }
      return name.hasPrefix(prefix) && name.replacingOccurrences(of: ".idx", with: "-idx").hasSuffix(content.rawValue)
    }
    guard let file = matches.min(by: { $0.lastPathComponent.count < $1.lastPathComponent.count }) else {
      let expected = folder.appendingPathComponent(prefix + content.rawValue)
      throw DatasetError(.missing(advice: advice), file: expected.path)
    }
    return file
  }
}
