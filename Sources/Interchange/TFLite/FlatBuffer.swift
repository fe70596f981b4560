import Foundation

/// A checked view of a FlatBuffers file: nothing is followed or counted before it is known to lie inside.
///
/// Offsets may point to the same bytes many times, so a small file can describe a large tree. `budget` bounds what
/// all reads together may give.
///
/// - Source: FlatBuffers, *Internals*: a table starts with the signed distance back to its vtable; the vtable holds
///   its own size, the table's size, and one 16-bit offset per field, 0 for a field that is absent.
final class FlatBuffer {
  let data: Data
  let count: Int
  /// Bytes that may still be handed out.
  private var budget: Int

  /// - Parameter budget: bytes that all vectors and strings together may occupy when read.
  init(_ data: Data, budget: Int) {
    self.data = data
    self.count = data.count
    self.budget = budget
  }

  /// The little-endian number at `offset`.
  func load<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, at offset: Int) throws(Fault) -> T {
    try data.littleEndian(T.self, at: offset)
  }

  /// Takes `byteCount` from the budget.
  func charge(_ byteCount: Int, at offset: Int) throws(Fault) {
    guard byteCount >= 0, byteCount <= budget else {
      throw .damaged("its parts are referred to so often that reading them would take too much memory", at: offset)
    }
    budget -= byteCount
  }

  /// Follows the unsigned offset at `offset`.
  func target(at offset: Int) throws(Fault) -> Int {
    let distance = Int(try load(UInt32.self, at: offset))
    guard distance > 0, distance < count - offset else {
      throw .damaged("an offset of \(distance) leads outside the file", at: offset)
    }
    return offset + distance
  }

  /// The table whose first byte is at `position`, its vtable checked.
  func table(at position: Int) throws(Fault) -> FlatTable {
    let back = Int(try load(Int32.self, at: position))
    let vtable = position - back
    let vtableSize = Int(try load(UInt16.self, at: vtable))
    let tableSize = Int(try load(UInt16.self, at: vtable + 2))
    guard vtableSize >= 4, vtableSize % 2 == 0, vtableSize <= count - vtable else {
      throw .damaged("a table description of \(vtableSize) bytes", at: vtable)
    }
    guard tableSize >= 4, tableSize <= count - position else {
      throw .damaged("a table of \(tableSize) bytes", at: position)
    }
    return FlatTable(buffer: self, position: position, vtable: vtable, vtableSize: vtableSize, tableSize: tableSize)
  }

  /// The table that the file starts with.
  func root() throws(Fault) -> FlatTable { try table(at: try target(at: 0)) }

  /// The vector at `position`: where its elements are, and how many.
  ///
  /// The elements lie inside the file.
  func vector(at position: Int, elementByteCount: Int) throws(Fault) -> (start: Int, count: Int) {
    let length = Int(try load(UInt32.self, at: position))
    guard length <= (count - position - 4) / elementByteCount else {
      let left = count - position - 4
      throw .damaged("\(length) elements of \(elementByteCount) bytes announced, \(left) bytes left", at: position)
    }
    return (position + 4, length)
  }
}

/// A table inside a FlatBuffers file. Fields are numbered in the order of the schema.
struct FlatTable {
  let buffer: FlatBuffer
  /// Where the table starts.
  let position: Int
  fileprivate let vtable: Int
  fileprivate let vtableSize: Int
  fileprivate let tableSize: Int

  /// Where the field's `byteCount` bytes are, or nil if it is absent.
  func field(_ id: Int, byteCount: Int) throws(Fault) -> Int? {
    let entry = 4 + 2 * id
    guard entry + 2 <= vtableSize else { return nil }
    let offset = Int(try buffer.load(UInt16.self, at: vtable + entry))
    guard offset != 0 else { return nil }
    guard offset >= 4, offset + byteCount <= tableSize else {
      throw .damaged("field \(id) lies outside its table", at: position)
    }
    return position + offset
  }

  func integer<T: FixedWidthInteger & BitwiseCopyable>(
    _ id: Int, _: T.Type, default value: Int = 0
  ) throws(Fault) -> Int {
    guard let place = try field(id, byteCount: MemoryLayout<T>.size) else { return value }
    let number = try buffer.load(T.self, at: place)
    guard let result = Int(exactly: number) else { throw .damaged("the number \(number) is too large", at: place) }
    return result
  }

  func flag(_ id: Int) throws(Fault) -> Bool { try integer(id, UInt8.self) != 0 }

  func float(_ id: Int) throws(Fault) -> Float {
    guard let place = try field(id, byteCount: 4) else { return 0 }
    return Float(bitPattern: try buffer.load(UInt32.self, at: place))
  }

  func table(_ id: Int) throws(Fault) -> FlatTable? {
    guard let place = try field(id, byteCount: 4) else { return nil }
    return try buffer.table(at: try buffer.target(at: place))
  }

  /// Where the elements of a vector are, and how many; nil if the field is absent.
  func vector(_ id: Int, elementByteCount: Int) throws(Fault) -> (start: Int, count: Int)? {
    guard let place = try field(id, byteCount: 4) else { return nil }
    return try buffer.vector(at: try buffer.target(at: place), elementByteCount: elementByteCount)
  }

  /// The numbers of a vector; none if the field is absent.
  func integers<T: FixedWidthInteger & BitwiseCopyable>(_ id: Int, _: T.Type) throws(Fault) -> [Int] {
    let size = MemoryLayout<T>.size
    guard let vector = try vector(id, elementByteCount: size) else { return [] }
    try buffer.charge(vector.count * MemoryLayout<Int>.size, at: vector.start)
    var result: [Int] = []
    result.reserveCapacity(vector.count)
    for index in 0..<vector.count {
      result.append(Int(truncatingIfNeeded: try buffer.load(T.self, at: vector.start + index * size)))
    }
    return result
  }

  func floats(_ id: Int) throws(Fault) -> [Float] {
    try integers(id, UInt32.self).map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
  }

  /// The tables of a vector of tables; none if the field is absent.
  ///
  /// Each is charged with what a decoded table takes in memory at most.
  func tables(_ id: Int) throws(Fault) -> [FlatTable] {
    guard let vector = try vector(id, elementByteCount: 4) else { return [] }
    try buffer.charge(vector.count * 256, at: vector.start)
    var result: [FlatTable] = []
    result.reserveCapacity(vector.count)
    for index in 0..<vector.count {
      result.append(try buffer.table(at: try buffer.target(at: vector.start + 4 * index)))
    }
    return result
  }

  /// The text of a string field, with what is not UTF-8 replaced; nil if it is absent.
  func string(_ id: Int) throws(Fault) -> String? {
    guard let vector = try vector(id, elementByteCount: 1) else { return nil }
    try buffer.charge(vector.count, at: vector.start)
    return buffer.data.withUnsafeBytes { bytes in
      String(decoding: bytes[vector.start..<vector.start + vector.count], as: UTF8.self)
    }
  }
}
