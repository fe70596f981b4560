import Datasets
import Foundation
import Tensors
import Testing

@Suite struct CIFAR10Tests {
  private func record(_ label: UInt8, _ seed: UInt64) -> [UInt8] { [label] + noise(3072, seed: seed) }

  @Test("Batches that exist are joined, with their number in the note")
  func joins() throws {
    let folder = try TemporaryFolder()
    try folder.write(record(3, 1) + record(9, 2), "data_batch_1.bin")
    try folder.write(record(0, 3), "data_batch_3.bin")
    let dataset = try Dataset.cifar10(folder.url, split: .train)
    #expect(dataset.count == 3)
    #expect(dataset.labels == [3, 9, 0])
    #expect(dataset.classNames[9] == "truck")
    #expect(dataset.note == "Holds 2 of 5 training batches, 3 pictures.")
    let expected = Tensor(shape: [2, 3, 32, 32], scalars: noise(3072, seed: 3) + noise(3072, seed: 2))
    #expect(try dataset.batch([2, 1]) == .uint8(expected))
  }

  @Test("The folder above the official one will do")
  func nested() throws {
    let folder = try TemporaryFolder()
    try folder.write(record(3, 1), "cifar-10-batches-bin/test_batch.bin")
    #expect(try Dataset.cifar10(folder.url, split: .test).labels == [3])
  }

  @Test("A file that is cut anywhere inside a record is refused")
  func truncation() throws {
    let folder = try TemporaryFolder()
    let bytes = record(1, 1) + record(2, 2)
    for length in stride(from: 0, to: bytes.count, by: 61) where length == 0 || length % 3073 != 0 {
      let file = try folder.write(bytes.prefix(length), "test_batch.bin")
      #expect(throws: DatasetError(.partialRecord(byteCount: length, recordByteCount: 3073), file: file.path)) {
        try Dataset.cifar10(folder.url, split: .test)
      }
    }
  }

  @Test("A label above 9 is named with its place")
  func label() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(record(9, 1) + record(10, 2), "test_batch.bin")
    let error = DatasetError(.invalidLabel(10, classCount: 10), file: file.path, byteOffset: 3073)
    #expect(throws: error) { try Dataset.cifar10(folder.url, split: .test) }
    #expect(error.description == "\(file.path), byte 3073: label 10 is outside 0...9.")
  }

  @Test("A missing set says how to get it")
  func missing() throws {
    let folder = try TemporaryFolder()
    let path = folder.url.appendingPathComponent("data_batch_1.bin").path
    let error = DatasetError(.missing(advice: "'deepchip data fetch cifar10' gets it."), file: path)
    #expect(throws: error) { try Dataset.cifar10(folder.url, split: .train) }
    #expect(error.description == "\(path): not found. 'deepchip data fetch cifar10' gets it.")
  }

  @Test(
    "The real set has its published statistics", .enabled(if: SharedData.has("cifar-10-batches-bin")),
    arguments: [
      (Split.train, 40_000, [0.49145, 0.48206, 0.44623], [0.24717, 0.24371, 0.26169], [6, 9, 9, 4]),
      (Split.test, 10_000, [0.49421, 0.48513, 0.45041], [0.24665, 0.24289, 0.26159], [3, 8, 8, 0]),
    ])
  func real(split: Split, count: Int, mean: [Double], std: [Double], labels: [Int]) throws {
    let dataset = try Dataset.cifar10(SharedData.url("cifar-10-batches-bin"), split: split)
    #expect(dataset.count == count)
    #expect(dataset.note == (split == .train ? "Holds 4 of 5 training batches, 40000 pictures." : nil))
    #expect(dataset.labels?.prefix(4) == labels[...])
    if split == .test {
      #expect((0..<10).allSatisfy { digit in dataset.labels?.count { $0 == digit } == 1000 })
    }
    let statistics = try statistics(of: dataset)
    for channel in 0..<3 {
      // Half a unit of the last published digit.
      #expect(abs(statistics.mean[channel] - mean[channel]) <= 0.5e-5 + 1e-12)
      #expect(abs(statistics.std[channel] - std[channel]) <= 0.5e-5 + 1e-12)
    }
  }
}

/// Mean and standard deviation of pixel/255 by channel.
func statistics(of dataset: Dataset) throws -> (mean: [Double], std: [Double]) {
  let shape = dataset.itemShape ?? [1, 1, 1]
  let plane = shape[1] * shape[2]
  var histograms = [[Int]](repeating: [Int](repeating: 0, count: 256), count: shape[0])
  for start in stride(from: 0, to: dataset.count, by: 1000) {
    guard case .uint8(let batch) = try dataset.batch(start..<min(start + 1000, dataset.count)) else { continue }
    batch.scalars.withUnsafeBufferPointer { bytes in
      for channel in 0..<shape[0] {
        histograms[channel].withUnsafeMutableBufferPointer { histogram in
          var position = channel * plane
          while position < bytes.count {
            for byte in bytes[position..<position + plane] { histogram[Int(byte)] += 1 }
            position += shape.elementCount
          }
        }
      }
    }
  }
  let total = Double(dataset.count * plane)
  let mean = histograms.map { $0.enumerated().reduce(0.0) { $0 + Double($1.offset * $1.element) } / total / 255 }
  let std = zip(histograms, mean).map { histogram, mean in
    let squares = histogram.enumerated().reduce(0.0) { sum, bin in
      let deviation = Double(bin.offset) / 255 - mean
      return sum + deviation * deviation * Double(bin.element)
    }
    return (squares / total).squareRoot()
  }
  return (mean, std)
}
