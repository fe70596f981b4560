import Graphs
import Tensors

/// A value of the graph, with its axes in an order of our own.
struct ArrangedValue: Hashable {
  var id: ValueID
  /// Axis `i` of the value is axis `order[i]` of the tensor in the file.
  var order: [Int]
}

/// What a rule gives for one output tensor.
struct TFLiteResult {
  var value: ArrangedValue
  /// If set: the value stands for this shape, in the file's order; it is reshaped after its codes are decided.
  var dimensions: [Dimension]?

  init(_ id: ValueID, order: [Int], dimensions: [Dimension]? = nil) {
    value = ArrangedValue(id: id, order: order)
    self.dimensions = dimensions
  }
}

/// The graph while it is being made from a TFLite file, and the operator at hand.
///
/// TFLite keeps channels last, our operators want them second. Every tensor therefore is tracked with the order in
/// which its axes stand in the graph: convolutions leave their results with channels second, elementwise operators
/// take what they get, and a transpose appears only where somebody asks for another order than there is.
///
/// Every quantized activation is float32 in the graph and goes through `quantize` and `dequantize` with its encoding
/// right where it is made; moving its axes makes a new value with the same pair behind it.
struct TFLiteLowering {
  let file: TFLiteFile
  /// Whether the leading 1 of the inputs stands for any number of items.
  let hasBatch: Bool
  private(set) var graph = Graph()
  /// The operator at hand.
  private(set) var node: TFLiteOperator
  /// Name of the nodes made for the operator at hand: that of its first result.
  private(set) var name = ""

  /// Computed and given tensors, real where they are quantized.
  private var values: [Int: ArrangedValue] = [:]
  /// Values that were made from `values` or constants by changing the order.
  private var rearranged: [TensorOrder: ValueID] = [:]
  /// The codes that a dequantized value was made from, and their encoding.
  private var codes: [ValueID: (id: ValueID, encoding: AffineEncoding)] = [:]
  /// Whole numbers that are known in advance although the file computes them.
  private var known: [Int: KnownIntegers] = [:]
  /// Tensors that are constants under another name.
  private var aliases: [Int: Int] = [:]

  private struct TensorOrder: Hashable {
    var tensor: Int
    var order: [Int]
  }

  /// - Parameter node: any operator of the file; `lower` sets the one at hand.
  init(file: TFLiteFile, hasBatch: Bool, firstNode node: TFLiteOperator) {
    self.file = file
    self.hasBatch = hasBatch
    self.node = node
  }
}

// MARK: - From the file to the graph

extension TFLiteLowering {
  /// Declares input tensor `tensor` of the file.
  mutating func addInput(_ tensor: Int) throws(Fault) {
    let stored = file.tensors[tensor]
    guard values[tensor] == nil, !file.isConstant(tensor) else {
      throw .damaged("input '\(stored.displayName)' is given twice or is a constant")
    }
    let open = stored.signature.enumerated().contains { $0.offset > 0 && $0.element == -1 }
    guard !open else { throw .unsupported("input '\(stored.displayName)' leaves more than its first extent open") }
    guard let elementType = stored.type?.elementType else {
      throw .unsupported("input '\(stored.displayName)' of type \(stored.typeName)")
    }
    let shape = try stored.checkedShape()
    var dimensions = shape.dimensions.map(Dimension.fixed)
    if hasBatch, Self.canHaveBatch(stored) { dimensions[0] = .batch(1) }
    var id = graph.addInput(stored.name, TensorType(elementType, dimensions))
    if let encoding = try encoding(tensor) {
      let real = try append(.dequantize(encoding), [id], name: stored.name + "/dequantize")
      codes[real] = (id, encoding)
      id = real
    }
    values[tensor] = ArrangedValue(id: id, order: Array(shape.dimensions.indices))
  }

  /// True if the first extent of this input can stand for any number of items.
  static func canHaveBatch(_ tensor: TFLiteTensor) -> Bool { tensor.rank >= 2 && tensor.extents.first == 1 }

  /// Declares tensor `tensor` of the file as an output, in the file's order of axes, coded as the file says.
  mutating func addOutput(_ tensor: Int) throws(Fault) {
    let stored = file.tensors[resolved(tensor)]
    var id = try real(tensor: tensor, order: Array(0..<(try rank(ofTensor: tensor))))
    if let coded = codes[id] { id = coded.id }
    if !graph.inputs.contains(id) && graph.constants[id] == nil && !graph.outputs.contains(id) {
      graph[id].name = stored.name
    }
    graph.outputs.append(id)
  }

