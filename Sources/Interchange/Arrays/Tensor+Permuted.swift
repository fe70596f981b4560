import Tensors

extension Tensor {
  /// The tensor with its axes in another order: axis `i` of the result is axis `order[i]` of this one.
  ///
  /// - Precondition: `order` names every axis once.
  func permuted(_ order: [Int]) -> Tensor {
    precondition(order.sorted() == Array(0..<shape.rank), "An order names every axis once")
    guard order != order.sorted() else { return self }
    let result = Shape(order.map { shape[$0] })
    guard result.elementCount > 0 else { return Tensor(shape: result, scalars: []) }
    let sourceStrides = shape.strides
    let strides = order.map { sourceStrides[$0] }
    var position = [Int](repeating: 0, count: order.count)
    var source = 0
    let permutedScalars = scalars.withUnsafeBufferPointer { from in
      [Scalar](unsafeUninitializedCapacity: result.elementCount) { buffer, count in
        for index in 0..<result.elementCount {
          buffer.initializeElement(at: index, to: from[source])
          var axis = order.count - 1
          while axis >= 0 {
            position[axis] += 1
            source += strides[axis]
            if position[axis] < result[axis] { break }
            source -= strides[axis] * result[axis]
            position[axis] = 0
            axis -= 1
          }
        }
        count = result.elementCount
      }
    }
    return Tensor(shape: result, scalars: permutedScalars)
  }
}

extension AnyTensor {
  /// The tensor with its axes in another order; see `Tensor.permuted`.
  func permuted(_ order: [Int]) -> AnyTensor {
    switch self {
    case .float32(let tensor): .float32(tensor.permuted(order))
    case .uint8(let tensor): .uint8(tensor.permuted(order))
    case .int8(let tensor): .int8(tensor.permuted(order))
    case .int16(let tensor): .int16(tensor.permuted(order))
    case .int32(let tensor): .int32(tensor.permuted(order))
    case .int64(let tensor): .int64(tensor.permuted(order))
    case .bool(let tensor): .bool(tensor.permuted(order))
    }
  }
}
