import Foundation
import Interchange
import Reference
import Tensors

/// Data outside the repository, where it is there.
enum SharedData {
  /// The folder, from the environment or beside the package.
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["DEEPCHIP_SHARED"] { return URL(filePath: path) }
    var url = URL(filePath: #filePath)
    for _ in 0..<4 { url.deleteLastPathComponent() }
    return url.deletingLastPathComponent().appending(path: "shared")
  }()

  static func has(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: path).path)
  }

  /// Rows of a tab-separated table without its heading.
  static func table(_ path: String) throws -> [[String]] {
    let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    return text.split(separator: "\n").dropFirst().map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }

  /// The float32 numbers of a file of nothing else.
  static func floats(_ path: String) throws -> [Float] {
    let data = try Data(contentsOf: folder.appending(path: path))
    return data.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
      }
    }
  }
}
