import Datasets
import Tensors
import Testing

@Suite struct DatasetTests {
  @Test("Bytes stay pixels, in the order asked for")
  func bytes() throws {
    let inputs = Tensor<UInt8>(shape: [4, 1, 2, 3], scalars: (0..<24).map { UInt8($0) })
    let labels = Tensor<Int64>(shape: [4, 1], scalars: [3, 1, 0, 2])
    let dataset = try Dataset(name: "x", inputs: .uint8(inputs), labels: .int64(labels))
    #expect(dataset.count == 4)
    #expect(dataset.itemShape == [1, 2, 3])
    #expect(dataset.labels == [3, 1, 0, 2])
    #expect(dataset.holdsPixels)
    #expect(try dataset.item(at: 3) == .uint8(Tensor(shape: [1, 2, 3], scalars: Array(18..<24))))
    let batch = Tensor<UInt8>(shape: [2, 1, 2, 3], scalars: Array(12..<18) + Array(0..<6))
    #expect(try dataset.batch([2, 0]) == .uint8(batch))
    #expect(try dataset.batch([]).shape == [0, 1, 2, 3])
  }

  @Test("Every other element type becomes float features")
  func features() throws {
    let floats = try Dataset(name: "x", inputs: .float32(Tensor(shape: [2, 2], scalars: [0.5, -1, 2, 3])))
    #expect(!floats.holdsPixels)
    #expect(floats.labels == nil)
    #expect(try floats.batch([1]) == .float32(Tensor(shape: [1, 2], scalars: [2, 3])))
    let codes = try Dataset(name: "x", inputs: .int8(Tensor(shape: [2, 1], scalars: [-128, 127])))
    #expect(try codes.batch(0..<2) == .float32(Tensor(shape: [2, 1], scalars: [-128, 127])))
    #expect(try codes.item(at: 1) == .float32(Tensor(shape: [1], scalars: [127])))
  }

  @Test("Labels must be as many whole numbers as there are items")
  func labels() {
    let inputs = AnyTensor.uint8(Tensor(repeating: 0, shape: [2, 4]))
    #expect(throws: DatasetError(.countMismatch(items: 2, labels: 3), file: "a.npz")) {
      try Dataset(name: "a.npz", inputs: inputs, labels: .int32(Tensor(repeating: 0, shape: [3])))
    }
    #expect(throws: DatasetError(.unsupported("labels of type float32"), file: "a.npz")) {
      try Dataset(name: "a.npz", inputs: inputs, labels: .float32(Tensor(repeating: 0, shape: [2])))
    }
    #expect(throws: DatasetError(.damaged(reason: "label -1 is negative"), file: "a.npz", item: 1)) {
      try Dataset(name: "a.npz", inputs: inputs, labels: .int32(Tensor(shape: [2], scalars: [0, -1])))
    }
    #expect(throws: DatasetError(.unsupported("an empty input array"), file: "a.npz")) {
      try Dataset(name: "a.npz", inputs: .uint8(Tensor(repeating: 0, shape: [1 << 62, 0])))
    }
    #expect(throws: DatasetError(.unsupported("an input array of rank 0"), file: "a.npz")) {
      try Dataset(name: "a.npz", inputs: .float32(Tensor(1)))
    }
  }

  @Test("A sample has distinct indices, the same for the same seed", arguments: [0, 1, 7, 360, 500], UInt64(0)..<4)
  func sample(count: Int, seed: UInt64) throws {
    let dataset = try Dataset(name: "x", inputs: .uint8(Tensor(repeating: 0, shape: [360, 1])))
    let sample = dataset.sample(count, seed: seed)
    #expect(sample.count == min(count, 360))
    #expect(Set(sample).count == sample.count)
    #expect(sample.allSatisfy { (0..<360).contains($0) })
    #expect(sample == dataset.sample(count, seed: seed))
    if count > 1 { #expect(sample != dataset.sample(count, seed: seed + 100)) }
  }
}

@Suite struct DigitsTests {
  @Test("The built-in digits have the documented split, labels and pixels")
  func contents() throws {
    let train = try Dataset.digits(split: .train)
    let test = try Dataset.digits(split: .test)
    #expect(train.count == 1437 && test.count == 360)
    #expect(train.itemShape == [1, 8, 8] && train.holdsPixels)
    let labels = (train.labels ?? []) + (test.labels ?? [])
    // The histogram that scikit-learn documents for the set.
    let histogram = (0..<10).map { digit in labels.count { $0 == digit } }
    #expect(histogram == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    #expect(labels.prefix(5) == [0, 1, 2, 3, 4])
    guard case .uint8(let first) = try train.item(at: 0) else { return }
    #expect(first.scalars.prefix(16) == [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0])
    guard case .uint8(let all) = try train.batch(0..<1437) else { return }
    #expect(all.scalars.max() == 16)
  }
}
