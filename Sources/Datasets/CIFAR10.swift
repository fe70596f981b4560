import Foundation
import Tensors

extension Dataset {
  /// CIFAR-10 in its binary form: files of records of one label byte and 3 x 32 x 32 pixels, red, green, blue.
  ///
  /// Takes those of `data_batch_1.bin` ... `data_batch_5.bin` that exist for training, `test_batch.bin` for testing; a
  /// file may hold any whole number of records.
  ///
  /// - Parameters:
  ///   - folder: the folder with the files, or the one above `cifar-10-batches-bin`.
  ///   - split: which of the files.
  /// - Source: A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009;
  ///   <https://www.cs.toronto.edu/~kriz/cifar.html>.
  public static func cifar10(_ folder: URL, split: Split) throws(DatasetError) -> Dataset {
    let inner = folder.appendingPathComponent("cifar-10-batches-bin")
    let folder = FileAccess.isFolder(inner) ? inner : folder
    let names = split == .train ? (1...5).map { "data_batch_\($0).bin" } : ["test_batch.bin"]
    let files = names.map { folder.appendingPathComponent($0) }.filter(FileAccess.exists)
    guard !files.isEmpty else {
      let advice = "'deepchip data fetch cifar10' gets it."
      throw DatasetError(.missing(advice: advice), file: folder.appendingPathComponent(names[0]).path)
    }
    var blocks: [RecordBlock] = []
    var labels: [Int] = []
    for file in files {
      let block = try cifarBlock(file)
      blocks.append(block)
      labels += try cifarLabels(block, file)
    }
    let isWhole = labels.count == names.count * 10_000
    let batches = split == .train ? "\(files.count) of 5 training batches" : "the test batch"
    return Dataset(
      name: "cifar10", split: split, classNames: cifarClassNames, count: labels.count, itemShape: [3, 32, 32],
      labels: labels, note: isWhole ? nil : "Holds \(batches), \(labels.count) pictures.", items: .records(blocks))
  }

  private static let cifarClassNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  private static func cifarBlock(_ file: URL) throws(DatasetError) -> RecordBlock {
    let bytes = try FileAccess.contents(of: file)
    let pixelCount = 3 * 32 * 32
    let recordByteCount = pixelCount + 1
    guard bytes.count > 0, bytes.count.isMultiple(of: recordByteCount) else {
      throw DatasetError(.partialRecord(byteCount: bytes.count, recordByteCount: recordByteCount), file: file.path)
    }
    return RecordBlock(
      bytes: bytes, offset: 1, stride: recordByteCount, byteCount: pixelCount, count: bytes.count / recordByteCount)
  }

  private static func cifarLabels(_ block: RecordBlock, _ file: URL) throws(DatasetError) -> [Int] {
    let labels = block.bytes.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> [Int] in
      (0..<block.count).map { item in Int(bytes[item * block.stride]) }
    }
    if let item = labels.firstIndex(where: { $0 >= cifarClassNames.count }) {
      throw DatasetError(
        .invalidLabel(labels[item], classCount: cifarClassNames.count), file: file.path,
        byteOffset: item * block.stride)
    }
    return labels
  }
}
