import Graphs

extension TFLiteRule {
  static let shapes = [
    TFLiteRule(22, "RESHAPE", reshape),
    TFLiteRule(43, "SQUEEZE", squeeze),
    TFLiteRule(70, "EXPAND_DIMS", expandDimensions),
    TFLiteRule(39, "TRANSPOSE", transpose),
    TFLiteRule(130, "BROADCAST_TO", broadcast),
    TFLiteRule(77, "SHAPE", known),
    TFLiteRule(110, "RANK", known),
  ]

  /// The extents come from operand 1, or from the options of old files. A leading extent takes up the batch.
  private static func reshape(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let target =
      lowering.hasOperand(1)
      ? try lowering.integers(1) : try lowering.node.options?.integers(0, Int32.self) ?? []
    let dimensions = try lowering.target(target, for: try lowering.dimensions(0))
    let x = try lowering.inFileOrder(0)
    let id = try lowering.append(.reshape(dimensions), [x])
    return [TFLiteResult(id, order: Array(dimensions.indices))]
  }

  private static func squeeze(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let dimensions = try lowering.dimensions(0)
    let given = try lowering.node.options?.integers(0, Int32.self) ?? []
    var axes: Set<Int> = []
    for axis in given { axes.insert(try TFLiteLowering.axis(axis, rank: dimensions.count)) }
    if given.isEmpty {
      try lowering.checkNotBatch(dimensions, axes: Array(dimensions.indices))
      axes = Set(dimensions.indices.filter { dimensions[$0] == .fixed(1) })
    }
    try lowering.checkNotBatch(dimensions, axes: Array(axes))
    guard axes.allSatisfy({ dimensions[$0] == .fixed(1) }) else {
      throw .damaged("axes \(axes.sorted()) of \(dimensions.listDescription) are not all 1")
    }
    return [try lowering.dropping(axes.sorted(), of: try lowering.real(0))]
  }

  /// The new axis stands in the graph right before the one that it precedes in the file.
  private static func expandDimensions(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let x = try lowering.real(0)
    let rank = x.order.count
    let axis = try TFLiteLowering.axis(try lowering.integer(1), rank: rank + 1)
    var order = x.order.map { $0 < axis ? $0 : $0 + 1 }
    let place = order.firstIndex(of: axis + 1) ?? rank
    order.insert(axis, at: place)
    var dimensions = lowering.graph[x.id].type.dimensions
    dimensions.insert(1, at: place)
    return [TFLiteResult(try lowering.append(.reshape(dimensions), [x.id]), order: order)]
  }

  /// No node: the same value with its axes under other numbers.
  private static func transpose(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let permutation = try lowering.integers(1)
    let x = try lowering.real(0)
    guard permutation.sorted() == Array(x.order.indices) else {
      throw .damaged("the permutation \(permutation) does not name every axis once")
    }
    let places = permutation.inverse
    return [TFLiteResult(x.id, order: x.order.map { places[$0] })]
  }

  private static func broadcast(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let target = try lowering.integers(1)
    let dimensions = try lowering.dimensions(0)
    let extra = target.count - dimensions.count
    guard extra >= 0, target.count <= 8, target.allSatisfy({ $0 >= 0 && $0 < 1 << 31 }) else {
      throw .damaged("\(dimensions.listDescription) stretched to \(target)")
    }
    var result = target.map(Dimension.fixed)
    for (axis, dimension) in dimensions.enumerated() where dimension.fixedExtent == nil {
      guard dimension.extent(batch: 1) == target[axis + extra] else {
        throw .unsupported("the operator mixes the items of a batch")
      }
      result[axis + extra] = dimension
    }
    let x = try lowering.real(0, order: Array(0..<target.count))
    return [TFLiteResult(try lowering.append(.expand(result), [x]), order: Array(0..<target.count))]
  }

  /// Operators whose results are always known while importing.
  private static func known(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    throw .damaged("a shape that is not int32 or int64")
  }
}

extension TFLiteLowering {
  /// The dimensions that a reshape gives; −1 stands for what is left.
  fileprivate func target(_ extents: [Int], for dimensions: [Dimension]) throws(Fault) -> [Dimension] {
    let open = extents.indices.filter { extents[$0] == -1 }
    guard open.count <= 1, extents.count <= 8, extents.allSatisfy({ $0 >= -1 && $0 < 1 << 31 }),
      let (factor, power) = dimensions.product
    else { throw .damaged("\(dimensions.listDescription) reshaped to \(extents)") }
    var result = extents
    if let axis = open.first {
      guard let rest = extents.filter({ $0 != -1 }).map(Dimension.fixed).product?.factor, rest > 0, factor % rest == 0
      else { throw .damaged("\(dimensions.listDescription) reshaped to \(extents)") }
      result[axis] = factor / rest
    }
    guard power > 0 else { return result.map(Dimension.fixed) }
    try checkNotBatch(dimensions, axes: Array(1..<dimensions.count))
    guard let first = result.first, first > 0 else { throw .unsupported("the operator mixes the items of a batch") }
    return [.batch(first)] + result.dropFirst().map(Dimension.fixed)
  }

  /// Where the value has the given axes of the file's order.
  private func places(_ axes: [Int], of value: ArrangedValue) -> [Int] {
    let places = value.order.inverse
    return axes.map { places[$0] }
  }

  /// The value without the given axes (in the file's order), which have an extent of 1.
  mutating func dropping(_ axes: [Int], of value: ArrangedValue) throws(Fault) -> TFLiteResult {
    guard !axes.isEmpty else { return TFLiteResult(value.id, order: value.order) }
    let places = places(axes, of: value)
    var dimensions: [Dimension] = []
    for (place, dimension) in graph[value.id].type.dimensions.enumerated() where !places.contains(place) {
      dimensions.append(dimension)
    }
    let id = try append(.reshape(dimensions), [value.id])
    return TFLiteResult(id, order: value.order.removing(axes))
  }
}
