import Foundation
import Tensors

/// Reads the arrays of a MATLAB file of version 5, one after the other, compressed or not.
///
///     let file = try MATFile(url)
///     while let array = try file.next() {
///       if array.name == "y" { labels = try file.values(array.count) }
///     }
///
/// Little-endian files of numeric arrays; that is what MATLAB's `save -v6` and `-v7` and SciPy's `savemat` write on today's
/// machines. Never more than what was asked for is kept in memory.
///
/// - Source: MathWorks, *MAT-File Format*, R2019b, chapter 1.
final class MATFile {
  /// What stands before an array's values.
  struct Variable {
    var name: String
    /// Extents, the fastest first.
    var dimensions: [Int]
    /// The form in which the values are stored, which may be narrower than the array's class.
    var storage: Storage
    /// The product of the extents.
    var count: Int
  }

  /// Forms of stored numbers, by the number that the format gives them.
  enum Storage: UInt32 {
    case int8 = 1
    case uint8, int16, uint16, int32, uint32, single
    case double = 9
    case int64 = 12
    case uint64

    var byteCount: Int {
      switch self {
      case .int8, .uint8: 1
      case .int16, .uint16: 2
      case .int32, .uint32, .single: 4
      case .double, .int64, .uint64: 8
      }
    }
  }

  private let file: URL
  private let bytes: Data
  /// Where the next array's tag begins.
  private var position = 128
  /// Where the array being read begins.
  private var start = 128
  /// The compressed array that is being read; nil if it is not compressed.
  private var stream: GzipReader?
  /// Where the next byte of an array that is not compressed lies.
  private var cursor = 0
  /// Bytes of the array, after decompression, that are still to come.
  private var remaining = 0

  /// - Throws: `.truncated`, `.damaged`, `.unsupported` for what is no such file.
  init(_ file: URL, advice: String) throws(DatasetError) {
    self.file = file
    bytes = try FileAccess.contents(of: file, advice: advice)
    guard bytes.count >= 128 else {
      throw DatasetError(.truncated(needed: 128, available: bytes.count), file: file.path)
    }
    let ending = [UInt8](bytes[124..<128])
    switch (ending[2], ending[3], ending[0], ending[1]) {
    case (0x49, 0x4D, 0, 1): break
    case (0x49, 0x4D, 0, 2): throw DatasetError(.unsupported("a MATLAB file of version 7.3 (HDF5)"), file: file.path)
    case (0x4D, 0x49, _, _): throw DatasetError(.unsupported("a big-endian MATLAB file"), file: file.path)
    default: throw DatasetError(.damaged(reason: "it is no MATLAB file of version 5"), file: file.path, byteOffset: 124)
    }
  }

  /// The next array; nil after the last. What is left of the one before is skipped, unchecked.
  ///
  /// - Throws: `.truncated`, `.damaged`, `.unsupported` with the place of the array.
  func next() throws(DatasetError) -> Variable? {
    if position == bytes.count { return nil }
    start = position
    guard bytes.count - position >= 8 else { throw error(.truncated(needed: 8, available: bytes.count - position)) }
    let (type, count) = (word(position), Int(word(position + 4)))
    guard bytes.count - position - 8 >= count else {
      throw error(.truncated(needed: count, available: bytes.count - position - 8))
    }
    let body = position + 8..<position + 8 + count
    switch type {
    case 14:
      (stream, cursor, remaining) = (nil, body.lowerBound, count)
      // Arrays are padded to 8 bytes; the file may end without.
      position = min(body.upperBound + (8 - count % 8) % 8, bytes.count)
    case 15:
      let stream = try GzipReader(zlib: body, of: file)
      (self.stream, remaining) = (stream, 8)
      let tag = try take(8)
      guard Self.word(tag, 0) == 14 else { throw error(.damaged(reason: "a compressed element is no array")) }
      remaining = Int(Self.word(tag, 4))
      // Deflate cannot expand more than 1032 times: do not believe a tag that says so.
      guard remaining / 1032 <= count else { throw error(.truncated(needed: remaining, available: count)) }
      position = body.upperBound
    default: throw error(.unsupported("an element of type \(type) where arrays are expected"))
    }
    return try header()
  }

