import CZlib
import Foundation

/// Reads a gzip file, or a zlib stream inside a file, piece by piece; zlib checks the sum at the end.
///
/// Never more than what was asked for is kept in memory, so a small file that expands without end costs nothing.
final class GzipReader {
  private let file: URL
  private let handle: FileHandle
  /// Whether another gzip member may follow.
  private let takesMembers: Bool
  /// Where the compressed bytes begin.
  private let start: Int
  /// Compressed bytes that are still to be read from the file.
  private var unreadByteCount: Int
  /// zlib keeps a pointer to its stream, which therefore must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private var input = [UInt8]()
  private var inputPosition = 0
  private var memberEnded = false

  /// A gzip file.
  ///
  /// - Throws: `.missing`, `.unreadable`.
  convenience init(_ file: URL) throws(DatasetError) {
    // 15 bits of window, and 16 for "a gzip header and nothing else".
    try self.init(file, 0..<(try FileAccess.byteCount(of: file)), windowBits: 15 + 16)
  }

  /// A zlib stream that takes these bytes of a file.
  ///
  /// - Precondition: they lie in the file.
  /// - Throws: `.missing`, `.unreadable`.
  convenience init(zlib range: Range<Int>, of file: URL) throws(DatasetError) {
    try self.init(file, range, windowBits: 15)
  }

  private init(_ file: URL, _ range: Range<Int>, windowBits: Int32) throws(DatasetError) {
    do {
      handle = try FileHandle(forReadingFrom: file)
      if range.lowerBound > 0 { try handle.seek(toOffset: UInt64(range.lowerBound)) }
    } catch {
      throw FileAccess.unreadable(file, error)
    }
    self.file = file
    (start, unreadByteCount, takesMembers) = (range.lowerBound, range.count, windowBits > 15)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw DatasetError(.unreadable(reason: "zlib status \(status)"), file: file.path) }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    try? handle.close()
  }

  /// The next `byteCount` bytes; fewer only at the end.
  ///
  /// - Throws: `.damaged` or `.truncated` with the place in the compressed file.
  func read(_ byteCount: Int) throws(DatasetError) -> [UInt8] {
    var output: [UInt8] = []
    // Growing in steps from here on, an array that is announced but not there costs nothing.
    output.reserveCapacity(min(byteCount, 1 << 22))
    while output.count < byteCount {
      let piece = try inflatePiece(min(byteCount - output.count, 1 << 18))
      if piece.isEmpty { break }
      output += piece
    }
    return output
  }

  /// The next `byteCount` bytes.
  ///
  /// - Throws: `.truncated` if there are fewer, and as `read`.
  func readExactly(_ byteCount: Int) throws(DatasetError) -> [UInt8] {
    let bytes = try read(byteCount)
    guard bytes.count == byteCount else {
      throw DatasetError(.truncated(needed: byteCount, available: bytes.count), file: file.path)
    }
    return bytes
  }

  /// - Throws: `.excess` if anything follows, and as `read`.
  func expectEnd() throws(DatasetError) {
    let rest = try read(1)
    guard rest.isEmpty else { throw DatasetError(.excess(byteCount: rest.count), file: file.path) }
  }

  /// How far the compressed bytes have been taken, counted from the beginning of the file.
  private var place: Int { start + Int(stream.pointee.total_in) }

  /// Between 1 and `limit` bytes, or none at the end.
  private func inflatePiece(_ limit: Int) throws(DatasetError) -> [UInt8] {
    while true {
      if inputPosition == input.count { try refill() }
      if memberEnded {
        if input.isEmpty { return [] }
        guard takesMembers else {
          let count = input.count - inputPosition + unreadByteCount
          throw DatasetError(.excess(byteCount: count), file: file.path, byteOffset: place)
        }
        // Another member follows, as `cat a.gz b.gz` makes.
        inflateReset(stream)
        memberEnded = false
      }
      if input.isEmpty {
        let problem = DatasetError.Problem.truncated(needed: 1, available: 0)
        throw DatasetError(problem, file: file.path, byteOffset: place)
      }
      let (piece, status) = step(limit)
      switch status {
      case Z_OK, Z_BUF_ERROR: break
      case Z_STREAM_END: memberEnded = true
      default:
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)"
        throw DatasetError(.damaged(reason: reason), file: file.path, byteOffset: place)
      }
      if !piece.isEmpty { return piece }
    }
  }

  private func step(_ limit: Int) -> ([UInt8], Int32) {
    var status = Z_OK
    let piece = [UInt8](unsafeUninitializedCapacity: limit) { output, count in
      input.withUnsafeMutableBufferPointer { input in
        stream.pointee.next_in = input.baseAddress.map { $0 + inputPosition }
        stream.pointee.avail_in = UInt32(input.count - inputPosition)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(limit)
        status = inflate(stream, Z_NO_FLUSH)
        inputPosition = input.count - Int(stream.pointee.avail_in)
        count = limit - Int(stream.pointee.avail_out)
      }
    }
    return (piece, status)
  }

  private func refill() throws(DatasetError) {
    do {
      input = [UInt8](try handle.read(upToCount: min(1 << 16, unreadByteCount)) ?? Data())
      unreadByteCount -= input.count
    } catch {
      throw FileAccess.unreadable(file, error)
    }
    inputPosition = 0
  }

  /// True when the file begins like a gzip file.
  static func recognizes(_ start: some Sequence<UInt8>) -> Bool { start.prefix(2).elementsEqual([0x1F, 0x8B]) }
}
