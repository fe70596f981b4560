import Tensors

extension AnyTensor {
  /// The tensor whose element i is this one's element `indices[i]`, or `filler` where the index is negative.
  ///
  /// Everything that only moves elements is defined by its indices: transposition, slicing, padding, broadcasting.
  func taking(_ indices: [Int], shape: Shape, filler: Float = 0) -> AnyTensor {
    switch self {
    case .float32(let x): .float32(x.taking(indices, shape: shape, filler: filler))
    case .uint8(let x): .uint8(x.taking(indices, shape: shape, filler: UInt8(saturating: filler)))
    case .int8(let x): .int8(x.taking(indices, shape: shape, filler: Int8(saturating: filler)))
    case .int16(let x): .int16(x.taking(indices, shape: shape, filler: Int16(saturating: filler)))
    case .int32(let x): .int32(x.taking(indices, shape: shape, filler: Int32(saturating: filler)))
    case .int64(let x): .int64(x.taking(indices, shape: shape, filler: Int64(saturating: filler)))
    case .bool(let x): .bool(x.taking(indices, shape: shape, filler: filler != 0))
    }
  }

  /// All elements of this tensor, then all of `other`, in one axis; nil if their types differ.
  func joined(_ other: AnyTensor) -> AnyTensor? {
    switch (self, other) {
    case (.float32(let a), .float32(let b)): .float32(a.joined(b))
    case (.uint8(let a), .uint8(let b)): .uint8(a.joined(b))
    case (.int8(let a), .int8(let b)): .int8(a.joined(b))
    case (.int16(let a), .int16(let b)): .int16(a.joined(b))
    case (.int32(let a), .int32(let b)): .int32(a.joined(b))
    case (.int64(let a), .int64(let b)): .int64(a.joined(b))
    case (.bool(let a), .bool(let b)): .bool(a.joined(b))
    case (.float32, _), (.uint8, _), (.int8, _), (.int16, _), (.int32, _), (.int64, _), (.bool, _): nil
    }
  }
}

extension Tensor {
  func taking(_ indices: [Int], shape: Shape, filler: Scalar) -> Tensor {
    let taken = scalars.withUnsafeBufferPointer { source in
      indices.map { $0 < 0 ? filler : source[$0] }
    }
    return Tensor(shape: shape, scalars: taken)
  }

  func joined(_ other: Tensor) -> Tensor {
    Tensor(shape: [scalars.count + other.scalars.count], scalars: scalars + other.scalars)
  }

  /// The elements repeated along extents of 1, as NumPy broadcasts them.
  func broadcast(to shape: Shape) -> [Scalar] {
    if self.shape == shape { return scalars }
    let indices = self.shape.broadcastIndices(to: shape)
    return scalars.withUnsafeBufferPointer { source in indices.map { source[$0] } }
  }
}

extension Shape {
  /// For every element of a tensor of `shape`, the element of one of this shape that broadcasting puts there.
  ///
  /// - Precondition: this shape broadcasts to `shape`.
  func broadcastIndices(to shape: Shape) -> [Int] {
    let missing = shape.rank - rank
    var steps = [Int](repeating: 0, count: shape.rank)
    for (axis, stride) in strides.enumerated() where self[axis] != 1 { steps[missing + axis] = stride }
    return shape.walk(steps: steps)
  }

  /// `start + Σ index[axis] · steps[axis]` for every index of this shape, in row-major order.
  func walk(start: Int = 0, steps: [Int]) -> [Int] {
    let tables = dimensions.indices.map { axis in (0..<self[axis]).map { $0 * steps[axis] } }
    return walk(start: start, tables: tables)
  }

  /// `start + Σ tables[axis][index[axis]]` for every index of this shape, in row-major order.
  ///
  /// Negative if any entry on the way is negative.
  func walk(start: Int = 0, tables: [[Int]]) -> [Int] {
    var offsets = [start]
    guard elementCount > 0 else { return [] }
    for table in tables {
      var next: [Int] = []
      next.reserveCapacity(offsets.count * table.count)
      for offset in offsets {
        for entry in table { next.append(offset < 0 || entry < 0 ? -1 : offset + entry) }
      }
      offsets = next
    }
    return offsets
  }

  /// Extents before, at and after `axis`, multiplied up: the tensor as a three-dimensional one.
  func split(at axis: Int) -> (outer: Int, extent: Int, inner: Int) {
    let inner = dimensions[(axis + 1)...].reduce(1, *)
    return (dimensions[..<axis].reduce(1, *), self[axis], inner)
  }
}
