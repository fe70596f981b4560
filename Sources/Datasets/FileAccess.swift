import Foundation

/// Opening files and listing folders, with this module's errors.
enum FileAccess {
  /// A file of at least this size is mapped instead of read.
  private static let mappedByteCount = 1 << 20

  /// The file's bytes; large files are mapped and must not shrink while in use.
  static func contents(of file: URL, advice: String = "Check the path.") throws(DatasetError) -> Data {
    let size = try byteCount(of: file, advice: advice)
    do {
      return try Data(contentsOf: file, options: size >= mappedByteCount ? .alwaysMapped : [])
    } catch {
      throw unreadable(file, error)
    }
  }

  /// - Throws: `.missing` with `advice` if there is no such file, `.unreadable` if it is a folder.
  static func byteCount(of file: URL, advice: String = "Check the path.") throws(DatasetError) -> Int {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder) else {
      throw DatasetError(.missing(advice: advice), file: file.path)
    }
    if isFolder.boolValue { throw DatasetError(.unreadable(reason: "it is a folder"), file: file.path) }
    do {
      let attributes = try FileManager.default.attributesOfItem(atPath: file.resolvingSymlinksInPath().path)
      return (attributes[.size] as? NSNumber)?.intValue ?? 0
    } catch {
      throw unreadable(file, error)
    }
  }

  /// What a folder holds, hidden entries left out, by name.
  static func entries(of folder: URL, advice: String) throws(DatasetError) -> [URL] {
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw DatasetError(.missing(advice: advice), file: folder.path)
    }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { !$0.hasPrefix(".") }.sorted()
        .map { folder.appendingPathComponent($0) }
    } catch {
      throw unreadable(folder, error)
    }
  }

  static func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }

  static func isFolder(_ file: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder) && isFolder.boolValue
  }

  static func unreadable(_ file: URL, _ error: any Error) -> DatasetError {
    DatasetError(.unreadable(reason: reason(error)), file: file.path)
  }

  /// The system's own words, without a closing period.
  static func reason(_ error: any Error) -> String {
    let text = error.localizedDescription
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }
}
