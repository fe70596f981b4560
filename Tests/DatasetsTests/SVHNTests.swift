import Datasets
import Foundation
import Tensors
import Testing

@Suite struct SVHNTests {
  /// The bytes of `X`: rows fastest, then columns, channels, pictures.
  private func stored(_ pictures: [Tensor<UInt8>]) -> [UInt8] {
    pictures.flatMap { picture in
      (0..<3072).map { index in
        let (row, column, channel) = (index % 32, index / 32 % 32, index / 1024)
        return picture.scalars[(channel * 32 + row) * 32 + column]
      }
    }
  }

  private func pictures(_ count: Int, seed: UInt64) -> [Tensor<UInt8>] {
    (0..<count).map { Tensor(shape: [3, 32, 32], scalars: noise(3072, seed: seed + UInt64($0))) }
  }

  private func file(_ pictures: [Tensor<UInt8>], _ labels: [UInt8], isCompressed: Bool = true) -> [UInt8] {
    let arrays = [
      MATLAB.array("X", [32, 32, 3, pictures.count], stored(pictures)),
      MATLAB.array("y", [labels.count, 1], labels, isSmall: labels.count <= 4),
    ]
    return MATLAB.file(isCompressed ? arrays.map(MATLAB.compressed) : arrays)
  }

  @Test("Pictures are turned and label 10 is 0, compressed or not", arguments: [true, false], [1, 3, 9])
  func reads(isCompressed: Bool, count: Int) throws {
    let folder = try TemporaryFolder()
    let labels = (0..<count).map { UInt8(10 - $0) }
    let pictures = pictures(count, seed: 3)
    try folder.write(file(pictures, labels, isCompressed: isCompressed), "test_32x32.mat")
    let dataset = try Dataset.svhn(folder.url, split: .test)
    #expect(dataset.count == count && dataset.itemShape == [3, 32, 32])
    #expect(dataset.labels == labels.map { Int($0) % 10 })
    #expect(dataset.classNames.first == "0")
    #expect(dataset.note == "Holds \(count) pictures of the test file.")
    for index in 0..<count {
      let item = try dataset.item(at: index)
      #expect(item == .uint8(pictures[index]))
    }
  }

  @Test("More pictures than are turned at a time keep their order")
  func blocks() throws {
    let folder = try TemporaryFolder()
    let count = 8200
    var planes = [UInt8](repeating: 0, count: count * 3072)
    for index in 0..<count { planes[index * 3072 + 32] = UInt8(truncatingIfNeeded: index * 7) }
    let labels = (0..<count).map { UInt8($0 % 10 + 1) }
    let arrays = [MATLAB.array("X", [32, 32, 3, count], planes), MATLAB.array("y", [count, 1], labels)]
    try folder.write(MATLAB.file(arrays.map(MATLAB.compressed)), "test_32x32.mat")
    let dataset = try Dataset.svhn(folder.url, split: .test)
    guard case .uint8(let batch) = try dataset.batch([0, 8191, 8192, 8199]) else { return }
    // The second column's first row is the second byte of a row-major plane.
    let found: [UInt8] = (0..<4).map { batch.scalars[$0 * 3072 + 1] }
    let expected: [UInt8] = [0, 8191, 8192, 8199].map { UInt8(truncatingIfNeeded: $0 * 7) }
    #expect(found == expected)
    #expect(dataset.labels == labels.map { Int($0) % 10 })
  }

