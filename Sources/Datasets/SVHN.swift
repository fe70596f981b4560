import Foundation
import Tensors

extension Dataset {
  /// SVHN, cropped: house numbers photographed from the street, one digit in the middle, `[3, 32, 32]`.
  ///
  /// Reads `train_32x32.mat`, and `extra_32x32.mat` after it if that is there, for training; `test_32x32.mat` for testing. The
  /// files hold `X`, 32 x 32 x 3 x N bytes with the rows fastest, and `y`, N labels, where 10 stands for the digit 0.
  ///
  /// - Parameters:
  ///   - folder: the folder with the files.
  ///   - split: which of the files.
  /// - Throws: `.missing`, and `.truncated`, `.damaged`, `.unsupported` with the file and the place of the array.
  /// - Source: Netzer et al., *Reading Digits in Natural Images with Unsupervised Feature Learning*, 2011;
  ///   <http://ufldl.stanford.edu/housenumbers/>.
  public static func svhn(_ folder: URL, split: Split) throws(DatasetError) -> Dataset {
    let extra = folder.appendingPathComponent("extra_32x32.mat")
    let hasExtra = split == .train && FileAccess.exists(extra)
    var (blocks, labels): ([RecordBlock], [Int]) = ([], [])
    for file in [folder.appendingPathComponent("\(split)_32x32.mat")] + (hasExtra ? [extra] : []) {
      let part = try SVHNFile(file)
      blocks += part.blocks
      labels += part.labels
    }
    let wholeCount = split == .test ? 26_032 : hasExtra ? 604_388 : 73_257
    let files = "\(split == .test ? "test" : "training") file\(hasExtra ? " and the extra one" : "")"
    let holds = "Holds \(labels.count) pictures of the \(files)"
    return Dataset(
      name: "svhn", split: split, classNames: (0...9).map { String($0) }, count: labels.count,
      itemShape: [3, 32, 32], labels: labels, note: labels.count == wholeCount && !hasExtra ? nil : "\(holds).",
      items: .records(blocks))
  }
}

/// Pictures and labels of one file.
private struct SVHNFile {
  var blocks: [RecordBlock] = []
  var labels: [Int] = []

  private static let extents = [32, 32, 3]
  /// Pictures that are read and turned at a time: 24 MiB.
  private static let blockCount = 8192

  init(_ url: URL) throws(DatasetError) {
    let file = try MATFile(url, advice: "'deepchip data fetch svhn' gets it.")
    var (pictureCount, hasLabels): (Int?, Bool) = (nil, false)
    while let array = try file.next() {
      switch array.name {
      case "X" where pictureCount == nil: pictureCount = try readPictures(array, file)
      case "y" where !hasLabels:
        try readLabels(array, file)
        hasLabels = true
      default: break
      }
    }
    guard let pictureCount, hasLabels else {
      throw DatasetError(.damaged(reason: "it holds no \(pictureCount == nil ? "'X'" : "'y'")"), file: url.path)
    }
    guard labels.count == pictureCount, pictureCount > 0 else {
      throw DatasetError(.countMismatch(items: pictureCount, labels: labels.count), file: url.path)
    }
  }

  private mutating func readPictures(_ array: MATFile.Variable, _ file: MATFile) throws(DatasetError) -> Int {
    // The format drops a last extent of 1.
    let extents = array.dimensions.count == 3 ? array.dimensions + [1] : array.dimensions
    guard array.storage == .uint8, extents.count == 4, extents.prefix(3) == Self.extents[...] else {
      let shape = array.dimensions.map { String($0) }.joined(separator: "x")
      throw file.error(.unsupported("an 'X' of extents \(shape), stored as \(array.storage)"))
    }
    for first in stride(from: 0, to: extents[3], by: Self.blockCount) {
      let count = min(Self.blockCount, extents[3] - first)
      let turned = Self.transposed(try file.take(count * 3072))
      blocks.append(RecordBlock(bytes: Data(turned), byteCount: 3072, count: count))
    }
    try file.finish()
    return extents[3]
  }

  /// Planes of 32 x 32 with rows and columns exchanged.
  private static func transposed(_ planes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: planes.count) { target, initialized in
      planes.withUnsafeBufferPointer { source in
        for start in stride(from: 0, to: source.count, by: 1024) {
          for place in 0..<1024 { target[start + place] = source[start + place % 32 * 32 + place / 32] }
        }
      }
      initialized = planes.count
    }
  }

  private mutating func readLabels(_ array: MATFile.Variable, _ file: MATFile) throws(DatasetError) {
    guard array.dimensions.count == 2, array.dimensions.contains(1) else {
      throw file.error(.unsupported("a 'y' of \(array.dimensions.count) extents"))
    }
    let values = try file.values(array)
    if let item = values.firstIndex(where: { !(1...10).contains($0) || $0 != $0.rounded() }) {
      throw file.error(.damaged(reason: "label \(values[item]) is none of 1...10"), item: item)
    }
    labels = values.map { Int($0) % 10 }
    try file.finish()
  }
}
