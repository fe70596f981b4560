import Foundation
import Tensors

extension Dataset {
  /// Keyword spotting: 49 frames of 10 mel-frequency coefficients, `[1, 49, 10]`, from the MLPerf Tiny test `kws01`.
  ///
  /// `features_int8.bin` holds 490 int8 codes for each item, `labels.csv` the classes. The real value of a code q is
  /// `(q − 83) · 0.5847029`, the input encoding of the benchmark's int8 network.
  ///
  /// - Source: Banbury et al., *MLPerf Tiny Benchmark*, arXiv 2106.07597; Warden, *Speech Commands*, arXiv 1804.03209.
  public static func keywordFeatures(_ folder: URL, split: Split) throws(DatasetError) -> Dataset {
    guard split == .test else {
      let advice = "It is the benchmark's test set: give --split test."
      throw DatasetError(.noSuchSplit(split, advice: advice), file: folder.path)
    }
    let file = folder.appendingPathComponent("features_int8.bin")
    let codes = try FileAccess.contents(of: file)
    let shape: Shape = [1, 49, 10]
    guard codes.count > 0, codes.count.isMultiple(of: shape.elementCount) else {
      let problem = DatasetError.Problem.partialRecord(byteCount: codes.count, recordByteCount: shape.elementCount)
      throw DatasetError(problem, file: file.path)
    }
    let labels = try keywordLabels(folder.appendingPathComponent("labels.csv"), count: codes.count / shape.elementCount)
    let realValues = (0...255).map { Float(Int(Int8(truncatingIfNeeded: $0)) - 83) * keywordScale }
    return Dataset(
      name: "kws01", split: split, classNames: keywordClassNames, count: labels.count, itemShape: shape, labels: labels,
      note: nil, items: .features(codes.map { realValues[Int($0)] }))
  }

  private static let keywordScale: Float = 0.5847029089927673

  private static let keywordClassNames = [
    "down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes", "silence", "unknown",
  ]

  private static func keywordLabels(_ file: URL, count: Int) throws(DatasetError) -> [Int] {
    let bytes = try FileAccess.contents(of: file)
    let table = try CSVTable(bytes, header: "index,source_file,label,word", file: file.path)
    guard table.rows.count == count else {
      throw DatasetError(.countMismatch(items: count, labels: table.rows.count), file: file.path)
    }
    var labels: [Int] = []
    for row in table.rows.indices {
      _ = try table.integer(row: row, column: 0, in: row..<row + 1, file: file.path)
      labels.append(try table.integer(row: row, column: 2, in: 0..<keywordClassNames.count, file: file.path))
    }
    return labels
  }
}
