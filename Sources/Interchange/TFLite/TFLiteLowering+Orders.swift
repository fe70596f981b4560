import Graphs
import Tensors

extension TFLiteLowering {
  /// The tensor's real value with its axes in `order`.
  mutating func real(tensor: Int, order: [Int]) throws(Fault) -> ValueID {
    let tensor = resolved(tensor)
    let key = TensorOrder(tensor: tensor, order: order)
    if let id = rearranged[key] { return id }
    let id: ValueID
    if let value = values[tensor] {
      id = try rearrange(value, of: tensor, to: order)
    } else if let integers = known[tensor] {
      id = try constant(integers, tensor: tensor, order: order)
    } else if file.isConstant(tensor) {
      id = try constant(tensor, order: order)
    } else {
      throw .damaged("tensor \(tensor) is used before it is computed")
    }
    rearranged[key] = id
    return id
  }

  /// Moves axes by a transpose, or by a reshape if only extents of 1 change their places.
  private mutating func rearrange(
    _ value: ArrangedValue, of tensor: Int, to order: [Int]
  ) throws(Fault) -> ValueID {
    guard value.order != order else { return value.id }
    let extra = order.count - value.order.count
    guard extra >= 0 else { throw .damaged("an operand of rank \(value.order.count) where \(order.count) is due") }
    let from = Array(0..<extra) + value.order.map { $0 + extra }
    let dimensions = [Dimension](repeating: 1, count: extra) + graph[value.id].type.dimensions
    let places = from.inverse
    let target = order.map { dimensions[places[$0]] }
    let stored = file.tensors[tensor].shortName
    let isMoved = { (axis: Int) in dimensions[places[axis]] != .fixed(1) }

    var id = value.id
    if from.filter(isMoved) == order.filter(isMoved) {
      id = try append(.reshape(target), [id], name: stored + "/reshape")
    } else {
      if extra > 0 { id = try append(.reshape(dimensions), [id], name: stored + "/reshape") }
      id = try append(.transpose(order.map { places[$0] }), [id], name: stored + "/transpose")
    }
    return try settle(id, as: tensor)
  }

  private mutating func constant(_ tensor: Int, order: [Int]) throws(Fault) -> ValueID {
    let stored = file.tensors[tensor]
    guard !stored.isSparse else { throw .unsupported("sparse tensor '\(stored.displayName)'") }
    let elements = try file.constant(tensor)
    let extra = order.count - elements.shape.rank
    guard extra >= 0 else { throw .damaged("a constant of rank \(elements.shape.rank) where \(order.count) is due") }
    let padded = elements.reshaped(Shape([Int](repeating: 1, count: extra) + elements.shape.dimensions))
    let arranged = padded.permuted(order)
    guard var encoding = try encoding(tensor) else { return addConstant(arranged, name: stored.name) }
    encoding.axis = encoding.axis.map { $0 + extra }
    encoding = encoding.arranged(order)
    if case .int64 = arranged {
      return addConstant(.float32(Self.decoded(arranged, encoding)), name: stored.name)
    }
    let id = addConstant(arranged, name: stored.name)
    return try append(.dequantize(encoding), [id], name: stored.shortName + "/dequantize")
  }

  private mutating func constant(_ integers: KnownIntegers, tensor: Int, order: [Int]) throws(Fault) -> ValueID {
    guard !integers.dependsOnBatch else { throw .unsupported("the size of the batch is used as data") }
    let extra = order.count - integers.extents.count
    guard extra >= 0 else { throw .damaged("a constant of rank \(integers.extents.count) where \(order.count) is due") }
    let shape = Shape([Int](repeating: 1, count: extra) + integers.extents)
    let stored = file.tensors[tensor]
    let elements: AnyTensor =
      stored.type == .int64
      ? .int64(Tensor(shape: shape, scalars: integers.values.map { Int64($0) }))
      : .int32(Tensor(shape: shape, scalars: integers.values.map { Int32(clamping: $0) }))
    return addConstant(elements.permuted(order), name: stored.name)
  }

  private static func decoded(_ tensor: AnyTensor, _ encoding: AffineEncoding) -> Tensor<Float> {
    let inner = encoding.axis.map { tensor.shape.dimensions[($0 + 1)...].reduce(1, *) } ?? 1
    let values = tensor.doubles.enumerated().map { index, code in
      let channel = encoding.axis == nil ? 0 : index / max(inner, 1) % encoding.scales.count
      return Float((code - Double(encoding.zeroPoints[channel])) * Double(encoding.scales[channel]))
    }
    return Tensor(shape: tensor.shape, scalars: values)
  }
}

extension [Int] {
  /// The permutation that undoes this one.
  var inverse: [Int] {
    var inverse = self
    for (place, axis) in enumerated() { inverse[axis] = place }
    return inverse
  }
}

extension AffineEncoding {
  /// The encoding of the same tensor with its axes in another order.
  func arranged(_ order: [Int]) -> AffineEncoding {
    var result = self
    result.axis = axis.flatMap { order.firstIndex(of: $0) }
    return result
  }
}
