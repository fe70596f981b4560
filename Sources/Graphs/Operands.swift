import Tensors

/// The operand types of one operator, with the rules that operators share.
struct Operands {
  var types: [TensorType?]

  init(_ types: [TensorType?]) { self.types = types }

  func count(_ range: ClosedRange<Int>) throws(GraphError.Problem) {
    guard range.contains(types.count) else { throw .operandCount(expected: range, found: types.count) }
  }

  func required(_ index: Int) throws(GraphError.Problem) -> TensorType {
    guard index < types.count, let type = types[index] else { throw .missingOperand(index) }
    return type
  }

  func optional(_ index: Int) -> TensorType? { index < types.count ? types[index] : nil }

  func one(
    _ elementType: ElementType? = nil, ranks: ClosedRange<Int> = 0...64
  ) throws(GraphError.Problem) -> TensorType {
    try count(1...1)
    let type = try required(0)
    if let elementType { try type.require(elementType, operand: 0) }
    guard ranks.contains(type.rank) else { throw .rank(operand: 0, found: type.rank) }
    return type
  }

  func two() throws(GraphError.Problem) -> (TensorType, TensorType) {
    try count(2...2)
    return (try required(0), try required(1))
  }

  /// `extents` of the spatial axes, which must be fixed.
  func spatial(_ type: TensorType) throws(GraphError.Problem) -> [Int] {
    var extents: [Int] = []
    for dimension in type.dimensions.dropFirst(2) {
      guard let extent = dimension.fixedExtent else { throw .mismatch("a spatial extent depends on the batch") }
      extents.append(extent)
    }
    return extents
  }

  func channels(_ type: TensorType) throws(GraphError.Problem) -> Int {
    guard let channels = type.dimensions[1].fixedExtent else {
      throw .mismatch("the number of channels depends on the batch")
    }
    return channels
  }

  func vector(_ index: Int, count: Int, of elementType: ElementType) throws(GraphError.Problem) {
    guard let type = optional(index) else { return }
    try type.require(elementType, operand: index)
    guard type.dimensions == [.fixed(count)] else {
      throw .mismatch("operand \(index) is \(type), not [\(count)]")
    }
  }
}

// MARK: - Weighted sums

extension Operands {
  func convolution(
    _ convolution: Convolution, bias: Bool, x elementType: ElementType, result: ElementType
  ) throws(GraphError.Problem) -> TensorType {
    try count(2...(bias ? 3 : 2))
    let (x, weights) = (try required(0), try required(1))
    try x.require(elementType, operand: 0)
    try weights.require(.float32, operand: 1)
    let window = convolution.window
    try window.check(rank: x.rank)
    guard weights.rank == x.rank else { throw .rank(operand: 1, found: weights.rank) }
    let (inputChannels, groups) = (try channels(x), convolution.groups)
    guard let shape = weights.fixedShape else { throw .mismatch("the weights depend on the batch") }
    guard groups >= 1, inputChannels % groups == 0, shape[0] % groups == 0 else {
      throw .attribute("\(groups) groups do not divide \(inputChannels) and \(shape[0]) channels")
    }
    guard shape[1] == inputChannels / groups, Array(shape.dimensions.dropFirst(2)) == window.kernel else {
      throw .mismatch("weights \(shape) do not fit \(x) in \(groups) groups with window \(window.kernel)")
    }
    if bias { try vector(2, count: shape[0], of: .float32) }
    var dimensions = [x.dimensions[0], .fixed(shape[0])]
    for (axis, extent) in try spatial(x).enumerated() {
      guard let count = window.outputExtent(extent, axis: axis) else { throw .emptyResult }
      dimensions.append(.fixed(count))
    }
    return TensorType(result, dimensions)
  }

  func transposedConvolution(_ convolution: TransposedConvolution) throws(GraphError.Problem) -> TensorType {
    try count(2...3)
    let (x, weights) = (try required(0), try required(1))
    try x.require(.float32, operand: 0)
    try weights.require(.float32, operand: 1)
    let window = convolution.window
    try window.check(rank: x.rank)
    guard weights.rank == x.rank else { throw .rank(operand: 1, found: weights.rank) }
    guard let shape = weights.fixedShape else { throw .mismatch("the weights depend on the batch") }
    let (inputChannels, groups) = (try channels(x), convolution.groups)
    guard groups >= 1, inputChannels % groups == 0, shape[0] == inputChannels else {
      throw .mismatch("weights \(shape) do not fit \(x) in \(groups) groups")
    }
    guard Array(shape.dimensions.dropFirst(2)) == window.kernel,
      convolution.outputPadding.count == window.rank, convolution.outputPadding.allSatisfy({ $0 >= 0 && $0 < 1 << 31 })
    else { throw .attribute("window \(window.kernel) does not fit weights \(shape)") }
    let (outputChannels, overflow) = shape[1].multipliedReportingOverflow(by: groups)
    guard !overflow else { throw .tooLarge }
    try vector(2, count: outputChannels, of: .float32)
    var dimensions = [x.dimensions[0], .fixed(outputChannels)]
    for (axis, extent) in try spatial(x).enumerated() {
      guard extent < 1 << 31, let count = convolution.outputExtent(extent, axis: axis) else { throw .emptyResult }
      dimensions.append(.fixed(count))
    }
    return TensorType(.float32, dimensions)
  }

