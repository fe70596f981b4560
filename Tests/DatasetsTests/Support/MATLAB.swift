import CZlib
import Datasets

/// The parts of a MATLAB file of version 5, for tests.
enum MATLAB {
  static func little(_ value: Int, _ count: Int = 4) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// A tag and its contents, padded to 8 bytes; in the small form if it has at most 4 bytes and `isSmall` says so.
  static func part(_ type: Int, _ contents: [UInt8], isSmall: Bool = false) -> [UInt8] {
    if isSmall, contents.count <= 4 {
      return little(contents.count << 16 | type) + contents + [UInt8](repeating: 0, count: 4 - contents.count)
    }
    return little(type) + little(contents.count) + contents
      + [UInt8](repeating: 0, count: (8 - contents.count % 8) % 8)
  }

  /// An array: class 9 is uint8, 6 double; storage 2 is uint8, 9 double.
  static func array(
    _ name: String, _ dimensions: [Int], _ values: [UInt8], class: Int = 9, storage: Int = 2, flags: Int = 0,
    isSmall: Bool = true
  ) -> [UInt8] {
    let contents =
      part(6, little(`class` | flags << 8) + little(0)) + part(5, dimensions.flatMap { little($0) })
      + part(1, Array(name.utf8), isSmall: isSmall) + part(storage, values, isSmall: isSmall)
    return little(14) + little(contents.count) + contents
  }

  static func compressed(_ array: [UInt8]) -> [UInt8] {
    var size = UInt(array.count + array.count / 100 + 100)
    var packed = [UInt8](repeating: 0, count: Int(size))
    compress(&packed, &size, array, UInt(array.count))
    return little(15) + little(Int(size)) + packed.prefix(Int(size))
  }

  static func file(_ elements: [[UInt8]], version: [UInt8] = [0, 1], ending: String = "IM") -> [UInt8] {
    let text = Array("MATLAB 5.0 MAT-file, written by a test".utf8)
    return text + [UInt8](repeating: 32, count: 124 - text.count) + version + Array(ending.utf8)
      + elements.flatMap { $0 }
  }
}
