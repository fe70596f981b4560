import Tensors

/// Element types that array files hold; wider and narrower floats, and unsigned numbers, become the next type that
/// a tensor can have.
enum RawElementType: CaseIterable, Hashable, Sendable {
  case float16, bfloat16, float32, float64
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  case bool

  /// Bytes of one element in the file.
  var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// What the elements become: float32 for all floats, the next wider signed type for unsigned 16 and 32 bits, int64
  /// for unsigned 64.
  var elementType: ElementType {
    switch self {
    case .float16, .bfloat16, .float32, .float64: .float32
    case .int8: .int8
    case .int16: .int16
    case .int32, .uint16: .int32
    case .int64, .uint32, .uint64: .int64
    case .uint8: .uint8
    case .bool: .bool
    }
  }

  /// Reads a tensor whose elements stand one after another.
  ///
  /// - Parameter bytes: exactly `shape.elementCount · byteCount` of them.
  /// - Throws: when an unsigned 64-bit number does not fit in int64.
  func tensor(_ bytes: UnsafeRawBufferPointer, shape: Shape, isBigEndian: Bool = false) throws(Fault) -> AnyTensor {
    let reader = ElementReader(bytes: bytes, shape: shape, isBigEndian: isBigEndian)
    switch self {
    case .float16: return .float32(reader.map(UInt16.self) { Float(float16Bits: $0) })
    case .bfloat16: return .float32(reader.map(UInt16.self) { Float(bitPattern: UInt32($0) << 16) })
    case .float32: return .float32(reader.map(UInt32.self) { Float(bitPattern: $0) })
    case .float64: return .float32(reader.map(UInt64.self) { Float(Double(bitPattern: $0)) })
    case .int8: return .int8(reader.map(Int8.self) { $0 })
    case .int16: return .int16(reader.map(Int16.self) { $0 })
    case .int32: return .int32(reader.map(Int32.self) { $0 })
    case .int64: return .int64(reader.map(Int64.self) { $0 })
    case .uint8: return .uint8(reader.map(UInt8.self) { $0 })
    case .uint16: return .int32(reader.map(UInt16.self) { Int32($0) })
    case .uint32: return .int64(reader.map(UInt32.self) { Int64($0) })
    case .uint64:
      let wide = reader.map(UInt64.self) { $0 }
      if let number = wide.scalars.first(where: { $0 > UInt64(Int64.max) }) {
        throw .unsupported("the unsigned number \(number) does not fit in int64")
      }
      return .int64(wide.map { Int64($0) })
    case .bool: return .bool(reader.map(UInt8.self) { $0 != 0 })
    }
  }
}

/// The loop that all element types share.
private struct ElementReader {
  var bytes: UnsafeRawBufferPointer
  var shape: Shape
  var isBigEndian: Bool

  func map<Raw: FixedWidthInteger & BitwiseCopyable, Scalar: Sendable>(
    _: Raw.Type, _ convert: (Raw) -> Scalar
  ) -> Tensor<Scalar> {
    let size = MemoryLayout<Raw>.size
    precondition(bytes.count == shape.elementCount * size, "As many bytes as the elements take")
    let scalars = [Scalar](unsafeUninitializedCapacity: shape.elementCount) { buffer, count in
      for index in 0..<shape.elementCount {
        let raw = bytes.loadUnaligned(fromByteOffset: index * size, as: Raw.self)
        buffer.initializeElement(at: index, to: convert(isBigEndian ? Raw(bigEndian: raw) : Raw(littleEndian: raw)))
      }
      count = shape.elementCount
    }
    return Tensor(shape: shape, scalars: scalars)
  }
}

extension AnyTensor {
  /// The elements as little-endian bytes, one after another; bool as 0 and 1.
  var littleEndianBytes: [UInt8] {
    switch self {
    case .float32(let tensor): tensor.scalars.map { $0.bitPattern }.littleEndianBytes
    case .uint8(let tensor): tensor.scalars
    case .int8(let tensor): tensor.scalars.littleEndianBytes
    case .int16(let tensor): tensor.scalars.littleEndianBytes
    case .int32(let tensor): tensor.scalars.littleEndianBytes
    case .int64(let tensor): tensor.scalars.littleEndianBytes
    case .bool(let tensor): tensor.scalars.map { $0 ? 1 : 0 }
    }
  }
}

extension Array where Element: FixedWidthInteger & BitwiseCopyable {
  fileprivate var littleEndianBytes: [UInt8] {
    map { $0.littleEndian }.withUnsafeBytes { [UInt8]($0) }
  }
}