  @Test("Labels stored as real numbers and arrays of other names are taken")
  func otherForms() throws {
    let folder = try TemporaryFolder()
    let pictures = pictures(2, seed: 5)
    let labels = [3.0, 10.0].flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64($0))) }
    }
    let elements = [
      MATLAB.array("other", [1, 3], [1, 2, 3]), MATLAB.array("y", [1, 2], labels, class: 6, storage: 9),
      MATLAB.compressed(MATLAB.array("X", [32, 32, 3, 2], stored(pictures))),
    ]
    try folder.write(MATLAB.file(elements), "train_32x32.mat")
    let dataset = try Dataset.svhn(folder.url, split: .train)
    let items = try dataset.batch([1, 0])
    #expect(dataset.labels == [3, 0])
    #expect(items == .uint8(Tensor(shape: [2, 3, 32, 32], scalars: pictures[1].scalars + pictures[0].scalars)))
  }

  @Test("The extra pictures follow those for training")
  func extra() throws {
    let folder = try TemporaryFolder()
    try folder.write(file(pictures(2, seed: 1), [1, 2]), "train_32x32.mat")
    try folder.write(file(pictures(1, seed: 9), [4]), "extra_32x32.mat")
    let dataset = try Dataset.svhn(folder.url, split: .train)
    #expect(dataset.labels == [1, 2, 4])
    #expect(dataset.note == "Holds 3 pictures of the training file and the extra one.")
  }

  @Test("A file that is cut anywhere is refused", arguments: [true, false])
  func truncation(isCompressed: Bool) throws {
    let folder = try TemporaryFolder()
    let bytes = file(pictures(2, seed: 1), [1, 2], isCompressed: isCompressed)
    for length in Array(0..<200) + Array(stride(from: 200, to: bytes.count, by: 37)) + [bytes.count - 1] {
      try folder.write(bytes.prefix(length), "test_32x32.mat")
      let error = #expect(throws: DatasetError.self) { try Dataset.svhn(folder.url, split: .test) }
      #expect(error?.file.hasSuffix("test_32x32.mat") == true)
    }
  }

  @Test("A flipped bit gives an error or a set of the same size, never more", arguments: [true, false], UInt64(0)..<4)
  func flips(isCompressed: Bool, seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let bytes = file(pictures(1, seed: 1), [7], isCompressed: isCompressed)
    var generator = SplitMix64(seed: seed)
    var errorCount = 0
    for round in 0..<150 {
      var damaged = bytes
      // Headers more often than pixels.
      let place = round % 3 == 0 ? Int.random(in: 0..<bytes.count, using: &generator) : 124 + round
      damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      try folder.write(damaged, "test_32x32.mat")
      do throws(DatasetError) {
        let dataset = try Dataset.svhn(folder.url, split: .test)
        #expect(dataset.count == 1)
      } catch {
        errorCount += 1
        #expect(!error.description.isEmpty)
      }
    }
    #expect(errorCount > 20)
  }

  @Test("A compressed picture whose sum is wrong is refused")
  func checksum() throws {
    let folder = try TemporaryFolder()
    let array = MATLAB.compressed(MATLAB.array("X", [32, 32, 3, 1], noise(3072, seed: 1)))
    let labels = MATLAB.array("y", [1, 1], [1])
    let damaged = array.prefix(array.count - 1) + [(array.last ?? 0) ^ 1]
    let file = try folder.write(MATLAB.file([Array(damaged), labels]), "test_32x32.mat")
    let error = #expect(throws: DatasetError.self) { try Dataset.svhn(folder.url, split: .test) }
    #expect(error?.problem == .damaged(reason: "incorrect data check"))
    #expect(error?.file == file.path)
  }

  @Test("Each defect is named", arguments: Defect.all.indices)
  func defects(index: Int) throws {
    let defect = Defect.all[index]
    let folder = try TemporaryFolder()
    let file = try folder.write(defect.bytes, "test_32x32.mat")
    let error = #expect(throws: DatasetError.self) { try Dataset.svhn(folder.url, split: .test) }
    #expect(error?.description == file.path + defect.message)
  }

  @Test("A missing set says how to get it")
  func missing() throws {
    let folder = try TemporaryFolder()
    let path = folder.url.appendingPathComponent("train_32x32.mat").path
    let error = #expect(throws: DatasetError.self) { try Dataset.svhn(folder.url, split: .train) }
    #expect(error?.description == "\(path): not found. 'deepchip data fetch svhn' gets it.")
  }
}

/// A file with one thing wrong, and what is said about it.
struct Defect {
  var bytes: [UInt8]
  var message: String

  static let all: [Defect] = {
    let (pixels, picture) = (noise(3072, seed: 1), MATLAB.array("X", [32, 32, 3, 1], noise(3072, seed: 1)))
    let label = MATLAB.array("y", [1, 1], [1])
    let hugeTag = MATLAB.compressed(MATLAB.little(14) + MATLAB.little(1 << 30) + [0, 0, 0, 0])
    return [
      Defect(
        bytes: MATLAB.file([picture], version: [0, 2]),
        message: ": a MATLAB file of version 7.3 (HDF5) is not supported."),
      Defect(
        bytes: MATLAB.file([picture], ending: "MI"), message: ": a big-endian MATLAB file is not supported."),
      Defect(
        bytes: MATLAB.file([picture], ending: "XX"),
        message: ", byte 124: damaged: it is no MATLAB file of version 5. Fetch the file again."),
      Defect(bytes: MATLAB.file([picture]), message: ": damaged: it holds no 'y'. Fetch the file again."),
      Defect(bytes: MATLAB.file([label]), message: ": damaged: it holds no 'X'. Fetch the file again."),
      Defect(
        bytes: MATLAB.file([label, MATLAB.array("X", [32, 32, 1, 3], pixels)]),
        message: ", byte 184: an 'X' of extents 32x32x1x3, stored as uint8 is not supported."),
      Defect(
        bytes: MATLAB.file([MATLAB.array("y", [1, 1], [11])]),
        message: ", byte 128, item 0: damaged: label 11.0 is none of 1...10. Fetch the file again."),
      Defect(
        bytes: MATLAB.file([MATLAB.array("y", [1, 1], [0])]),
        message: ", byte 128, item 0: damaged: label 0.0 is none of 1...10. Fetch the file again."),
      Defect(
        bytes: MATLAB.file([MATLAB.array("y", [2, 1], [1])]),
        message: ", byte 128: damaged: 1 bytes of values for the extents 2x1. Fetch the file again."),
      Defect(
        bytes: MATLAB.file([MATLAB.array("y", [-1, 1], [1])]),
        message: ", byte 128: damaged: extent -1 of axis 0 is negative. Fetch the file again."),
      Defect(
        bytes: MATLAB.file([MATLAB.array("y", [1, 1], [1], flags: 8)]),
        message: ", byte 128: a MATLAB array of complex numbers is not supported."),
      Defect(
        bytes: MATLAB.file([MATLAB.array("s", [1, 1], [1], class: 2)]),
        message: ", byte 128: a MATLAB array of class 2 instead of numbers is not supported."),
      Defect(
        bytes: MATLAB.file([picture, MATLAB.array("y", [2, 1], [1, 2])]),
        message: ": 1 items but 2 labels. Both must come from one set."),
      Defect(
        bytes: MATLAB.file([hugeTag]),
        message: ", byte 128: 1073741824 bytes needed, \(hugeTag.count - 8) left. Fetch the file again."),
    ]
  }()
}
