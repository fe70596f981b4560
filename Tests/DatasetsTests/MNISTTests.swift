import Datasets
import Foundation
import Tensors
import Testing

@Suite struct MNISTTests {
  private static let pictures = idx([3, 2, 4], Array(0..<24))
  private static let labels = idx([3], [7, 0, 9])

  private func load(_ pictures: [UInt8], _ labels: [UInt8]) throws -> Dataset {
    let folder = try TemporaryFolder()
    try folder.write(pictures, "t10k-images-idx3-ubyte")
    try folder.write(labels, "t10k-labels-idx1-ubyte")
    return try Dataset.mnist(folder.url, split: .test)
  }

  @Test("Plain and gzip files give the same set", arguments: [false, true], [false, true])
  func forms(zipsPictures: Bool, zipsLabels: Bool) throws {
    let dataset = try load(
      zipsPictures ? gzip(Self.pictures) : Self.pictures, zipsLabels ? gzip(Self.labels) : Self.labels)
    #expect(dataset.count == 3)
    #expect(dataset.labels == [7, 0, 9])
    #expect(dataset.itemShape == [1, 2, 4])
    #expect(dataset.note == "Holds 3 of the 10000 test pictures.")
    #expect(try dataset.item(at: 2) == .uint8(Tensor(shape: [1, 2, 4], scalars: Array(16..<24))))
  }

  @Test("Members of a gzip file follow one another")
  func members() throws {
    let dataset = try load(
      gzip(Array(Self.pictures.prefix(20))) + gzip(Array(Self.pictures.dropFirst(20))), Self.labels)
    #expect(try dataset.item(at: 0) == .uint8(Tensor(shape: [1, 2, 4], scalars: Array(0..<8))))
  }

  @Test("File names may vary, and the whole set is preferred to a part")
  func names() throws {
    let folder = try TemporaryFolder()
    try folder.write(gzip(Self.pictures), "train20k-images-idx3-ubyte.gz")
    try folder.write(gzip(Self.labels), "train20k-labels.idx1-ubyte.gz")
    #expect(try Dataset.fashionMNIST(folder.url, split: .train).labels == [7, 0, 9])
    try folder.write(idx([1, 1, 1], [5]), "train-images.idx3-ubyte")
    try folder.write(idx([1], [5]), "train-labels.idx1-ubyte")
    #expect(try Dataset.fashionMNIST(folder.url, split: .train).labels == [5])
  }

  @Test("A file that is cut at any byte is refused", arguments: [false, true])
  func truncation(isZipped: Bool) throws {
    let folder = try TemporaryFolder()
    let pictures = isZipped ? gzip(Self.pictures) : Self.pictures
    let labels = isZipped ? gzip(Self.labels) : Self.labels
    try folder.write(labels, "t10k-labels-idx1-ubyte")
    for length in pictures.indices {
      try folder.write(pictures.prefix(length), "t10k-images-idx3-ubyte")
      #expect(throws: DatasetError.self) { try Dataset.mnist(folder.url, split: .test) }
    }
    try folder.write(pictures, "t10k-images-idx3-ubyte")
    for length in labels.indices {
      try folder.write(labels.prefix(length), "t10k-labels-idx1-ubyte")
      #expect(throws: DatasetError.self) { try Dataset.mnist(folder.url, split: .test) }
    }
  }

  @Test("A flipped bit gives an error or, in a plain file, other contents; never a trap", arguments: [false, true])
  func flips(isZipped: Bool) throws {
    let folder = try TemporaryFolder()
    let pictures = isZipped ? gzip(Self.pictures) : Self.pictures
    try folder.write(Self.labels, "t10k-labels-idx1-ubyte")
    for bit in 0..<pictures.count * 8 {
      var flipped = pictures
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      try folder.write(flipped, "t10k-images-idx3-ubyte")
      do {
        let dataset = try Dataset.mnist(folder.url, split: .test)
        let batch = try dataset.batch(0..<dataset.count)
        // gzip's sum lets pass only bits that mean nothing: a date, or what fills the last byte.
        if isZipped { #expect(batch == .uint8(Tensor(shape: [3, 1, 2, 4], scalars: Array(0..<24)))) }
      } catch {
        #expect(!error.file.isEmpty)
      }
    }
  }

  @Test("Sizes that contradict each other are refused without asking for memory")
  func sizes() throws {
    let huge = bigEndian(0x803) + bigEndian(0x7FFF_FFFF) + bigEndian(0x7FFF_FFFF) + bigEndian(0x7FFF_FFFF)
    #expect(throws: DatasetError.self) { try load(huge, Self.labels) }
    let large = bigEndian(0x803) + bigEndian(1 << 20) + bigEndian(1 << 10) + bigEndian(1 << 10)
    #expect(throws: DatasetError.self) { try load(gzip(large), Self.labels) }
    #expect(throws: DatasetError.self) { try load(Self.pictures, idx([4], [1, 2, 3, 4])) }
    #expect(throws: DatasetError.self) { try load(idx([0, 2, 4], []), idx([0], [])) }
    #expect(throws: DatasetError.self) { try load(idx([3, 0, 4], []), Self.labels) }
    #expect(throws: DatasetError.self) { try load(Self.pictures + [0], Self.labels) }
    #expect(throws: DatasetError.self) { try load(gzip(Self.pictures + [0]), Self.labels) }
    #expect(throws: DatasetError.self) { try load(Self.labels, Self.labels) }
    #expect(throws: DatasetError.self) { try load(Self.pictures, idx([3], [1, 2, 10])) }
  }

  @Test("Errors name the file, the place and the remedy")
  func messages() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.pictures.dropLast(), "t10k-images-idx3-ubyte")
    try folder.write(Self.labels, "t10k-labels-idx1-ubyte")
    let error = DatasetError(.truncated(needed: 24, available: 23), file: file.path, byteOffset: 16)
    #expect(throws: error) { try Dataset.mnist(folder.url, split: .test) }
    #expect(error.description == "\(file.path), byte 16: 24 bytes needed, 23 left. Fetch the file again.")
    let missing = folder.url.appendingPathComponent("train-images-idx3-ubyte").path
    #expect(throws: DatasetError(.missing(advice: "'deepchip data fetch mnist' gets it."), file: missing)) {
      try Dataset.mnist(folder.url, split: .train)
    }
  }

  @Test(
    "The real sets have their published statistics", .enabled(if: SharedData.has("mnist")),
    arguments: [
      ("mnist", Split.train, 60_000, 0.1307, 0.3081, [5, 0, 4, 1, 9]),
      ("mnist", Split.test, 10_000, 0.1325, 0.3105, [7, 2, 1, 0, 4]),
      ("fashion-mnist", Split.train, 20_000, 0.2858, 0.3532, [9, 0, 0, 3, 0]),
    ])
  func real(kind: String, split: Split, count: Int, mean: Double, std: Double, labels: [Int]) throws {
    let dataset = try DatasetSpecifier("\(kind):\(SharedData.url(kind).path)").load(split: split)
    #expect(dataset.count == count)
    #expect(dataset.itemShape == [1, 28, 28])
    #expect(dataset.labels?.prefix(5) == labels[...])
    #expect(dataset.note == (count == 20_000 ? "Holds 20000 of the 60000 train pictures." : nil))
    let statistics = try statistics(of: dataset)
    // Half a unit of the last published digit.
    #expect(abs(statistics.mean[0] - mean) <= 0.5e-4 && abs(statistics.std[0] - std) <= 0.5e-4)
  }
}