  func dense(
    bias: Bool, x elementType: ElementType, result: ElementType
  ) throws(GraphError.Problem) -> TensorType {
    try count(2...(bias ? 3 : 2))
    let (x, weights) = (try required(0), try required(1))
    try x.require(elementType, operand: 0)
    try weights.require(.float32, operand: 1)
    guard x.rank == 2 else { throw .rank(operand: 0, found: x.rank) }
    guard weights.rank == 2 else { throw .rank(operand: 1, found: weights.rank) }
    guard x.dimensions[1] == weights.dimensions[1], let outputs = weights.dimensions[0].fixedExtent else {
      throw .mismatch("\(x) and weights \(weights) do not fit")
    }
    if bias { try vector(2, count: outputs, of: .float32) }
    return TensorType(result, [x.dimensions[0], .fixed(outputs)])
  }

  func matrixProduct() throws(GraphError.Problem) -> TensorType {
    let (a, b) = try two()
    guard a.elementType == .float32 || a.elementType == .int32 || a.elementType == .int64 else {
      throw .elementType(operand: 0, found: a.elementType)
    }
    try b.require(a.elementType, operand: 1)
    guard a.rank >= 1 else { throw .rank(operand: 0, found: 0) }
    guard b.rank >= 1 else { throw .rank(operand: 1, found: 0) }
    let left = a.rank == 1 ? [.fixed(1)] + a.dimensions : a.dimensions
    let right = b.rank == 1 ? b.dimensions + [.fixed(1)] : b.dimensions
    guard left[left.count - 1] == right[right.count - 2],
      var result = Array(left.dropLast(2)).broadcast(with: Array(right.dropLast(2)))
    else { throw .mismatch("\(a) and \(b) do not fit") }
    if a.rank > 1 { result.append(left[left.count - 2]) }
    if b.rank > 1 { result.append(right[right.count - 1]) }
    return TensorType(a.elementType, result)
  }
}

extension Window {
  func check(rank: Int) throws(GraphError.Problem) {
    guard isValid else {
      throw .attribute("a window has kernel, stride and dilation of at least 1 and padding of at least 0")
    }
    guard rank == self.rank + 2 else { throw .rank(operand: 0, found: rank) }
  }
}

// MARK: - Pooling, normalization, elementwise

extension Operands {
  func pooling(_ pooling: Pooling, elementType: ElementType? = nil) throws(GraphError.Problem) -> TensorType {
    let x = try one(elementType, ranks: 3...5)
    try pooling.window.check(rank: x.rank)
    if elementType == nil && (pooling.kind == .average || x.elementType == .bool) {
      try x.require(.float32, operand: 0)
    }
    var dimensions = Array(x.dimensions.prefix(2))
    for (axis, extent) in try spatial(x).enumerated() {
      guard let count = pooling.window.outputExtent(extent, axis: axis, roundsUp: pooling.roundsUp) else {
        throw .emptyResult
      }
      dimensions.append(.fixed(count))
    }
    return TensorType(x.elementType, dimensions)
  }

  func batchNormalization() throws(GraphError.Problem) -> TensorType {
    try count(5...5)
    let x = try required(0)
    try x.require(.float32, operand: 0)
    guard x.rank >= 2 else { throw .rank(operand: 0, found: x.rank) }
    let channels = try channels(x)
    for index in 1...4 {
      _ = try required(index)
      try vector(index, count: channels, of: .float32)
    }
    return x
  }

  func unary(_ function: UnaryFunction) throws(GraphError.Problem) -> TensorType {
    let x = try one()
    switch function {
    case .absolute, .negate, .sign, .relu, .clip:
      guard x.elementType != .bool else { throw .elementType(operand: 0, found: .bool) }
      return x
    case .not:
      try x.require(.bool, operand: 0)
      return x
    case .isNaN:
      try x.require(.float32, operand: 0)
      return TensorType(.bool, x.dimensions)
    case .leakyRelu, .sigmoid, .hardSigmoid, .hardSwish, .tanh, .elu, .selu, .celu, .gelu, .softplus, .softsign,
      .swish, .mish, .thresholdedRelu, .reciprocal, .squareRoot, .exponential, .logarithm, .error, .floor, .ceiling,
      .round, .sine, .cosine:
      try x.require(.float32, operand: 0)
      return x
    }
  }

  func binary(_ function: BinaryFunction, clamp: Clamp?) throws(GraphError.Problem) -> TensorType {
    let (a, b) = try two()
    switch function {
    case .and, .or, .exclusiveOr: try a.require(.bool, operand: 0)
    case .add, .subtract, .multiply, .divide, .power, .minimum, .maximum, .modulo, .remainder, .parametricRelu:
      guard a.elementType != .bool else { throw .elementType(operand: 0, found: .bool) }
    }
    try b.require(a.elementType, operand: 1)
    if clamp != nil { try a.require(.float32, operand: 0) }
    return TensorType(a.elementType, try broadcast(a, b))
  }

