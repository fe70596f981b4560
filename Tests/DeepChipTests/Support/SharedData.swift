import Foundation

/// Data outside the repository; tests that need it are skipped where it is not there.
enum SharedData {
  /// `DEEPCHIP_SHARED`, else the folder `shared` next to the package.
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["DEEPCHIP_SHARED"] { return URL(fileURLWithPath: path) }
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return package.deletingLastPathComponent().appendingPathComponent("shared")
  }()

  static func has(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent(path).path)
  }

  static func url(_ path: String) -> URL { folder.appendingPathComponent(path) }
  static func data(_ path: String) -> URL { url("data").appendingPathComponent(path) }
  static func model(_ path: String) -> URL { data("models").appendingPathComponent(path) }
  static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: data(path))) }

  /// Little-endian float32 numbers.
  static func floats(_ path: String) throws -> [Float] {
    try Data(contentsOf: data(path)).withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
      }
    }
  }

  /// The rows of a tab-separated table below its heading.
  static func table(_ path: String) -> [[String]] {
    guard let text = try? String(contentsOf: url(path), encoding: .utf8) else { return [] }
    return text.split(separator: "\n").dropFirst().map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }
}
