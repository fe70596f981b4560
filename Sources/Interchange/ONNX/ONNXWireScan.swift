import Foundation

/// A walk over the bytes of a model before anything is decoded.
///
/// It finds the place at which the bytes stop making sense, and adds up the memory that the messages would take, so
/// that a small file of very many tiny messages is refused instead of filling the memory.
struct ONNXWireScan {
  struct Defect: Error, Equatable {
    var byteOffset: Int
    var reason: String
  }

  /// Messages inside each other, at most.
  static let depthLimit = 64

  private let bytes: UnsafeRawBufferPointer
  /// Memory for messages, names and lists of numbers, estimated from above.
  private var messageByteCount = 0
  /// Bytes of tensors, which are copied as they are.
  private var rawByteCount = 0

  /// - Throws: the first defect of the wire format, or that the messages take far more memory than the file.
  static func check(_ data: Data) throws(Defect) {
    let defect: Defect? = data.withUnsafeBytes { bytes in
      var scan = ONNXWireScan(bytes: bytes)
      do throws(Defect) {
        try scan.message(0..<bytes.count, .model, depth: 0)
        return nil
      } catch {
        return error
      }
    }
    if let defect { throw defect }
  }

  private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }
}

extension ONNXWireScan {
  /// The messages of the schema that hold others, or hold much.
  private enum Kind {
    case model, graph, node, attribute, tensor, sparseTensor, valueInfo, type, tensorType, shape, function, training
    /// Small messages that hold no others.
    case entry
    /// Messages that are not walked; their bytes are counted as messages of two bytes.
    case other

    /// What a field holds; nil for texts, bytes and numbers.
    func child(_ field: Int) -> Kind? {
      switch (self, field) {
      case (.model, 7), (.attribute, 6), (.attribute, 11), (.training, 1), (.training, 2): .graph
      case (.model, 25): .function
      case (.model, 20): .training
      case (.graph, 1), (.function, 7): .node
      case (.node, 5), (.function, 11): .attribute
      case (.graph, 5), (.attribute, 5), (.attribute, 10), (.sparseTensor, 1), (.sparseTensor, 2): .tensor
      case (.graph, 15), (.attribute, 22), (.attribute, 23): .sparseTensor
      case (.graph, 11), (.graph, 12), (.graph, 13), (.function, 12): .valueInfo
      case (.valueInfo, 2), (.attribute, 14), (.attribute, 15): .type
      case (.type, 1), (.type, 8): .tensorType
      case (.tensorType, 2): .shape
      case (.shape, 1), (.model, 8), (.model, 14), (.graph, 16), (.node, 9), (.tensor, 3), (.tensor, 13), (.tensor, 16),
        (.valueInfo, 4), (.function, 9), (.function, 14), (.training, 3), (.training, 4):
        .entry
      case (.model, 26), (.graph, 14), (.node, 10), (.type, 4), (.type, 5), (.type, 7), (.type, 9): .other
      default: nil
      }
    }

    /// Bytes of memory for one such message and what becomes of it in a graph.
    var byteCount: Int {
      switch self {
      case .node: 1200
      case .graph, .model, .function, .tensor, .sparseTensor, .training: 600
      case .attribute, .valueInfo: 400
      case .type, .tensorType, .shape, .entry, .other: 120
      }
    }

    /// Bytes of memory for each byte of a list of numbers in packed form.
    func growth(_ field: Int) -> Int {
      switch (self, field) {
      case (.tensor, 1), (.tensor, 7), (.tensor, 11), (.attribute, 8): 16
      case (.tensor, 5): 12
      case (.tensor, 4), (.tensor, 10), (.attribute, 7): 2
      default: 1
      }
    }
  }

  private mutating func message(_ range: Range<Int>, _ kind: Kind, depth: Int) throws(Defect) {
    guard depth <= Self.depthLimit else {
      throw Defect(byteOffset: range.lowerBound, reason: "graphs are nested too deeply")
    }
    var position = range.lowerBound
    while position < range.upperBound {
      let start = position
      guard let key = varint(&position, range.upperBound) else {
        throw Defect(byteOffset: start, reason: "a field is cut off")
      }
      let field = Int(clamping: key >> 3)
      switch key & 7 {
      case 0:
        guard varint(&position, range.upperBound) != nil else {
          throw Defect(byteOffset: start, reason: "a number is cut off")
        }
        try count(16, at: start)
      case 1, 5:
        let width = key & 7 == 1 ? 8 : 4
        guard range.upperBound - position >= width else {
          throw Defect(byteOffset: start, reason: "a number is cut off")
        }
        position += width
        try count(16, at: start)
      case 2: position = try bytes(field, of: kind, start, position, range.upperBound, depth)
      default: throw Defect(byteOffset: start, reason: "a field has an impossible type")
      }
    }
  }

  /// Walks a field with a length; returns the place after it.
  private mutating func bytes(
    _ field: Int, of kind: Kind, _ start: Int, _ position: Int, _ end: Int, _ depth: Int
  ) throws(Defect) -> Int {
    var position = position
    guard let length = varint(&position, end) else {
      throw Defect(byteOffset: start, reason: "a length is cut off")
    }
    guard length <= UInt64(end - position) else {
      throw Defect(byteOffset: start, reason: "\(length) bytes are announced, \(end - position) are left")
    }
    let range = position..<(position + Int(length))
    if let child = kind.child(field) {
      try count(child == .other ? 120 + 60 * range.count : child.byteCount, at: start)
      if child != .other { try message(range, child, depth: depth + 1) }
    } else if case .tensor = kind, field == 9 {
      rawByteCount += range.count
    } else {
      try count(64 + range.count * kind.growth(field), at: start)
    }
    return range.upperBound
  }

  private mutating func count(_ byteCount: Int, at place: Int) throws(Defect) {
    messageByteCount += byteCount
    guard messageByteCount <= 32 << 20 + 2 * (bytes.count - rawByteCount) else {
      throw Defect(byteOffset: place, reason: "its messages would take far more memory than the file has bytes")
    }
  }

  private func varint(_ position: inout Int, _ end: Int) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0 as UInt64, to: 70, by: 7) {
      guard position < end else { return nil }
      let byte = bytes[position]
      position += 1
      if shift < 64 { value |= UInt64(byte & 0x7F) << shift }
      if byte < 0x80 { return value }
    }
    return nil
  }
}
