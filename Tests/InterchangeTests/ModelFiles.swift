import Foundation

/// Data outside the repository; tests that need it are skipped where it is not there.
enum ModelFiles {
  /// `DEEPCHIP_SHARED`, else the folder `shared` next to the package.
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["DEEPCHIP_SHARED"] { return URL(fileURLWithPath: path) }
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return package.deletingLastPathComponent().appendingPathComponent("shared")
  }()

  static let isThere = FileManager.default.fileExists(atPath: data("README.md").path)

  static func data(_ path: String) -> URL { folder.appendingPathComponent("data").appendingPathComponent(path) }

  static func model(_ path: String) -> URL { data("models").appendingPathComponent(path) }

  static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: data(path))) }
}
