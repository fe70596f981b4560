import Graphs
import Tensors

extension TFLiteRule {
  static let joinsAndCuts = [
    TFLiteRule(2, "CONCATENATION", concatenation),
    TFLiteRule(83, "PACK", pack),
    TFLiteRule(88, "UNPACK", unpack),
    TFLiteRule(34, "PAD") { (lowering: inout TFLiteLowering) throws(Fault) in try pad(.constant(0), &lowering) },
    TFLiteRule(60, "PADV2") { (lowering: inout TFLiteLowering) throws(Fault) in
      try pad(.constant(try lowering.realNumber(2)), &lowering)
    },
    TFLiteRule(100, "MIRROR_PAD") { (lowering: inout TFLiteLowering) throws(Fault) in
      guard try lowering.choice(0) == 0 else { throw .unsupported("padding that mirrors the border itself") }
      return try pad(.reflect, &lowering)
    },
    TFLiteRule(65, "SLICE", slice),
    TFLiteRule(45, "STRIDED_SLICE", stridedSlice),
    TFLiteRule(49, "SPLIT", split),
    TFLiteRule(102, "SPLIT_V", splitBySizes),
    TFLiteRule(36, "GATHER", gather),
  ]

  private static func concatenation(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let (operands, order) = try lowering.aligned(Array(0..<lowering.operandCount))
    let axis = try TFLiteLowering.axis(try lowering.option(0), rank: order.count)
    for index in operands.indices {
      let dimensions = try lowering.dimensions(index)
      guard dimensions.count == order.count else { throw .damaged("operands of different ranks") }
      try lowering.checkNotBatch(dimensions, axes: [axis])
    }
    let id = try lowering.append(.concatenation(axis: order.inverse[axis]), operands)
    return [TFLiteResult(try lowering.apply(try FusedActivation(try lowering.choice(1)), id), order: order)]
  }

  /// Operands of one shape along a new axis.
  private static func pack(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let rank = try lowering.rank(0)
    let axis = try TFLiteLowering.axis(try lowering.option(1), rank: rank + 1)
    var operands: [ValueID] = []
    for index in 0..<lowering.operandCount {
      let x = try lowering.real(index, order: Array(0..<rank))
      var dimensions = lowering.graph[x].type.dimensions
      dimensions.insert(1, at: axis)
      operands.append(try lowering.append(.reshape(dimensions), [x]))
    }
    return [TFLiteResult(try lowering.append(.concatenation(axis: axis), operands), order: Array(0...rank))]
  }

  private static func unpack(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let dimensions = try lowering.dimensions(0)
    let axis = try TFLiteLowering.axis(try lowering.option(1), rank: dimensions.count)
    try lowering.checkNotBatch(dimensions, axes: [axis])
    guard dimensions[axis] == .fixed(lowering.node.outputs.count) else {
      throw .damaged("\(lowering.node.outputs.count) results for \(dimensions.listDescription)")
    }
    let x = try lowering.real(0)
    var results: [TFLiteResult] = []
    for index in lowering.node.outputs.indices {
      let cut = AxisSlice(axis: x.order.inverse[axis], start: index, step: 1, count: 1)
      let part = ArrangedValue(id: try lowering.append(.slice([cut]), [x.id]), order: x.order)
      results.append(try lowering.dropping([axis], of: part))
    }
    return results
  }

  /// Amounts `[rank, 2]` in operand 1.
  private static func pad(_ mode: PaddingMode, _ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let amounts = try lowering.integers(1)
    let x = try lowering.real(0)
    guard amounts.count == 2 * x.order.count, amounts.allSatisfy({ $0 >= 0 && $0 < 1 << 31 }) else {
      throw .damaged("padding by \(amounts.count) amounts for rank \(x.order.count)")
    }
    let id = try lowering.append(
      .padding(before: x.order.map { amounts[2 * $0] }, after: x.order.map { amounts[2 * $0 + 1] }, mode: mode), [x.id])
    return [TFLiteResult(id, order: x.order)]
  }

  /// First indices and sizes, −1 for all that is left.
  private static func slice(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let dimensions = try lowering.dimensions(0)
    let (begin, size) = (try lowering.integers(1), try lowering.integers(2))
    guard begin.count == dimensions.count, size.count == dimensions.count else {
      throw .damaged("a cut of \(begin.count) axes for rank \(dimensions.count)")
    }
    var cuts: [StridedCut.Axis] = []
    for (axis, dimension) in dimensions.enumerated() {
      let extent = dimension.extent(batch: 1)
      let count = size[axis] == -1 ? extent - begin[axis] : size[axis]
      guard begin[axis] >= 0, count >= 0, begin[axis] + count <= extent else {
        throw .damaged("a cut of \(size[axis]) from \(begin[axis]) of \(extent)")
      }
      cuts.append(StridedCut.Axis(start: begin[axis], step: 1, count: count, isDropped: false))
    }
    return [try lowering.cut(0, cuts)]
  }

