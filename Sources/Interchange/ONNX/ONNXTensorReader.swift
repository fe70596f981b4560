import Foundation
import Tensors

/// Turns stored tensors into ours, with every size checked against the bytes that are there.
///
/// Types that the core set lacks become the nearest that holds every value: float16, bfloat16 and float64 become
/// float32 (float64 is rounded), uint16 int32, uint32 int64, and uint64 int64 where the values fit.
struct ONNXTensorReader {
  /// Opens files beside the model; nil where there is no folder (a tensor in a message of its own).
  var externalData: ONNXExternalData?

  func tensor(_ proto: Onnx_TensorProto) throws(ONNXFailure) -> AnyTensor {
    guard !proto.hasSegment else { throw .unsupported("a tensor in segments is not supported") }
    let shape = try Self.shape(proto.dims)
    guard let type = Onnx_TensorProto.DataType(rawValue: Int(proto.dataType)), type != .undefined else {
      throw .damaged("element type \(proto.dataType) does not exist")
    }
    if proto.dataLocation == .external {
      guard let externalData else { throw .unsupported("a tensor outside its file is not supported here") }
      guard let width = type.byteCount else { throw .unsupported("element type \(type.label) is not supported") }
      let byteCount = try Self.byteCount(shape, width: width)
      let bytes = try externalData.bytes(proto.externalData, byteCount: byteCount)
      return try Self.convert(bytes, shape: shape, type: type)
    }
    if proto.hasRawData {
      guard proto.floatData.isEmpty, proto.int32Data.isEmpty, proto.int64Data.isEmpty, proto.doubleData.isEmpty,
        proto.uint64Data.isEmpty, proto.stringData.isEmpty
      else { throw .damaged("a tensor has both raw and typed data") }
      guard let width = type.byteCount else { throw .unsupported("element type \(type.label) is not supported") }
      let byteCount = try Self.byteCount(shape, width: width)
      guard proto.rawData.count == byteCount else {
        throw .damaged("a tensor of \(shape) has \(proto.rawData.count) bytes where \(byteCount) are due")
      }
      return try Self.convert(proto.rawData, shape: shape, type: type)
    }
    return try typed(proto, shape: shape, type: type)
  }

  static func shape(_ dims: [Int64]) throws(ONNXFailure) -> Shape {
    guard dims.count <= 64 else { throw .damaged("a tensor has \(dims.count) axes") }
    do throws(ShapeError) {
      let shape = try Shape(checking: dims.map { Int($0) })
      guard shape.dimensions.allSatisfy({ $0 <= 1 << 40 }) else { throw ShapeError.tooLarge(shape.dimensions) }
      return shape
    } catch {
      throw ONNXFailure(error)
    }
  }

  private static func byteCount(_ shape: Shape, width: Int) throws(ONNXFailure) -> Int {
    let (byteCount, overflow) = shape.elementCount.multipliedReportingOverflow(by: width)
    guard !overflow else { throw .damaged("the size of a tensor of \(shape) does not fit in 64 bits") }
    return byteCount
  }
}

// MARK: - Raw data

extension ONNXTensorReader {
  /// - Precondition: as many bytes as shape and type ask for.
  private static func convert(
    _ bytes: Data, shape: Shape, type: Onnx_TensorProto.DataType
  ) throws(ONNXFailure) -> AnyTensor {
    func read<Stored: FixedWidthInteger, Scalar: BitwiseCopyable & Sendable>(
      _: Stored.Type, _ transform: (Stored) -> Scalar
    ) -> Tensor<Scalar> {
      Tensor(shape: shape, scalars: scalars(bytes, count: shape.elementCount, transform))
    }
    switch type {
    case .float: return .float32(read(UInt32.self) { Float(bitPattern: $0) })
    case .uint8: return .uint8(read(UInt8.self) { $0 })
    case .int8: return .int8(read(Int8.self) { $0 })
    case .uint16: return .int32(read(UInt16.self) { Int32($0) })
    case .int16: return .int16(read(Int16.self) { $0 })
    case .int32: return .int32(read(Int32.self) { $0 })
    case .int64: return .int64(read(Int64.self) { $0 })
    case .bool: return .bool(read(UInt8.self) { $0 != 0 })
    case .float16: return .float32(read(UInt16.self) { Float(float16Bits: $0) })
    case .bfloat16: return .float32(read(UInt16.self) { Float(bitPattern: UInt32($0) << 16) })
    case .double: return .float32(read(UInt64.self) { Float(Double(bitPattern: $0)) })
    case .uint32: return .int64(read(UInt32.self) { Int64($0) })
    case .uint64: return .int64(try fitting(read(UInt64.self) { $0 }))
    default: throw .unsupported("element type \(type.label) is not supported")
    }
  }

  private static func scalars<Stored: FixedWidthInteger, Scalar: BitwiseCopyable>(
    _ bytes: Data, count: Int, _ transform: (Stored) -> Scalar
  ) -> [Scalar] {
    bytes.withUnsafeBytes { source in
      [Scalar](unsafeUninitializedCapacity: count) { target, initializedCount in
        for index in 0..<count {
          let stored = source.loadUnaligned(fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self)
          target.initializeElement(at: index, to: transform(Stored(littleEndian: stored)))
        }
        initializedCount = count
      }
    }
  }

  private static func fitting(_ tensor: Tensor<UInt64>) throws(ONNXFailure) -> Tensor<Int64> {
    guard tensor.scalars.allSatisfy({ $0 <= UInt64(Int64.max) }) else {
      throw .unsupported("a uint64 value does not fit in int64")
    }
    return tensor.map { Int64($0) }
  }
}

