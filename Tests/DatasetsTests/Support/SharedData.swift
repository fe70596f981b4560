import Foundation

/// Real data outside the repository, in the folder that `DEEPCHIP_SHARED` names or in `../shared`; tests that need them
/// are skipped where they are not.
enum SharedData {
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["DEEPCHIP_SHARED"] { return URL(fileURLWithPath: path) }
    let package = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    return package.deletingLastPathComponent().appendingPathComponent("shared")
  }()

  static func url(_ name: String) -> URL { folder.appendingPathComponent("data/\(name)") }

  static func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: url(name).path) }
}
