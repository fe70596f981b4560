import Graphs
import Tensors

/// What a name in an ONNX graph stands for.
enum ONNXBinding {
  /// A value of the graph being built.
  case value(ValueID)
  /// Shape arithmetic that depends on the batch size.
  case symbolic(SymbolicTensor)
  /// The result of a node that was refused.
  case unavailable
}

/// The graph being built, with what is known about its values.
///
/// Nodes whose operands are all constants are evaluated at once and leave no node. A known input stays an input;
/// only when a rule asks for the value of something is it computed from known inputs, and remembered.
final class ONNXLowering {
  private(set) var graph = Graph()
  let tensors: ONNXTensorReader
  /// Bytes that may still be made out of nothing: folded results and dense forms of sparse tensors.
  private(set) var byteBudget: Int
  /// Values that follow from constants and known inputs.
  private var knowable: Set<ValueID> = []
  /// Index in `graph.nodes` of the node that computes a value.
  private var producers: [ValueID: Int] = [:]
  private var knownValues: [ValueID: AnyTensor] = [:]

  /// - Parameter byteBudget: bytes of memory that folding may take, all together.
  init(tensors: ONNXTensorReader, byteBudget: Int) {
    self.tensors = tensors
    self.byteBudget = byteBudget
  }

  func addInput(_ name: String, _ type: TensorType, known: AnyTensor?) -> ValueID {
    let id = graph.addInput(name, type)
    if let known {
      knownValues[id] = known
      knowable.insert(id)
    }
    return id
  }

  func addConstant(_ name: String, _ constant: Constant) -> ValueID { graph.addConstant(name, constant) }

  func setOutputs(_ outputs: [ValueID]) { graph.outputs = outputs }

  func rename(_ id: ValueID, _ name: String) { graph[id].name = name }

  /// Takes `byteCount` bytes from the budget; false if they are not there.
  func reserve(_ byteCount: Int) -> Bool {
    guard byteCount <= byteBudget else { return false }
    byteBudget -= byteCount
    return true
  }
}

// MARK: - Building

extension ONNXLowering {
  /// Adds a node, or the constant that it computes.
  func emit(_ operator: Operator, _ operands: [ValueID?], name: String) throws(ONNXFailure) -> ValueID {
    let type: TensorType
    do throws(GraphError) {
      type = try graph.inferType(of: `operator`, operands, node: name)
    } catch {
      throw ONNXFailure(error.problem)
    }
    try Self.check(type)
    if let folded = try fold(`operator`, operands, type) { return graph.addConstant(name, folded) }
    do throws(GraphError) {
      let id = try graph.append(`operator`, operands, name: name)
      producers[id] = graph.nodes.count - 1
      if operands.allSatisfy({ $0.map(isKnowable) ?? true }) { knowable.insert(id) }
      return id
    } catch {
      throw ONNXFailure(error.problem)
    }
  }

  private func isKnowable(_ id: ValueID) -> Bool { knowable.contains(id) || graph.constants[id] != nil }

  /// Refuses values so large that later arithmetic on their sizes could overflow.
  static func check(_ type: TensorType) throws(ONNXFailure) {
    let limit = 1 << 40
    let extents = type.dimensions.map { $0.extent(batch: 1) }
    guard extents.allSatisfy({ $0 <= limit }), let shape = try? type.shape(batch: 1), shape.elementCount <= limit
    else { throw .damaged("a value of \(type) has more than 2^40 elements") }
  }

  private func fold(
    _ operator: Operator, _ operands: [ValueID?], _ type: TensorType
  ) throws(ONNXFailure) -> Constant? {
    guard let shape = type.fixedShape else { return nil }
    var tensors: [AnyTensor?] = []
    for operand in operands {
      guard let operand else {
        tensors.append(nil)
        continue
      }
      guard let constant = graph.constant(operand) else { return nil }
      if case .coded(let coded) = constant {
        return operands.count == 1 ? coded.moved(by: `operator`, to: shape).map(Constant.coded) : nil
      }
      tensors.append(constant.tensor)
    }
    guard isCheap(`operator`, tensors, shape), reserveResult(shape, type.elementType) else { return nil }
    return .tensor(try ConstantEvaluator.evaluate(`operator`, tensors))
  }

