/// A tensor of any element type.
///
/// Graph constants, model inputs and outputs are of this type; code that knows the element type uses `Tensor`.
public enum AnyTensor: Equatable, Sendable {
  case float32(Tensor<Float>)
  case uint8(Tensor<UInt8>)
  case int8(Tensor<Int8>)
  case int16(Tensor<Int16>)
  case int32(Tensor<Int32>)
  case int64(Tensor<Int64>)
  case bool(Tensor<Bool>)

  public var elementType: ElementType {
    switch self {
    case .float32: .float32
    case .uint8: .uint8
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .bool: .bool
    }
  }

  public var shape: Shape {
    switch self {
    case .float32(let tensor): tensor.shape
    case .uint8(let tensor): tensor.shape
    case .int8(let tensor): tensor.shape
    case .int16(let tensor): tensor.shape
    case .int32(let tensor): tensor.shape
    case .int64(let tensor): tensor.shape
    case .bool(let tensor): tensor.shape
    }
  }

  /// Bytes the elements take in memory.
  public var byteCount: Int { shape.elementCount * elementType.byteCount }

  /// The same elements under another shape.
  ///
  /// - Precondition: both shapes have the same number of elements.
  public func reshaped(_ shape: Shape) -> AnyTensor {
    switch self {
    case .float32(let tensor): .float32(tensor.reshaped(shape))
    case .uint8(let tensor): .uint8(tensor.reshaped(shape))
    case .int8(let tensor): .int8(tensor.reshaped(shape))
    case .int16(let tensor): .int16(tensor.reshaped(shape))
    case .int32(let tensor): .int32(tensor.reshaped(shape))
    case .int64(let tensor): .int64(tensor.reshaped(shape))
    case .bool(let tensor): .bool(tensor.reshaped(shape))
    }
  }
}

extension AnyTensor {
  /// The tensor if it holds float32, else nil.
  public var asFloat32: Tensor<Float>? {
    if case .float32(let tensor) = self { tensor } else { nil }
  }

  /// The elements as Int64 if they are whole numbers (bool counts as 0 and 1), else nil.
  public var integers: [Int64]? {
    switch self {
    case .float32: nil
    case .uint8(let tensor): tensor.scalars.map(Int64.init)
    case .int8(let tensor): tensor.scalars.map(Int64.init)
    case .int16(let tensor): tensor.scalars.map(Int64.init)
    case .int32(let tensor): tensor.scalars.map(Int64.init)
    case .int64(let tensor): tensor.scalars
    case .bool(let tensor): tensor.scalars.map { $0 ? 1 : 0 }
    }
  }

  /// The elements as Double, whatever their type (bool as 0 and 1).
  public var doubles: [Double] {
    switch self {
    case .float32(let tensor): tensor.scalars.map(Double.init)
    case .uint8(let tensor): tensor.scalars.map(Double.init)
    case .int8(let tensor): tensor.scalars.map(Double.init)
    case .int16(let tensor): tensor.scalars.map(Double.init)
    case .int32(let tensor): tensor.scalars.map(Double.init)
    case .int64(let tensor): tensor.scalars.map(Double.init)
    case .bool(let tensor): tensor.scalars.map { $0 ? 1 : 0 }
    }
  }
}