  private static func stridedSlice(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let cut = try StridedCut(
      extents: try lowering.dimensions(0).map { $0.extent(batch: 1) }, begin: try lowering.integers(1),
      end: try lowering.integers(2), strides: try lowering.integers(3), masks: try StridedCut.Masks(lowering))
    return [try lowering.cut(0, cut.axes)]
  }

  /// The axis in operand 0, x in operand 1, equal parts.
  private static func split(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let dimensions = try lowering.dimensions(1)
    let axis = try TFLiteLowering.axis(try lowering.integer(0), rank: dimensions.count)
    let count = lowering.node.outputs.count
    guard let extent = dimensions[axis].fixedExtent, count > 0, extent % count == 0 else {
      throw .damaged("axis \(axis) of \(dimensions.listDescription) in \(count) parts")
    }
    return try lowering.parts(1, sizes: [Int](repeating: extent / count, count: count), axis: axis)
  }

  /// x in operand 0, sizes in operand 1, the axis in operand 2; one size may be −1.
  private static func splitBySizes(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let dimensions = try lowering.dimensions(0)
    let axis = try TFLiteLowering.axis(try lowering.integer(2), rank: dimensions.count)
    var sizes = try lowering.integers(1)
    guard let extent = dimensions[axis].fixedExtent, sizes.count == lowering.node.outputs.count,
      sizes.allSatisfy({ $0 >= -1 && $0 <= extent })
    else { throw .damaged("axis \(axis) of \(dimensions.listDescription) in parts of \(sizes)") }
    let rest = extent - sizes.filter { $0 >= 0 }.reduce(0, +)
    let open = sizes.indices.filter { sizes[$0] == -1 }
    guard rest >= 0, open.count == (rest == 0 ? min(open.count, 1) : 1) else {
      throw .damaged("axis \(axis) of \(dimensions.listDescription) in parts of \(sizes)")
    }
    if let index = open.first { sizes[index] = rest }
    return try lowering.parts(0, sizes: sizes, axis: axis)
  }

  private static func gather(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    guard try lowering.option(1) == 0 else { throw .unsupported("GATHER with batch dimensions") }
    let dimensions = try lowering.dimensions(0)
    let axis = try TFLiteLowering.axis(try lowering.option(0), rank: dimensions.count)
    try lowering.checkNotBatch(dimensions, axes: [axis])
    let x = try lowering.real(0, order: Array(dimensions.indices))
    let indices = try lowering.real(1, order: Array(0..<(try lowering.rank(1))))
    let id = try lowering.append(.gather(axis: axis), [x, indices])
    return [TFLiteResult(id, order: Array(lowering.graph[id].type.dimensions.indices))]
  }
}

extension TFLiteLowering {
  /// The operand cut along its axes, one entry per axis in the file's order.
  fileprivate mutating func cut(_ index: Int, _ axes: [StridedCut.Axis]) throws(Fault) -> TFLiteResult {
    let dimensions = try dimensions(index)
    var x = try real(index)
    let places = x.order.inverse
    var slices: [AxisSlice] = []
    for (axis, cut) in axes.enumerated() {
      let isWhole = cut.start == 0 && cut.step == 1 && cut.count == dimensions[axis].extent(batch: 1)
      if cut.isDropped || !isWhole { try checkNotBatch(dimensions, axes: [axis]) }
      guard !isWhole else { continue }
      slices.append(AxisSlice(axis: places[axis], start: cut.start, step: cut.step, count: cut.count))
    }
    if !slices.isEmpty { x.id = try append(.slice(slices), [x.id]) }
    return try dropping(axes.indices.filter { axes[$0].isDropped }, of: x)
  }

  /// Neighboring parts of the operand along an axis.
  fileprivate mutating func parts(_ index: Int, sizes: [Int], axis: Int) throws(Fault) -> [TFLiteResult] {
    let x = try real(index)
    let place = x.order.inverse[axis]
    var start = 0
    var results: [TFLiteResult] = []
    for size in sizes {
      let cut = AxisSlice(axis: place, start: size == 0 ? 0 : start, step: 1, count: size)
      results.append(TFLiteResult(try append(.slice([cut]), [x.id]), order: x.order))
      start += size
    }
    return results
  }

  /// The one real number of a constant operand, decoded if it is a code.
  fileprivate func realNumber(_ index: Int) throws(Fault) -> Float {
    let tensor = try tensorIndex(index)
    guard try isConstant(index), file.isConstant(tensor) else { throw .unsupported("operand \(index) is computed") }
    let numbers = try file.constant(tensor).doubles
    guard numbers.count == 1 else { throw .damaged("operand \(index) has \(numbers.count) numbers instead of one") }
    guard let encoding = try encoding(tensor) else { return Float(numbers[0]) }
    return Float((numbers[0] - Double(encoding.zeroPoints[0])) * Double(encoding.scales[0]))
  }

  /// Adds a number as a constant.
  mutating func addScalar(_ value: Float) -> ValueID { addConstant(.float32(Tensor(value))) }
}
