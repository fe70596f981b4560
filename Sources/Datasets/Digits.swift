import CResources
import Foundation
import Tensors

extension Dataset {
  /// The built-in UCI digits: handwritten, gray, `[1, 8, 8]`, pixels 0...16 (so a model's scale is 1/16).
  ///
  /// The first 1,437 pictures are the training split, the last 360 the test split.
  ///
  /// - Source: E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository,
  ///   1998, CC BY 4.0; see Sources/CResources/README.md.
  public static func digits(split: Split) throws(DatasetError) -> Dataset {
    let file = "digits.csv (built in)"
    var byteCount = 0
    guard let start = dc_digits_csv(&byteCount) else {
      throw DatasetError(.missing(advice: "Build the program again."), file: file)
    }
    let header = (0..<64).map { "p\($0 / 8)\($0 % 8)" }.joined(separator: ",") + ",label"
    let table = try CSVTable(Data(bytes: start, count: byteCount), header: header, file: file)
    let testCount = 360
    let all = table.rows.indices
    let rows = split == .train ? all.dropLast(testCount) : all.suffix(testCount)
    var pixels = Data(capacity: rows.count * 64)
    var labels: [Int] = []
    for row in rows {
      for column in 0..<64 {
        pixels.append(UInt8(try table.integer(row: row, column: column, in: 0..<17, file: file)))
      }
      labels.append(try table.integer(row: row, column: 64, in: 0..<10, file: file))
    }
    return Dataset(
      name: "digits", split: split, classNames: (0...9).map { String($0) }, count: labels.count, itemShape: [1, 8, 8],
      labels: labels, note: nil, items: .records([RecordBlock(bytes: pixels, byteCount: 64, count: labels.count)]))
  }
}
