/// What one element of a tensor is.
public enum ElementType: UInt8, CaseIterable, Hashable, Sendable {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case int16 = 4
  case int32 = 5
  case int64 = 6
  case bool = 7

  /// Bytes of one element in memory.
  public var byteCount: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .int16: 2
    case .float32, .int32: 4
    case .int64: 8
    }
  }

  /// True for the types whose elements are whole numbers; `bool` is not one.
  public var isInteger: Bool {
    switch self {
    case .uint8, .int8, .int16, .int32, .int64: true
    case .float32, .bool: false
    }
  }
}

extension ElementType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .float32: "float32"
    case .uint8: "uint8"
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .bool: "bool"
    }
  }
}
