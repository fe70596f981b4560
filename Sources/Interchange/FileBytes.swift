import Foundation

/// Reading and writing whole files.
enum FileBytes {
  /// All bytes of `file`.
  static func read(_ file: URL) throws(ImportError) -> Data {
    do {
      return try Data(contentsOf: file)
    } catch {
      throw ImportError(.unreadable("there is no such file, or no permission"), file: file.lastPathComponent)
    }
  }

  /// Replaces `file` in one step: a temporary file in the same folder, renamed.
  static func write(_ data: Data, to file: URL) throws(ImportError) {
    do {
      try data.write(to: file, options: .atomic)
    } catch {
      throw ImportError(.unreadable("not written: " + error.localizedDescription), file: file.lastPathComponent)
    }
  }
}

extension Data {
  /// The little-endian number at `offset`, counted from the first byte.
  func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, at offset: Int) throws(Fault) -> T {
    let size = MemoryLayout<T>.size
    guard offset >= 0, offset <= count - size else {
      throw .damaged("\(size) bytes announced outside the file of \(count) bytes", at: offset)
    }
    return withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
  }

  /// Appends a number, little-endian.
  mutating func append<T: FixedWidthInteger & BitwiseCopyable>(littleEndian value: T) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