  /// The next bytes of the array's values, as they are stored.
  ///
  /// - Throws: `.truncated`, `.damaged` where the file is not what it announces.
  func take(_ byteCount: Int) throws(DatasetError) -> [UInt8] {
    guard byteCount <= remaining else { throw error(.truncated(needed: byteCount, available: remaining)) }
    remaining -= byteCount
    if let stream { return try stream.readExactly(byteCount) }
    defer { cursor += byteCount }
    return [UInt8](bytes[cursor..<cursor + byteCount])
  }

  /// Reads what is left of the array: padding and the sum that the compression keeps.
  func finish() throws(DatasetError) {
    guard remaining < 8 else { throw error(.excess(byteCount: remaining)) }
    _ = try take(remaining)
    try stream?.expectEnd()
  }

  /// All values of an array as real numbers.
  func values(_ array: Variable) throws(DatasetError) -> [Double] {
    let size = array.storage.byteCount
    let bytes = try take(array.count * size)
    return (0..<array.count).map { index in
      let bits = (0..<size).reduce(UInt64(0)) { $0 | UInt64(bytes[index * size + $1]) << (8 * UInt64($1)) }
      switch array.storage {
      case .int8: return Double(Int8(truncatingIfNeeded: bits))
      case .int16: return Double(Int16(truncatingIfNeeded: bits))
      case .int32: return Double(Int32(truncatingIfNeeded: bits))
      case .int64: return Double(Int64(bitPattern: bits))
      case .uint8, .uint16, .uint32, .uint64: return Double(bits)
      case .single: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
      case .double: return Double(bitPattern: bits)
      }
    }
  }
}

// MARK: - Parts of an array

extension MATFile {
  /// Flags, extents, name, and the tag of the values.
  private func header() throws(DatasetError) -> Variable {
    let flags = try part(type: 6, "flags", 8...8)
    guard (6...15).contains(flags[0]) else {
      throw error(.unsupported("a MATLAB array of class \(flags[0]) instead of numbers"))
    }
    guard flags[1] & 8 == 0 else { throw error(.unsupported("a MATLAB array of complex numbers")) }
    let extents = try part(type: 5, "extents", 8...32)
    guard extents.count % 4 == 0 else { throw error(.damaged(reason: "its extents are cut")) }
    let dimensions = stride(from: 0, to: extents.count, by: 4).map { Int(Int32(bitPattern: Self.word(extents, $0))) }
    let shape: Shape
    do {
      shape = try Shape(checking: dimensions)
    } catch {
      throw self.error(.damaged(reason: error.description))
    }
    let name = try part(type: 1, "name", 0...63)
    let (type, count, isSmall) = try tag()
    guard let storage = Storage(rawValue: type) else { throw error(.damaged(reason: "values of type \(type)")) }
    let (expected, overflow) = shape.elementCount.multipliedReportingOverflow(by: storage.byteCount)
    guard !overflow, count == expected else {
      throw error(.damaged(reason: "\(count) bytes of values for the extents \(shape)"))
    }
    guard count <= remaining else { throw error(.truncated(needed: count, available: remaining)) }
    if isSmall {
      guard remaining >= 4 else { throw error(.truncated(needed: 4, available: remaining)) }
      remaining = 4
    }
    return Variable(
      name: String(decoding: name, as: UTF8.self), dimensions: dimensions, storage: storage, count: shape.elementCount)
  }

  /// A part of the header, without its padding.
  private func part(type: UInt32, _ name: String, _ counts: ClosedRange<Int>) throws(DatasetError) -> [UInt8] {
    let (found, count, isSmall) = try tag()
    guard found == type, counts.contains(count) else {
      throw error(.damaged(reason: "its \(name) have type \(found) and \(count) bytes"))
    }
    let contents = try take(count)
    _ = try take(isSmall ? 4 - count : (8 - count % 8) % 8)
    return contents
  }

  /// Type and length of a part; small ones have their contents in the second half of the tag.
  private func tag() throws(DatasetError) -> (type: UInt32, count: Int, isSmall: Bool) {
    let first = Self.word(try take(4), 0)
    if first >> 16 != 0 {
      guard first >> 16 <= 4 else { throw error(.damaged(reason: "a small part of \(first >> 16) bytes")) }
      return (first & 0xFFFF, Int(first >> 16), true)
    }
    return (first, Int(Self.word(try take(4), 0)), false)
  }

  private func word(_ offset: Int) -> UInt32 { Self.word([UInt8](bytes[offset..<offset + 4]), 0) }

  private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
  }

  func error(_ problem: DatasetError.Problem, item: Int? = nil) -> DatasetError {
    DatasetError(problem, file: file.path, byteOffset: start, item: item)
  }
}