  /// Appends nodes for `node`.
  mutating func lower(_ node: TFLiteOperator, by rule: TFLiteRule) throws(Fault) {
    self.node = node
    name = node.outputs.first.map { file.tensors[$0].name } ?? ""
    for tensor in node.outputs where isDefined(tensor) {
      throw .damaged("tensor \(tensor) is computed twice, or is given")
    }
    if node.outputs.count == 1, let integers = try knownResult() {
      known[node.outputs[0]] = integers
      return
    }
    let results = try rule.lower(&self)
    if results.isEmpty && node.outputs.allSatisfy({ aliases[$0] != nil }) && !node.outputs.isEmpty { return }
    guard results.count == node.outputs.count else {
      throw .damaged("\(node.outputs.count) results where \(results.count) are due")
    }
    for (tensor, result) in zip(node.outputs, results) { try define(tensor, result) }
  }

  private func isDefined(_ tensor: Int) -> Bool {
    values[tensor] != nil || known[tensor] != nil || aliases[tensor] != nil || file.isConstant(tensor)
  }

  private mutating func define(_ tensor: Int, _ result: TFLiteResult) throws(Fault) {
    guard !isDefined(tensor) else { throw .damaged("tensor \(tensor) is computed twice") }
    var value = result.value
    value.id = try settle(value.id, as: tensor)
    if let dimensions = result.dimensions {
      let moved = try append(.reshape(dimensions), [value.id], name: name + "/reshape")
      value = ArrangedValue(id: try settle(moved, as: tensor), order: Array(dimensions.indices))
    }
    if try encoding(tensor) == nil {
      let (computed, declared) = (graph[value.id].type.elementType, file.tensors[tensor].type?.elementType)
      guard computed == declared else {
        throw .damaged("a result declared as \(file.tensors[tensor].typeName) is computed as \(computed)")
      }
    }
    values[tensor] = value
  }

  /// The value as it is after coding with the tensor's encoding; the value itself if the tensor is not quantized.
  ///
  /// A value that was just decoded with the same encoding is left as it is.
  private mutating func settle(_ id: ValueID, as tensor: Int) throws(Fault) -> ValueID {
    guard let encoding = try encoding(tensor) else { return id }
    guard let elementType = file.tensors[tensor].type?.elementType, encoding.axis == nil else {
      throw .unsupported("a computed tensor with scales along an axis or of type \(file.tensors[tensor].typeName)")
    }
    if let coded = codes[id], coded.encoding == encoding { return id }
    let coded = try append(.quantize(encoding, elementType), [id], name: name + "/quantize")
    let real = try append(.dequantize(encoding), [coded], name: name + "/dequantize")
    codes[real] = (coded, encoding)
    return real
  }

  /// Adds a tensor that the operator at hand needs.
  mutating func addConstant(_ tensor: AnyTensor) -> ValueID { graph.addConstant(name + "/constant", tensor) }

  /// Adds a node and infers its type.
  mutating func append(
    _ operator: Operator, _ inputs: [ValueID?], name: String? = nil
  ) throws(Fault) -> ValueID {
    do throws(GraphError) {
      let id = try graph.append(`operator`, inputs, name: name ?? self.name)
      guard (try? graph[id].type.shape(batch: 1)) != nil else { throw GraphError(.tooLarge) }
      return id
    } catch {
      throw .damaged("\(error.problem)")
    }
  }
}

// MARK: - Operands

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

  /// Makes the operator's result another name of its constant operand.
  mutating func aliasConstant() throws(Fault) {
    let tensor = try tensorIndex(0)
    for output in node.outputs { aliases[output] = tensor }
  }

  /// Throws if the axis of the operand, in the file's order, is the batch: items must not be mixed.
  func checkNotBatch(_ dimensions: [Dimension], axes: [Int]) throws(Fault) {
    for axis in axes where dimensions[axis].fixedExtent == nil {
      throw .unsupported("the operator mixes the items of a batch")
    }
  }

  private func resolved(_ tensor: Int) -> Int { aliases[tensor] ?? tensor }

  private func rank(ofTensor tensor: Int) throws(Fault) -> Int {
    let tensor = resolved(tensor)
    if let value = values[tensor] { return value.order.count }
    if let integers = known[tensor] { return integers.extents.count }
    return try file.tensors[tensor].checkedShape().rank
  }
}

// MARK: - Options

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

// MARK: - Orders

extension TFLiteLowering {
  /// The tensor's real value with its axes in `order`.
  private mutating func real(tensor: Int, order: [Int]) throws(Fault) -> ValueID {
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
    let stored = file.tensors[tensor].name
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
    guard var encoding = try encoding(tensor) else { return graph.addConstant(stored.name, arranged) }
    encoding.axis = encoding.axis.map { $0 + extra }
    encoding = encoding.arranged(order)
    if case .int64 = arranged {
      return graph.addConstant(stored.name, .float32(Self.decoded(arranged, encoding)))
    }
    let id = graph.addConstant(stored.name, arranged)
    return try append(.dequantize(encoding), [id], name: stored.name + "/dequantize")
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
    return graph.addConstant(stored.name, elements.permuted(order))
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
