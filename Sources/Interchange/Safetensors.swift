import Foundation
import Tensors

/// The file format of named tensors that Hugging Face's libraries write.
///
///     let weights = try Safetensors.read(file)
///     let filter = weights["conv1.weight"]
///
/// A JSON header of announced length gives each tensor's type, shape and place; the tensors lie behind it without gaps
/// or overlaps. float16, bfloat16 and float64 become float32, unsigned numbers of 16 bits and more the next signed type;
/// 8-bit floats are refused.
///
/// - Source: `huggingface/safetensors`, README, "Format".
public enum Safetensors {
  /// The tensors in `file`, by name.
  public static func read(_ file: URL) throws(ImportError) -> [String: AnyTensor] {
    try read(try FileBytes.read(file), file: file.lastPathComponent)
  }

  /// The tensors in `data`, by name.
  ///
  /// - Parameters:
  ///   - data: the bytes of the file, whole.
  ///   - file: the name for messages.
  public static func read(_ data: Data, file: String) throws(ImportError) -> [String: AnyTensor] {
    do throws(Fault) {
      return try tensors(data)
    } catch {
      throw error.inFile(file)
    }
  }

  /// Replaces `file` by one with these tensors, in the order of their names.
  public static func write(_ tensors: [String: AnyTensor], to file: URL) throws(ImportError) {
    try FileBytes.write(encoded(tensors), to: file)
  }

  /// The bytes of a file with these tensors.
  public static func encoded(_ tensors: [String: AnyTensor]) -> Data {
    var entries: [String] = []
    var contents = Data()
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let start = contents.count
      contents.append(contentsOf: tensor.littleEndianBytes)
      let shape = tensor.shape.dimensions.map(String.init).joined(separator: ",")
      entries.append(
        "\(quoted(name)):{\"dtype\":\"\(description(tensor.elementType))\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(start),\(contents.count)]}")
    }
    var header = "{" + entries.joined(separator: ",") + "}"
    header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    var data = Data()
    data.append(littleEndian: UInt64(header.utf8.count))
    data.append(contentsOf: header.utf8)
    data.append(contents)
    return data
  }

  private static func tensors(_ data: Data) throws(Fault) -> [String: AnyTensor] {
    let announced = try data.littleEndian(UInt64.self, at: 0)
    guard announced <= UInt64(data.count - 8) else {
      throw .damaged("a header of \(announced) bytes announced, \(data.count - 8) left", at: 0)
    }
    // Enough for 40,000 tensors; parsed JSON takes many times its bytes.
    guard announced <= 1 << 22 else { throw .unsupported("a header of \(announced) bytes; 4 MiB are the most", at: 0) }
    let start = 8 + Int(announced)
    let header = Data(data.dropFirst(8).prefix(start - 8))
    guard header.first == UInt8(ascii: "{") else { throw .damaged("the header is not a JSON object", at: 8) }
    let entries: [String: Entry]
    do {
      entries = try JSONDecoder().decode(Header.self, from: header).entries
    } catch {
      throw .damaged("the header is not JSON of the expected form", at: 8)
    }
    var end = 0
    var result: [String: AnyTensor] = [:]
    let inOrder = entries.sorted {
      ($0.value.start, $0.value.end, $0.key) < ($1.value.start, $1.value.end, $1.key)
    }
    for (name, entry) in inOrder {
      guard entry.start == end, entry.end >= end, entry.end <= data.count - start else {
        var fault = Fault.damaged("bytes \(entry.start)..<\(entry.end) leave the file, a gap, or overlap others", at: 8)
        fault.node = name
        throw fault
      }
      end = entry.end
      do throws(Fault) {
        result[name] = try entry.tensor(data, contents: start)
      } catch {
        throw Fault(problem: error.problem, byteOffset: error.byteOffset, node: name)
      }
    }
    guard end == data.count - start else {
      throw .damaged("\(data.count - start - end) bytes belong to no tensor", at: start + end)
    }
    return result
  }

  private static func quoted(_ name: String) -> String {
    var text = "\""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "\"", "\\": text += "\\" + String(scalar)
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }

  private static func description(_ type: ElementType) -> String {
    switch type {
    case .float32: "F32"
    case .uint8: "U8"
    case .int8: "I8"
    case .int16: "I16"
    case .int32: "I32"
    case .int64: "I64"
    case .bool: "BOOL"
    }
  }
}

/// One tensor as the header describes it.
private struct Entry: Decodable {
  var type: String
  var extents: [Int]
  var start: Int
  var end: Int

  enum CodingKeys: String, CodingKey {
    case type = "dtype"
    case extents = "shape"
    case place = "data_offsets"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    type = try container.decode(String.self, forKey: .type)
    extents = try container.decode([Int].self, forKey: .extents)
    let place = try container.decode([Int].self, forKey: .place)
    guard place.count == 2, place[0] >= 0 else {
      throw DecodingError.dataCorruptedError(forKey: .place, in: container, debugDescription: "two offsets")
    }
    (start, end) = (place[0], place[1])
  }

  /// The tensor, whose bytes are known to lie inside `data` behind byte `contents`.
  func tensor(_ data: Data, contents: Int) throws(Fault) -> AnyTensor {
    let types: [String: RawElementType] = [
      "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16, "I64": .int64, "I32": .int32,
      "I16": .int16, "I8": .int8, "U64": .uint64, "U32": .uint32, "U16": .uint16, "U8": .uint8, "BOOL": .bool,
    ]
    guard let raw = types[type] else { throw .unsupported("elements of type '\(type.escapedForDisplay)'") }
    let shape: Shape
    do throws(ShapeError) {
      shape = try Shape(checking: extents)
    } catch {
      throw .damaged("\(error)")
    }
    let (byteCount, overflow) = shape.elementCount.multipliedReportingOverflow(by: raw.byteCount)
    guard !overflow, byteCount == end - start else {
      throw .damaged("\(end - start) bytes for \(shape) of \(type)", at: contents + start)
    }
    let outcome = data.withUnsafeBytes { bytes -> Result<AnyTensor, Fault> in
      do throws(Fault) {
        let elements = UnsafeRawBufferPointer(rebasing: bytes[contents + start..<contents + end])
        return .success(try raw.tensor(elements, shape: shape))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }
}

/// The header: tensors, and free text under `__metadata__`.
private struct Header: Decodable {
  var entries: [String: Entry] = [:]

  struct Name: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    for name in container.allKeys {
      if name.stringValue == "__metadata__" {
        _ = try container.decode([String: String].self, forKey: name)
      } else {
        entries[name.stringValue] = try container.decode(Entry.self, forKey: name)
      }
    }
  }
}
