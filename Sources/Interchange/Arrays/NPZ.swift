import Foundation
import Tensors

/// NumPy's file format for named arrays: a ZIP archive with an NPY file per array.
///
///     let arrays = try NPZ.read(file)
///     let images = arrays["inputs"]
///
/// Members may be stored or deflated, with ZIP64 sizes or not. Written members are stored, in the order of their names.
public enum NPZ {
  /// The arrays in `file`, by name.
  ///
  /// - Parameters:
  ///   - file: an archive of NPY members.
  ///   - maximumByteCount: bytes that all arrays together may have once unpacked.
  public static func read(_ file: URL, maximumByteCount: Int = 1 << 33) throws(ImportError) -> [String: AnyTensor] {
    try read(try FileBytes.read(file), file: file.lastPathComponent, maximumByteCount: maximumByteCount)
  }

  /// The arrays in `data`, by name.
  ///
  /// Members that are not NPY files by name are left out.
  public static func read(
    _ data: Data, file: String, maximumByteCount: Int = 1 << 33
  ) throws(ImportError) -> [String: AnyTensor] {
    do throws(Fault) {
      return try arrays(data, maximumByteCount: maximumByteCount)
    } catch {
      throw error.inFile(file)
    }
  }

  /// Replaces `file` by one with these arrays.
  public static func write(_ arrays: [String: AnyTensor], to file: URL) throws(ImportError) {
    let data: Data
    do throws(Fault) {
      data = try encoded(arrays)
    } catch {
      throw error.inFile(file.lastPathComponent)
    }
    try FileBytes.write(data, to: file)
  }

  private static func encoded(_ arrays: [String: AnyTensor]) throws(Fault) -> Data {
    var archive = ZipWriter()
    for (name, tensor) in arrays.sorted(by: { $0.key < $1.key }) {
      try archive.add(name + ".npy", NPY.encoded(tensor))
    }
    return try archive.finished()
  }

  private static func arrays(_ data: Data, maximumByteCount: Int) throws(Fault) -> [String: AnyTensor] {
    let archive = try ZipArchive(data)
    var left = maximumByteCount
    var result: [String: AnyTensor] = [:]
    for member in archive.members where member.name.hasSuffix(".npy") {
      let name = String(member.name.dropLast(4))
      guard result[name] == nil else { throw .damaged("two arrays are named '\(name.escapedForDisplay)'") }
      guard member.byteCount <= left else {
        throw .unsupported("the arrays take more than \(maximumByteCount) bytes when unpacked")
      }
      left -= member.byteCount
      do throws(Fault) {
        result[name] = try NPY.tensor(try archive.contents(of: member))
      } catch {
        // Offsets inside a member mean nothing in the archive.
        throw Fault(problem: error.problem, node: member.name)
      }
    }
    return result
  }
}