  /// Folding is for shape arithmetic and for weights that are moved or scaled, not for running a network.
  private func isCheap(_ operator: Operator, _ operands: [AnyTensor?], _ result: Shape) -> Bool {
    switch `operator` {
    case .convolution, .transposedConvolution, .dense, .matrixProduct, .pooling, .batchNormalization,
      .localResponseNormalization, .resize, .integer:
      let work = operands.reduce(1) { product, operand in
        let (value, overflow) = product.multipliedReportingOverflow(by: max(operand?.shape.elementCount ?? 1, 1))
        return overflow ? Int.max : value
      }
      return work <= 1 << 24 && result.elementCount <= 1 << 16
    case .softmax, .unary, .binary, .comparison, .select, .cast, .reduction, .argument, .gather, .concatenation,
      .padding, .reshape, .transpose, .slice, .expand, .quantize, .dequantize:
      return true
    }
  }

  private func reserveResult(_ shape: Shape, _ elementType: ElementType) -> Bool {
    shape.elementCount <= 1 << 24 && reserve(shape.elementCount * elementType.byteCount)
  }
}

// MARK: - Values on demand

extension ONNXLowering {
  /// The value, if it follows from constants and known inputs and is not too large; nil if not.
  ///
  /// - Throws: `.damaged` when evaluation finds an index or the like out of range.
  func evaluated(_ id: ValueID) throws(ONNXFailure) -> AnyTensor? {
    if let known = knownValue(id) { return known }
    guard knowable.contains(id) else { return nil }
    // The nodes that this value needs, found without recursion: files may hold very long chains.
    var needed: Set<Int> = []
    var pending = [id]
    while let next = pending.popLast() {
      if knownValue(next) != nil { continue }
      guard let producer = producers[next] else { return nil }
      if needed.insert(producer).inserted { pending += graph.nodes[producer].inputs.compactMap { $0 } }
    }
    for index in needed.sorted() {
      let node = graph.nodes[index]
      let operands = node.inputs.map { $0.flatMap { knownValue($0) } }
      let type = graph[node.output].type
      guard let shape = type.fixedShape, isCheap(node.operator, operands, shape),
        reserveResult(shape, type.elementType)
      else { return nil }
      knownValues[node.output] = try ConstantEvaluator.evaluate(node.operator, operands)
    }
    return knownValues[id]
  }

  private func knownValue(_ id: ValueID) -> AnyTensor? {
    if let known = knownValues[id] { return known }
    return graph.constants[id]?.tensor
  }

  /// The value as numbers that may depend on the batch; nil if they are not known, not whole or too many.
  func forms(_ binding: ONNXBinding) throws(ONNXFailure) -> SymbolicTensor? {
    switch binding {
    case .symbolic(let tensor): return tensor
    case .unavailable: return nil
    case .value(let id):
      guard let shape = graph[id].type.fixedShape, shape.elementCount <= 4096, shape.rank <= 1,
        let integers = try evaluated(id)?.integers
      else { return nil }
      return SymbolicTensor(shape: shape, forms: integers.map { LinearForm(offset: Int($0)) })
    }
  }
}

extension CodedTensor {
  /// The codes brought into another order by a node that only moves elements; nil for other nodes.
  func moved(by operator: Operator, to shape: Shape) -> CodedTensor? {
    var result = self
    switch `operator` {
    case .transpose(let permutation):
      guard case .int8(let codes)? = try? ConstantEvaluator.evaluate(`operator`, [.int8(codes)]) else { return nil }
      result.codes = codes
      if let axis = encoding.axis {
        guard let moved = permutation.firstIndex(of: axis) else { return nil }
        switch encoding {
        case .affine(var affine):
          affine.axis = moved
          result.encoding = .affine(affine)
        case .ternary(var ternary):
          ternary.axis = moved
          result.encoding = .ternary(ternary)
        }
      }
      return result
    case .reshape:
      guard encoding.axis == nil else { return nil }
      result.codes = codes.reshaped(shape)
      return result
    case .convolution, .transposedConvolution, .dense, .matrixProduct, .pooling, .batchNormalization,
      .localResponseNormalization, .softmax, .unary, .binary, .comparison, .select, .cast, .reduction, .argument,
      .gather, .concatenation, .padding, .slice, .expand, .resize, .quantize, .dequantize, .integer:
      return nil
    }
  }
}
