import Foundation
import Tensors

/// NumPy's file format for one array.
///
///     try NPY.write(.float32(image), to: file)
///     let tensor = try NPY.read(file)
///
/// Reads versions 1.0 to 3.0, both byte orders, both element orders, and the types bool, int8 to int64, uint8 to
/// uint64 and float16 to float64; float16 and float64 become float32, unsigned numbers of 16 bits and more the next
/// signed type, and uint64 beyond int64 is refused. Writes version 1.0.
///
/// - Source: NumPy, `numpy.lib.format`.
public enum NPY {
  /// The array in `file`.
  public static func read(_ file: URL) throws(ImportError) -> AnyTensor {
    try read(try FileBytes.read(file), file: file.lastPathComponent)
  }

  /// The array in `data`.
  ///
  /// - Parameters:
  ///   - data: the bytes of the file, whole.
  ///   - file: the name for messages.
  public static func read(_ data: Data, file: String) throws(ImportError) -> AnyTensor {
    do throws(Fault) {
      return try tensor(data)
    } catch {
      throw error.inFile(file)
    }
  }

  /// Replaces `file` by one with this array.
  public static func write(_ tensor: AnyTensor, to file: URL) throws(ImportError) {
    try FileBytes.write(encoded(tensor), to: file)
  }

  /// The bytes of a file with this array: version 1.0, row-major, little-endian, data at a multiple of 64 bytes.
  public static func encoded(_ tensor: AnyTensor) -> Data {
    let extents = tensor.shape.dimensions.map(String.init)
    let shape = extents.count == 1 ? extents[0] + "," : extents.joined(separator: ", ")
    var header = "{'descr': '\(description(tensor.elementType))', 'fortran_order': False, 'shape': (\(shape)), }"
    header += String(repeating: " ", count: 63 - (magic.count + 4 + header.utf8.count) % 64) + "\n"
    var data = Data(magic)
    data.append(contentsOf: [1, 0])
    data.append(littleEndian: UInt16(header.utf8.count))
    data.append(contentsOf: header.utf8)
    data.append(contentsOf: tensor.littleEndianBytes)
    return data
  }

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  static func tensor(_ data: Data) throws(Fault) -> AnyTensor {
    guard data.prefix(magic.count).elementsEqual(magic) else { throw .damaged("not an NPY file", at: 0) }
    let version = try data.littleEndian(UInt8.self, at: 6)
    let minor = try data.littleEndian(UInt8.self, at: 7)
    guard (1...3).contains(version), minor == 0 else { throw .unsupported("NPY version \(version).\(minor)") }
    let start = version == 1 ? 10 : 12
    let length =
      version == 1
      ? Int(try data.littleEndian(UInt16.self, at: 8)) : Int(try data.littleEndian(UInt32.self, at: 8))
    guard length <= data.count - start, length <= 1 << 16 else {
      throw .damaged("a header of \(length) bytes, \(data.count - start) bytes left", at: 8)
    }
    let header = try NPYHeader(Array(data.dropFirst(start).prefix(length)), offset: start)
    return try tensor(header, data, at: start + length)
  }

  private static func tensor(_ header: NPYHeader, _ data: Data, at offset: Int) throws(Fault) -> AnyTensor {
    let (byteCount, overflow) = header.shape.elementCount.multipliedReportingOverflow(by: header.type.byteCount)
    guard !overflow, byteCount == data.count - offset else {
      throw .damaged("\(data.count - offset) bytes of data for \(header.shape)", at: offset)
    }
    // Fortran's order is row-major with the axes reversed.
    let extents = header.isFortranOrder ? header.shape.dimensions.reversed() : header.shape.dimensions
    let outcome = data.withUnsafeBytes { bytes -> Result<AnyTensor, Fault> in
      do throws(Fault) {
        let elements = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        return .success(try header.type.tensor(elements, shape: Shape(extents), isBigEndian: header.isBigEndian))
      } catch {
        return .failure(error)
      }
    }
    let tensor = try outcome.get()
    return header.isFortranOrder ? tensor.permuted(Array(extents.indices.reversed())) : tensor
  }

  private static func description(_ type: ElementType) -> String {
    switch type {
    case .float32: "<f4"
    case .uint8: "|u1"
    case .int8: "|i1"
    case .int16: "<i2"
    case .int32: "<i4"
    case .int64: "<i8"
    case .bool: "|b1"
    }
  }
}

