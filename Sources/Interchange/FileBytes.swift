import Foundation

/// Reading and writing whole files.
enum FileBytes {
  /// All bytes of `file`.
  static func read(_ file: URL) throws(ImportError) -> Data {
    do {
      return try Data(contentsOf: file)
    } catch {
      throw ImportError(.unreadable(error.localizedDescription), file: file.path)
    }
  }

  /// Replaces `file` in one step: a temporary file in the same folder, renamed.
  static func write(_ data: Data, to file: URL) throws(ImportError) {
    do {
      try data.write(to: file, options: .atomic)
    } catch {
      throw ImportError(.unreadable("not written: " + error.localizedDescription), file: file.path)
    }
  }
}