// MARK: - Typed data

extension ONNXTensorReader {
  private func typed(
    _ proto: Onnx_TensorProto, shape: Shape, type: Onnx_TensorProto.DataType
  ) throws(ONNXFailure) -> AnyTensor {
    func check(_ count: Int) throws(ONNXFailure) {
      guard count == shape.elementCount else {
        throw .damaged("a tensor of \(shape) has \(count) values where \(shape.elementCount) are due")
      }
    }
    func narrow<Scalar: FixedWidthInteger & Sendable>(_: Scalar.Type) throws(ONNXFailure) -> Tensor<Scalar> {
      try check(proto.int32Data.count)
      var scalars: [Scalar] = []
      scalars.reserveCapacity(proto.int32Data.count)
      for value in proto.int32Data {
        guard let scalar = Scalar(exactly: value) else {
          throw .damaged("value \(value) does not fit in \(type.label)")
        }
        scalars.append(scalar)
      }
      return Tensor(shape: shape, scalars: scalars)
    }
    switch type {
    case .float:
      try check(proto.floatData.count)
      return .float32(Tensor(shape: shape, scalars: proto.floatData))
    case .double:
      try check(proto.doubleData.count)
      return .float32(Tensor(shape: shape, scalars: proto.doubleData.map { Float($0) }))
    case .int64:
      try check(proto.int64Data.count)
      return .int64(Tensor(shape: shape, scalars: proto.int64Data))
    case .uint32, .uint64:
      try check(proto.uint64Data.count)
      return .int64(try Self.fitting(Tensor(shape: shape, scalars: proto.uint64Data)))
    case .uint8: return .uint8(try narrow(UInt8.self))
    case .int8: return .int8(try narrow(Int8.self))
    case .int16: return .int16(try narrow(Int16.self))
    case .int32: return .int32(try narrow(Int32.self))
    case .uint16: return .int32(try narrow(UInt16.self).map { Int32($0) })
    case .bool: return .bool(try narrow(UInt8.self).map { $0 != 0 })
    case .float16: return .float32(try narrow(UInt16.self).map { Float(float16Bits: $0) })
    case .bfloat16: return .float32(try narrow(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) })
    default: throw .unsupported("element type \(type.label) is not supported")
    }
  }
}

// MARK: - Sparse tensors

extension ONNXTensorReader {
  /// The dense tensor; places are checked, and the size against `limit` elements.
  func dense(_ sparse: Onnx_SparseTensorProto, limit: Int) throws(ONNXFailure) -> AnyTensor {
    let shape = try Self.shape(sparse.dims)
    let values = try tensor(sparse.values)
    let indices = try tensor(sparse.indices)
    guard case .int64(let places) = indices else { throw .damaged("places of a sparse tensor are int64") }
    guard values.shape.rank == 1 else { throw .damaged("values of a sparse tensor have one axis") }
    guard shape.elementCount <= limit else {
      throw .unsupported("a sparse tensor of \(shape) is larger than the file justifies")
    }
    let count = values.shape[0]
    var flat: [Int] = []
    if places.shape == [count] {
      flat = places.scalars.map { Int($0) }
    } else if places.shape == [count, shape.rank] {
      for row in 0..<count {
        var place = 0
        for axis in 0..<shape.rank {
          let index = Int(places.scalars[row * shape.rank + axis])
          guard (0..<shape[axis]).contains(index) else {
            throw .damaged("place \(index) lies outside a sparse tensor of \(shape)")
          }
          place = place * shape[axis] + index
        }
        flat.append(place)
      }
    } else {
      throw .damaged("a sparse tensor has \(count) values and places of \(places.shape)")
    }
    for (index, place) in flat.enumerated() {
      guard (0..<shape.elementCount).contains(place) else {
        throw .damaged("place \(place) lies outside a sparse tensor of \(shape)")
      }
      guard index == 0 || flat[index - 1] < place else { throw .damaged("places of a sparse tensor ascend") }
    }
    func spread<Scalar>(_ values: Tensor<Scalar>, zero: Scalar) -> Tensor<Scalar> {
      var scalars = [Scalar](repeating: zero, count: shape.elementCount)
      for (value, place) in zip(values.scalars, flat) { scalars[place] = value }
      return Tensor(shape: shape, scalars: scalars)
    }
    switch values {
    case .float32(let tensor): return .float32(spread(tensor, zero: 0))
    case .uint8(let tensor): return .uint8(spread(tensor, zero: 0))
    case .int8(let tensor): return .int8(spread(tensor, zero: 0))
    case .int16(let tensor): return .int16(spread(tensor, zero: 0))
    case .int32(let tensor): return .int32(spread(tensor, zero: 0))
    case .int64(let tensor): return .int64(spread(tensor, zero: 0))
    case .bool(let tensor): return .bool(spread(tensor, zero: false))
    }
  }
}

// MARK: - Element types

extension Onnx_TensorProto.DataType {
  /// Bytes of one element in raw data; nil for types that are not read.
  var byteCount: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float, .int32, .uint32: 4
    case .int64, .double, .uint64: 8
    default: nil
    }
  }

  /// The core type with the same values; nil where there is none.
  var elementType: ElementType? {
    switch self {
    case .float: .float32
    case .uint8: .uint8
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .bool: .bool
    default: nil
    }
  }

  /// The name in messages.
  var label: String { "\(self)" }
}