/// What an NPY file's header says: a Python dictionary with exactly the keys `descr`, `fortran_order` and `shape`.
struct NPYHeader {
  var type: RawElementType
  var isBigEndian: Bool
  var isFortranOrder: Bool
  var shape: Shape

  /// - Parameter offset: where the header stands in the file, for messages.
  init(_ text: [UInt8], offset: Int) throws(Fault) {
    var parser = NPYHeaderParser(text: text, offset: offset)
    var description: String?
    var order: Bool?
    var extents: [Int]?
    try parser.expect("{")
    while !parser.skip("}") {
      let key = try parser.string()
      try parser.expect(":")
      switch key {
      case "descr" where description == nil: description = try parser.string()
      case "fortran_order" where order == nil: order = try parser.truth()
      case "shape" where extents == nil: extents = try parser.tuple()
      default: throw parser.fault("an unknown or repeated key")
      }
      if !parser.skip(",") {
        try parser.expect("}")
        break
      }
    }
    try parser.expectEnd()
    guard let description, let order, let extents else { throw parser.fault("a key is missing") }
    guard extents.count <= 64 else { throw parser.fault("\(extents.count) axes") }
    (type, isBigEndian) = try Self.type(description, offset: offset)
    isFortranOrder = order
    do throws(ShapeError) {
      shape = try Shape(checking: extents)
    } catch {
      throw .damaged("\(error)", at: offset)
    }
  }

  private static func type(_ text: String, offset: Int) throws(Fault) -> (RawElementType, isBigEndian: Bool) {
    let types: [String: RawElementType] = [
      "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
      "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
    ]
    guard let order = text.first, "<>|=".contains(order), let type = types[String(text.dropFirst())],
      order != "|" || type.byteCount == 1
    else { throw .unsupported("elements of type '\(text.escapedForDisplay)'", at: offset) }
    return (type, order == ">")
  }
}

/// The few forms of Python's literals that a header has.
private struct NPYHeaderParser {
  let text: [UInt8]
  let offset: Int
  private var place = 0

  init(text: [UInt8], offset: Int) {
    self.text = text
    self.offset = offset
  }

  func fault(_ reason: String) -> Fault { .damaged("in the NPY header: " + reason, at: offset + place) }

  private mutating func skipSpace() {
    while place < text.count, text[place] == 0x20 || text[place] == 0x0A { place += 1 }
  }

  /// Steps over `character` and space before it, if it is next.
  mutating func skip(_ character: Character) -> Bool {
    skipSpace()
    guard place < text.count, text[place] == character.asciiValue else { return false }
    place += 1
    return true
  }

  mutating func expect(_ character: Character) throws(Fault) {
    guard skip(character) else { throw fault("'\(character)' is missing") }
  }

  mutating func expectEnd() throws(Fault) {
    skipSpace()
    guard place == text.count else { throw fault("text after the end") }
  }

  /// A string in single or double quotes, without escapes.
  mutating func string() throws(Fault) -> String {
    let quote: UInt8
    if skip("'") {
      quote = 0x27
    } else if skip("\"") {
      quote = 0x22
    } else {
      throw skip("[") ? .unsupported("arrays of records", at: offset + place) : fault("a string is missing")
    }
    let start = place
    while place < text.count, text[place] != quote, (0x20..<0x7F).contains(text[place]), text[place] != 0x5C {
      place += 1
    }
    guard place < text.count, text[place] == quote else { throw fault("a string does not end") }
    place += 1
    return String(decoding: text[start..<place - 1], as: UTF8.self)
  }

  mutating func truth() throws(Fault) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)] where text[place...].starts(with: word.utf8) {
      place += word.utf8.count
      return value
    }
    throw fault("neither True nor False")
  }

  /// Numbers in brackets, as in `()`, `(3,)` and `(3, 4)`.
  mutating func tuple() throws(Fault) -> [Int] {
    try expect("(")
    var numbers: [Int] = []
    while !skip(")") {
      numbers.append(try number())
      if !skip(",") {
        guard numbers.count != 1 else { throw fault("a number in brackets is not a shape") }
        try expect(")")
        break
      }
    }
    return numbers
  }

  private mutating func number() throws(Fault) -> Int {
    skipSpace()
    let start = place
    while place < text.count, (0x30...0x39).contains(text[place]) { place += 1 }
    guard let number = Int(String(decoding: text[start..<place], as: UTF8.self)) else {
      throw fault("an extent is not a number")
    }
    return number
  }
}
