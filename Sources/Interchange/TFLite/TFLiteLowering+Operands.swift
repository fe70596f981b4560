import Graphs

extension TFLiteLowering {
  /// The number of operands, with those left out.
  var operandCount: Int { node.inputs.count }

  /// True if operand `index` is there.
  func hasOperand(_ index: Int) -> Bool { index < node.inputs.count && node.inputs[index] >= 0 }

  /// The tensor behind operand `index`.
  func tensorIndex(_ index: Int) throws(Fault) -> Int {
    guard hasOperand(index) else { throw .damaged("operand \(index) is missing") }
    return resolved(node.inputs[index])
  }

  func tensor(_ index: Int) throws(Fault) -> TFLiteTensor { file.tensors[try tensorIndex(index)] }

  /// The operand's extents in the file's order.
  func dimensions(_ index: Int) throws(Fault) -> [Dimension] {
    let tensor = try tensorIndex(index)
    if let integers = known[tensor] { return integers.extents.map(Dimension.fixed) }
    guard let value = values[tensor] else {
      guard file.isConstant(tensor) else { throw .damaged("tensor \(tensor) is used before it is computed") }
      return try file.tensors[tensor].checkedShape().dimensions.map(Dimension.fixed)
    }
    return dimensions(value)
  }

  /// A value's extents in the file's order.
  func dimensions(_ value: ArrangedValue) -> [Dimension] {
    value.order.inverse.map { graph[value.id].type.dimensions[$0] }
  }

  func rank(_ index: Int) throws(Fault) -> Int { try dimensions(index).count }

  func isConstant(_ index: Int) throws(Fault) -> Bool {
    let tensor = try tensorIndex(index)
    return values[tensor] == nil && (known[tensor] != nil || file.isConstant(tensor))
  }

  /// The order that the operand's axes have at the moment; the file's for constants.
  func order(_ index: Int) throws(Fault) -> [Int] {
    if let value = values[try tensorIndex(index)] { return value.order }
    return Array(0..<(try rank(index)))
  }

  /// The operand, decoded if it is quantized, in any order.
  mutating func real(_ index: Int) throws(Fault) -> ArrangedValue {
    let order = try order(index)
    return ArrangedValue(id: try real(index, order: order), order: order)
  }

  /// The operand, decoded if it is quantized, its axes in the given order.
  ///
  /// An order longer than the operand's rank asks for leading extents of 1.
  mutating func real(_ index: Int, order: [Int]) throws(Fault) -> ValueID {
    try real(tensor: try tensorIndex(index), order: order)
  }

  /// The operand under another shape: its elements in the file's order, decoded if it is quantized.
  mutating func real(_ index: Int, reshapedTo dimensions: [Dimension]) throws(Fault) -> ValueID {
    let tensor = try tensorIndex(index)
    let source = try inFileOrder(index)
    guard graph[source].type.dimensions != dimensions else { return source }
    let moved = try append(.reshape(dimensions), [source], name: name + "/flatten")
    return try settle(moved, as: tensor)
  }

  /// A value with the operand's elements one after another as in the file; extents of 1 may stand anywhere.
  mutating func inFileOrder(_ index: Int) throws(Fault) -> ValueID {
    let value = try real(index)
    let dimensions = graph[value.id].type.dimensions
    let moved = zip(value.order, dimensions).filter { $0.1 != .fixed(1) }.map(\.0)
    return moved == moved.sorted() ? value.id : try real(index, order: value.order.sorted())
  }

  /// The whole numbers of a constant operand, each within ±2^40.
  func integers(_ index: Int) throws(Fault) -> [Int] {
    let tensor = try tensorIndex(index)
    if let integers = known[tensor] { return integers.values }
    guard values[tensor] == nil, file.isConstant(tensor) else {
      throw .unsupported("operand \(index) is computed; it must be a constant")
    }
    guard let integers = try file.constant(tensor).integers else { throw .damaged("operand \(index) is not integer") }
    return integers.map { Int(min(max($0, -1 << 40), 1 << 40)) }
  }

  /// The one whole number of a constant operand.
  func integer(_ index: Int) throws(Fault) -> Int {
    let integers = try integers(index)
    guard integers.count == 1 else { throw .damaged("operand \(index) has \(integers.count) numbers instead of one") }
    return integers[0]
  }

  /// The axes named by a constant operand, not negative, ascending, each once.
  func axes(_ index: Int, rank: Int) throws(Fault) -> [Int] {
    var axes: Set<Int> = []
    for axis in try integers(index) { axes.insert(try Self.axis(axis, rank: rank)) }
    return axes.sorted()
  }

  /// `axis` counted from the start.
  static func axis(_ axis: Int, rank: Int) throws(Fault) -> Int {
    let resolved = axis < 0 ? axis + rank : axis
    guard (0..<rank).contains(resolved) else { throw .damaged("axis \(axis) does not exist in rank \(rank)") }
    return resolved
  }

  /// What is known about a tensor of whole numbers, if it is small and does not depend on data.
  func knownIntegers(_ index: Int) throws(Fault) -> KnownIntegers? {
    let tensor = try tensorIndex(index)
    if let integers = known[tensor] { return integers }
    let stored = file.tensors[tensor]
    guard values[tensor] == nil, file.isConstant(tensor), stored.type == .int32 || stored.type == .int64 else {
      return nil
    }
    guard try stored.checkedShape().elementCount <= KnownIntegers.limit else { return nil }
    return KnownIntegers(extents: stored.extents, values: try integers(index), dependsOnBatch: false)
  }

  /// Throws if the axis of the operand, in the file's order, is the batch: items must not be mixed.
  func checkNotBatch(_ dimensions: [Dimension], axes: [Int]) throws(Fault) {
    for axis in axes where dimensions[axis].fixedExtent == nil {
      throw .unsupported("the operator mixes the items of a batch")
    }
  }

  func resolved(_ tensor: Int) -> Int { aliases[tensor] ?? tensor }

  func rank(ofTensor tensor: Int) throws(Fault) -> Int {
    let tensor = resolved(tensor)
    if let value = values[tensor] { return value.order.count }
    if let integers = known[tensor] { return integers.extents.count }
    return try file.tensors[tensor].checkedShape().rank
  }
}

extension TFLiteLowering {
  /// A 32-bit option of the operator at hand.
  func option(_ field: Int, default value: Int = 0) throws(Fault) -> Int {
    try node.options?.integer(field, Int32.self, default: value) ?? value
  }

  /// An option of 8 bits: an enumeration's number.
  func choice(_ field: Int) throws(Fault) -> Int { try node.options?.integer(field, Int8.self) ?? 0 }

  func flag(_ field: Int) throws(Fault) -> Bool { try node.options?.flag(field) ?? false }

  func float(_ field: Int) throws(Fault) -> Float { try node.options?.float(field) ?? 0 }
}
