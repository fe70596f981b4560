import Datasets
import Foundation
import Tensors
import Testing

@Suite struct KeywordFeaturesTests {
  private static let table = "index,source_file,label,word\n0,a.bin,7,Stop\n1,b.bin,11,Bed\n"

  private func load(_ features: [UInt8], _ table: String) throws -> Dataset {
    let folder = try TemporaryFolder()
    try folder.write(features, "features_int8.bin")
    try folder.write(table.utf8, "labels.csv")
    return try Dataset.keywordFeatures(folder.url, split: .test)
  }

  @Test("Codes become the real values of the benchmark's encoding")
  func values() throws {
    let codes = noise(980, seed: 5)
    let dataset = try load(codes, Self.table)
    #expect(dataset.labels == [7, 11])
    #expect(dataset.itemShape == [1, 49, 10] && !dataset.holdsPixels)
    let expected = codes[490...].map { Float(Int8(bitPattern: $0)) - 83 }.map { $0 * Float(0.5847029089927673) }
    #expect(try dataset.item(at: 1) == .float32(Tensor(shape: [1, 49, 10], scalars: expected)))
  }

  @Test(
    "A table that does not fit is refused",
    arguments: [
      "", "index,source_file,label,word\n", table + "2,c.bin,0,Down\n", table.replacingOccurrences(of: "7", with: "12"),
      table.replacingOccurrences(of: "\n1,", with: "\n2,"), table.replacingOccurrences(of: "7", with: "x"),
      table.replacingOccurrences(of: ",Stop", with: ""), table.replacingOccurrences(of: "label", with: "lebel"),
    ])
  func tables(table: String) {
    #expect(throws: DatasetError.self) { try load(noise(980, seed: 1), table) }
  }

  @Test("Files that are cut are refused")
  func truncation() throws {
    let folder = try TemporaryFolder()
    let features = noise(980, seed: 1)
    try folder.write(features, "features_int8.bin")
    for length in 0..<Self.table.utf8.count {
      try folder.write(Self.table.utf8.prefix(length), "labels.csv")
      #expect(throws: DatasetError.self) { try Dataset.keywordFeatures(folder.url, split: .test) }
    }
    try folder.write(Self.table.utf8, "labels.csv")
    for length in stride(from: 0, to: 980, by: 7) {
      try folder.write(features.prefix(length), "features_int8.bin")
      #expect(throws: DatasetError.self) { try Dataset.keywordFeatures(folder.url, split: .test) }
    }
  }

  @Test("There is no training part")
  func train() {
    let error = DatasetError(
      .noSuchSplit(.train, advice: "It is the benchmark's test set: give --split test."), file: "/kws")
    #expect(throws: error) { try Dataset.keywordFeatures(URL(fileURLWithPath: "/kws"), split: .train) }
    #expect(error.description == "/kws: has no train part. It is the benchmark's test set: give --split test.")
  }

  @Test("The real set has 500 items of 12 classes", .enabled(if: SharedData.has("kws01")))
  func real() throws {
    let dataset = try Dataset.keywordFeatures(SharedData.url("kws01"), split: .test)
    #expect(dataset.count == 500)
    #expect(dataset.labels?.prefix(2) == [7, 6])
    #expect(Set(dataset.labels ?? []) == Set(0..<12))
    guard case .float32(let features) = try dataset.batch(0..<500) else { return }
    // int8 codes: −128...127.
    #expect(features.scalars.min().map { $0 >= (-128 - 83) * 0.5848 } == true)
    #expect(features.scalars.max().map { $0 <= (127 - 83) * 0.5848 } == true)
  }
}
