import Foundation
import Tensors

/// The bytes of an IDX file, plain or gzip: a magic number, big-endian extents, then unsigned bytes.
///
/// - Source: the description on the MNIST page, <http://yann.lecun.com/exdb/mnist/>.
struct IDXFile {
  let shape: Shape
  /// The elements and, in a plain file, the header before them; mapped if plain and large.
  let bytes: Data
  /// Where the elements begin in `bytes`.
  let offset: Int

  /// - Throws: `.wrongMagic` unless it holds unsigned bytes of that rank; `.truncated`, `.excess`, `.damaged`.
  init(_ file: URL, rank: Int) throws(DatasetError) {
    let raw = try FileAccess.contents(of: file)
    let headerByteCount = 4 + 4 * rank
    if GzipReader.recognizes(raw) {
      let reader = try GzipReader(file)
      let header = try reader.readExactly(headerByteCount)
      shape = try Self.shape(header, rank: rank, file)
      // Deflate cannot expand more than 1032 times: do not believe a header that says so.
      guard shape.elementCount / 1032 <= raw.count else {
        throw DatasetError(.truncated(needed: shape.elementCount, available: raw.count), file: file.path, byteOffset: 4)
      }
      let elements = try reader.readExactly(shape.elementCount)
      try reader.expectEnd()
      bytes = Data(elements)
      offset = 0
    } else {
      guard raw.count >= headerByteCount else {
        throw DatasetError(.truncated(needed: headerByteCount, available: raw.count), file: file.path)
      }
      shape = try Self.shape(Array(raw.prefix(headerByteCount)), rank: rank, file)
      let available = raw.count - headerByteCount
      guard available >= shape.elementCount else {
        let problem = DatasetError.Problem.truncated(needed: shape.elementCount, available: available)
        throw DatasetError(problem, file: file.path, byteOffset: headerByteCount)
      }
      guard available == shape.elementCount else {
        throw DatasetError(.excess(byteCount: available - shape.elementCount), file: file.path)
      }
      bytes = raw
      offset = headerByteCount
    }
    guard shape.elementCount > 0 else { throw DatasetError(.damaged(reason: "it holds nothing"), file: file.path) }
  }

  private static func shape(_ header: [UInt8], rank: Int, _ file: URL) throws(DatasetError) -> Shape {
    let words = (0...rank).map { word in header[4 * word..<4 * word + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
    let magic = 0x0800 | UInt32(rank)
    guard words[0] == magic else {
      throw DatasetError(.wrongMagic(found: words[0], expected: magic), file: file.path, byteOffset: 0)
    }
    do {
      return try Shape(checking: words.dropFirst().map { Int($0) })
    } catch {
      throw DatasetError(.damaged(reason: error.description), file: file.path, byteOffset: 4)
    }
  }
}
