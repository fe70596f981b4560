import Tensors

extension AnyTensor {
  /// A tensor with the elements at `pointer`, row-major.
  init(copying pointer: UnsafeRawPointer, _ elementType: ElementType, _ shape: Shape) {
    switch elementType {
    case .float32: self = .float32(Tensor(copying: pointer, shape))
    case .uint8: self = .uint8(Tensor(copying: pointer, shape))
    case .int8: self = .int8(Tensor(copying: pointer, shape))
    case .int16: self = .int16(Tensor(copying: pointer, shape))
    case .int32: self = .int32(Tensor(copying: pointer, shape))
    case .int64: self = .int64(Tensor(copying: pointer, shape))
    case .bool: self = .bool(Tensor(copying: pointer, shape))
    }
  }

  /// Writes the elements to `pointer`, row-major, `byteCount` bytes.
  func copyBytes(to pointer: UnsafeMutableRawPointer) {
    switch self {
    case .float32(let tensor): tensor.copyBytes(to: pointer)
    case .uint8(let tensor): tensor.copyBytes(to: pointer)
    case .int8(let tensor): tensor.copyBytes(to: pointer)
    case .int16(let tensor): tensor.copyBytes(to: pointer)
    case .int32(let tensor): tensor.copyBytes(to: pointer)
    case .int64(let tensor): tensor.copyBytes(to: pointer)
    case .bool(let tensor): tensor.copyBytes(to: pointer)
    }
  }
}

extension Tensor {
  fileprivate init(copying pointer: UnsafeRawPointer, _ shape: Shape) {
    let elements = UnsafeBufferPointer(
      start: pointer.assumingMemoryBound(to: Scalar.self), count: shape.elementCount)
    self.init(shape: shape, scalars: Array(elements))
  }

  fileprivate func copyBytes(to pointer: UnsafeMutableRawPointer) {
    scalars.withUnsafeBytes { source in
      if let base = source.baseAddress { pointer.copyMemory(from: base, byteCount: source.count) }
    }
  }
}
