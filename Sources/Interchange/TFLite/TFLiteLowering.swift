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
  /// Name of the nodes made for the operator at hand: the short one of its first result.
  private(set) var name = ""

  /// Computed and given tensors, real where they are quantized.
  private(set) var values: [Int: ArrangedValue] = [:]
  /// Values that were made from `values` or constants by changing the order.
  var rearranged: [TensorOrder: ValueID] = [:]
  /// The codes that a dequantized value was made from, and their encoding.
  private var codes: [ValueID: (id: ValueID, encoding: AffineEncoding)] = [:]
  /// Whole numbers that are known in advance although the file computes them.
  private(set) var known: [Int: KnownIntegers] = [:]
  /// Tensors that are constants under another name.
  private(set) var aliases: [Int: Int] = [:]

  struct TensorOrder: Hashable {
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
      let real = try append(.dequantize(encoding), [id], name: stored.shortName + "/dequantize")
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
    name = node.outputs.first.map { file.tensors[$0].shortName } ?? ""
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

  /// Makes the operator's result another name of its constant operand.
  mutating func aliasConstant() throws(Fault) {
    let tensor = try tensorIndex(0)
    for output in node.outputs { aliases[output] = tensor }
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
  mutating func settle(_ id: ValueID, as tensor: Int) throws(Fault) -> ValueID {
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

  /// Adds a tensor that the operator at hand needs, or one of the file's under its own name.
  mutating func addConstant(_ tensor: AnyTensor, name: String? = nil) -> ValueID {
    graph.addConstant(name ?? self.name + "/constant", tensor)
  }

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