  func comparison() throws(GraphError.Problem) -> TensorType {
    let (a, b) = try two()
    try b.require(a.elementType, operand: 1)
    return TensorType(.bool, try broadcast(a, b))
  }

  func select() throws(GraphError.Problem) -> TensorType {
    try count(3...3)
    let (condition, a, b) = (try required(0), try required(1), try required(2))
    try condition.require(.bool, operand: 0)
    try b.require(a.elementType, operand: 2)
    let both = TensorType(a.elementType, try broadcast(a, b))
    return TensorType(a.elementType, try broadcast(both, condition))
  }

  private func broadcast(_ a: TensorType, _ b: TensorType) throws(GraphError.Problem) -> [Dimension] {
    guard let dimensions = a.dimensions.broadcast(with: b.dimensions) else {
      throw .mismatch("\(a) and \(b) do not broadcast")
    }
    return dimensions
  }
}

// MARK: - Along axes, layout

extension Operands {
  func reduction(axes: [Int], keepsAxes: Bool) throws(GraphError.Problem) -> TensorType {
    let x = try one()
    guard x.elementType != .bool else { throw .elementType(operand: 0, found: .bool) }
    for axis in axes { try x.checkAxis(axis) }
    guard zip(axes, axes.dropFirst()).allSatisfy({ $0 < $1 }) else { throw .attribute("axes ascend") }
    return TensorType(x.elementType, x.removing(axes, keepsAxes: keepsAxes))
  }

  func gather(axis: Int) throws(GraphError.Problem) -> TensorType {
    let (x, indices) = try two()
    try x.checkAxis(axis)
    guard indices.elementType == .int32 || indices.elementType == .int64 else {
      throw .elementType(operand: 1, found: indices.elementType)
    }
    return TensorType(
      x.elementType, Array(x.dimensions[..<axis]) + indices.dimensions + Array(x.dimensions[(axis + 1)...]))
  }

  func concatenation(axis: Int) throws(GraphError.Problem) -> TensorType {
    var result = try required(0)
    try result.checkAxis(axis)
    for index in types.indices.dropFirst() {
      let next = try required(index)
      try next.require(result.elementType, operand: index)
      var (a, b) = (result.dimensions, next.dimensions)
      guard a.count == b.count, let first = a[axis].fixedExtent, let second = b[axis].fixedExtent else {
        throw .mismatch("\(result) and \(next) do not join along axis \(axis)")
      }
      (a[axis], b[axis]) = (.fixed(0), .fixed(0))
      guard a == b else { throw .mismatch("\(result) and \(next) do not join along axis \(axis)") }
      let (sum, overflow) = first.addingReportingOverflow(second)
      guard !overflow else { throw .tooLarge }
      result.dimensions[axis] = .fixed(sum)
    }
    return result
  }

  func padding(before: [Int], after: [Int]) throws(GraphError.Problem) -> TensorType {
    var x = try one()
    guard before.count == x.rank, after.count == x.rank else { throw .attribute("one amount per axis and side") }
    for axis in 0..<x.rank where before[axis] != 0 || after[axis] != 0 {
      guard let extent = x.dimensions[axis].fixedExtent else { throw .mismatch("the batch cannot be padded") }
      let (partial, overflow) = extent.addingReportingOverflow(before[axis])
      let (sum, overflow2) = partial.addingReportingOverflow(after[axis])
      guard !overflow, !overflow2 else { throw .tooLarge }
      guard sum >= 0, extent + Swift.min(before[axis], 0) >= 0 else { throw .attribute("more is cut than is there") }
      x.dimensions[axis] = .fixed(sum)
    }
    return x
  }

  func reshape(_ dimensions: [Dimension]) throws(GraphError.Problem) -> TensorType {
    let x = try one()
    guard let old = x.dimensions.product, let new = dimensions.product else { throw .tooLarge }
    guard old == new || (old.factor == 0 && new.factor == 0) else {
      throw .mismatch("\(x) does not have the elements of \(dimensions.listDescription)")
    }
    return TensorType(x.elementType, dimensions)
  }

  func slice(_ slices: [AxisSlice]) throws(GraphError.Problem) -> TensorType {
    var x = try one()
    var seen: [Int] = []
    for slice in slices {
      try x.checkAxis(slice.axis)
      guard !seen.contains(slice.axis) else { throw .attribute("axis \(slice.axis) is cut twice") }
      seen.append(slice.axis)
      guard let extent = x.dimensions[slice.axis].fixedExtent else { throw .mismatch("the batch cannot be cut") }
      guard slice.count >= 0, slice.step != 0 else { throw .attribute("a step of 0 or a negative count") }
      if slice.count > 0 {
        let (distance, overflow) = (slice.count - 1).multipliedReportingOverflow(by: slice.step)
        let (last, overflow2) = slice.start.addingReportingOverflow(distance)
        guard !overflow, !overflow2, (0..<extent).contains(slice.start), (0..<extent).contains(last) else {
          throw .attribute("the cut leaves axis \(slice.axis)")
        }
      }
      x.dimensions[slice.axis] = .fixed(slice.count)
    }
    return x
  }
}
