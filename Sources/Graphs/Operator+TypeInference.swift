import Tensors

extension Operator {
  typealias Problem = GraphError.Problem

  /// The result's type for operands of these types.
  ///
  /// - Throws: what does not fit; see `GraphError.Problem`.
  public func inferredType(_ operands: [TensorType?]) throws(GraphError.Problem) -> TensorType {
    let given = Operands(operands)
    switch self {
    case .convolution(let convolution):
      return try given.convolution(convolution, bias: true, x: .float32, result: .float32)
    case .transposedConvolution(let convolution): return try given.transposedConvolution(convolution)
    case .dense: return try given.dense(bias: true, x: .float32, result: .float32)
    case .matrixProduct: return try given.matrixProduct()
    case .pooling(let pooling): return try given.pooling(pooling)
    case .batchNormalization: return try given.batchNormalization()
    case .localResponseNormalization(let size, _, _, _):
      guard size >= 1 else { throw .attribute("the number of channels is at least 1, not \(size)") }
      return try given.one(.float32, ranks: 2...5)
    case .softmax(let axis, _):
      let type = try given.one(.float32)
      try type.checkAxis(axis)
      return type
    case .unary(let function): return try given.unary(function)
    case .binary(let function, let clamp): return try given.binary(function, clamp: clamp)
    case .comparison: return try given.comparison()
    case .select: return try given.select()
    case .cast(let elementType): return TensorType(elementType, try given.one().dimensions)
    case .reduction(_, let axes, let keepsAxes): return try given.reduction(axes: axes, keepsAxes: keepsAxes)
    case .argument(_, let axis, let keepsAxis, _):
      let type = try given.one()
      try type.checkAxis(axis)
      return TensorType(.int64, type.removing([axis], keepsAxes: keepsAxis))
    case .gather(let axis): return try given.gather(axis: axis)
    case .concatenation(let axis): return try given.concatenation(axis: axis)
    case .padding(let before, let after, _): return try given.padding(before: before, after: after)
    case .reshape(let dimensions): return try given.reshape(dimensions)
    case .transpose(let permutation):
      let type = try given.one()
      guard permutation.sorted() == Array(0..<type.rank) else {
        throw .attribute("the permutation does not name every axis once")
      }
      return TensorType(type.elementType, permutation.map { type.dimensions[$0] })
    case .slice(let slices): return try given.slice(slices)
    case .expand(let dimensions):
      let type = try given.one()
      guard let result = type.dimensions.broadcast(with: dimensions), result.count == dimensions.count,
        result == dimensions
      else { throw .mismatch("\(type) does not stretch to \(dimensions.listDescription)") }
      return TensorType(type.elementType, dimensions)
    case .resize(let resize):
      let type = try given.one(ranks: 1...5)
      guard resize.extents.count == type.rank, resize.scales.count == type.rank else {
        throw .attribute("one extent and one scale per axis")
      }
      return TensorType(type.elementType, resize.extents)
    case .quantize(let encoding, let elementType):
      let type = try given.one(.float32)
      try type.check(encoding)
      guard elementType.isInteger else { throw .attribute("codes are whole numbers, not \(elementType)") }
      return TensorType(elementType, type.dimensions)
    case .dequantize(let encoding):
      let type = try given.one()
      guard type.elementType.isInteger else { throw .elementType(operand: 0, found: type.elementType) }
      try type.check(encoding)
      return TensorType(.float32, type.dimensions)
    case .integer(let integer): return try integer.inferredType(given)
    }
  }
}

extension IntegerOperator {
  func inferredType(_ given: Operands) throws(GraphError.Problem) -> TensorType {
    switch self {
    case .convolution(let convolution, _, let result):
      let type = try given.convolution(convolution, bias: false, x: .uint8, result: result.elementType)
      try result.check(channels: type.dimensions[1])
      return type
    case .dense(let result):
      let type = try given.dense(bias: false, x: .uint8, result: result.elementType)
      try result.check(channels: type.dimensions[1])
      return type
    case .averagePooling(let pooling, _, let requantization):
      let type = try given.pooling(pooling, elementType: .uint8)
      guard requantization.multipliers.count == 1 else { throw .attribute("one multiplier for all channels") }
      return type
    case .addition:
      let (a, b) = try given.two()
      try a.require(.uint8, operand: 0)
      try b.require(.uint8, operand: 1)
      guard a == b else { throw .mismatch("\(a) and \(b) differ") }
      return a
    case .multiplication(_, _, let requantization):
      let (a, b) = try given.two()
      try a.require(.uint8, operand: 0)
      try b.require(.uint8, operand: 1)
      guard requantization.multipliers.count == 1 else { throw .attribute("one multiplier for all channels") }
      guard let dimensions = a.dimensions.broadcast(with: b.dimensions) else {
        throw .mismatch("\(a) and \(b) do not broadcast")
      }
      return TensorType(.uint8, dimensions)
    case .lookup(let table):
      let type = try given.one(table.input)
      return TensorType(table.output, type.dimensions)
    case .softmax(let axis, _):
      let type = try given.one(.uint8)
      try type.checkAxis(axis)
      return type
    }
  }
}

extension SumResult {
  public var elementType: ElementType {
    switch self {
    case .codes: .uint8
    case .real: .float32
    }
  }

  func check(channels: Dimension) throws(GraphError.Problem) {
    let count: Int
    switch self {
    case .codes(let requantization):
      count = requantization.multipliers.count
      guard requantization.codeRange.lowerBound >= 0, requantization.codeRange.upperBound <= 255 else {
        throw .attribute("codes lie in 0...255")
      }
    case .real(let scales, let offsets):
      count = scales.count
      guard offsets.count == count else { throw .attribute("as many offsets as scales") }
    }
    guard count == 1 || .fixed(count) == channels else {
      throw .mismatch("\(count) multipliers for \(channels) channels")
    }
  }
}

extension TensorType {
  func require(_ elementType: ElementType, operand: Int) throws(GraphError.Problem) {
    guard self.elementType == elementType else { throw .elementType(operand: operand, found: self.elementType) }
  }

  func checkAxis(_ axis: Int) throws(GraphError.Problem) {
    guard dimensions.indices.contains(axis) else {
      throw .attribute("axis \(axis) does not exist in rank \(rank)")
    }
  }

  func check(_ encoding: AffineEncoding) throws(GraphError.Problem) {
    guard let axis = encoding.axis else { return }
    try checkAxis(axis)
    guard dimensions[axis] == .fixed(encoding.scales.count) else {
      throw .mismatch("\(encoding.scales.count) scales for an axis of \(dimensions[axis])")
    }
  }

  func removing(_ axes: [Int], keepsAxes: Bool) -> [Dimension] {
    var result: [Dimension] = []
    for (axis, dimension) in dimensions.enumerated() {
      if !axes.contains(axis) {
        result.append(dimension)
      } else if keepsAxes {
        result.append(.fixed(1))
      }
    }
    return result
  }
}
