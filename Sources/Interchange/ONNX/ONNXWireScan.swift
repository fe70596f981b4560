import Foundation

/// Finds the place at which the bytes of a model stop making sense, for the error message.
enum ONNXWireScan {
  struct Defect: Equatable {
    var byteOffset: Int
    var reason: String
  }

  /// The first defect of the wire format; a general one at byte 0 if the walk finds none.
  static func firstDefect(in data: Data) -> Defect {
    data.withUnsafeBytes { bytes in
      var scan = Scan(bytes: bytes)
      if let defect = scan.message(0..<bytes.count, kind: .model, depth: 0) { return defect }
      return Defect(byteOffset: 0, reason: "these bytes are not a model, or its texts are not UTF-8")
    }
  }

  /// Messages that hold other messages, as far as the walk goes down.
  private enum Kind {
    case model, graph, node, attribute, leaf

    func child(_ field: Int) -> Kind? {
      switch (self, field) {
      case (.model, 7), (.attribute, 6), (.attribute, 11): .graph
      case (.graph, 1): .node
      case (.node, 5): .attribute
      case (.graph, 5), (.graph, 11), (.graph, 12), (.graph, 13), (.model, 8), (.attribute, 5): .leaf
      default: nil
      }
    }
  }

  private struct Scan {
    let bytes: UnsafeRawBufferPointer

    mutating func message(_ range: Range<Int>, kind: Kind, depth: Int) -> Defect? {
      guard depth <= 64 else {
        return Defect(byteOffset: range.lowerBound, reason: "graphs are nested too deeply")
      }
      var position = range.lowerBound
      while position < range.upperBound {
        let start = position
        guard let key = varint(&position, range.upperBound) else {
          return Defect(byteOffset: start, reason: "a field is cut off")
        }
        switch key & 7 {
        case 0:
          guard varint(&position, range.upperBound) != nil else {
            return Defect(byteOffset: start, reason: "a number is cut off")
          }
        case 1, 5:
          let width = key & 7 == 1 ? 8 : 4
          guard range.upperBound - position >= width else {
            return Defect(byteOffset: start, reason: "a number is cut off")
          }
          position += width
        case 2:
          guard let length = varint(&position, range.upperBound) else {
            return Defect(byteOffset: start, reason: "a length is cut off")
          }
          guard length <= UInt64(range.upperBound - position) else {
            return Defect(
              byteOffset: start,
              reason: "\(length) bytes are announced, \(range.upperBound - position) are left")
          }
          let end = position + Int(length)
          if let child = kind.child(Int(clamping: key >> 3)) {
            if let defect = message(position..<end, kind: child, depth: depth + 1) { return defect }
          }
          position = end
        default:
          return Defect(byteOffset: start, reason: "a field has an impossible type")
        }
      }
      return nil
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
}
