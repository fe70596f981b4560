import Graphs
import Tensors

/// One foreign node as its rule sees it: operands, attributes, and a way to emit core nodes.
final class ONNXNode {
  /// The node's name, or its first result's if it has none.
  let name: String
  let operatorName: String
  /// Version of the operator set that the file asks for.
  let opset: Int
  let attributes: ONNXAttributes
  let lowering: ONNXLowering
  /// One entry per operand of the foreign node; nil where it is left out.
  let bindings: [ONNXBinding?]
  /// Which results something reads.
  let usedOutputs: [Bool]
  private var emittedCount = 0

  init(
    name: String, operatorName: String, opset: Int, attributes: ONNXAttributes, lowering: ONNXLowering,
    bindings: [ONNXBinding?], usedOutputs: [Bool]
  ) {
    self.name = name
    self.operatorName = operatorName
    self.opset = opset
    self.attributes = attributes
    self.lowering = lowering
    self.bindings = bindings
    self.usedOutputs = usedOutputs
  }
}

// MARK: - Operands

extension ONNXNode {
  /// Operands, the ones left out at the end not counted.
  var operandCount: Int { (bindings.lastIndex { $0 != nil } ?? -1) + 1 }

  func has(_ index: Int) -> Bool { index < bindings.count && bindings[index] != nil }

  func uses(output index: Int) -> Bool { index < usedOutputs.count && usedOutputs[index] }

  /// The value of operand `index`.
  func operand(_ index: Int) throws(ONNXFailure) -> ValueID {
    guard let value = try optionalOperand(index) else { throw .damaged("operand \(index) is missing") }
    return value
  }

  func optionalOperand(_ index: Int) throws(ONNXFailure) -> ValueID? {
    guard index < bindings.count, let binding = bindings[index] else { return nil }
    switch binding {
    case .value(let id): return id
    case .symbolic: throw .unsupported("operand \(index) depends on the batch size; export with a fixed batch")
    case .unavailable: throw .unsupported("operand \(index) comes from an unsupported node")
    }
  }

  /// All operands; none may be left out.
  func operands() throws(ONNXFailure) -> [ValueID] {
    var values: [ValueID] = []
    for index in 0..<operandCount { values.append(try operand(index)) }
    guard !values.isEmpty else { throw .damaged("there are no operands") }
    return values
  }

  func type(_ id: ValueID) -> TensorType { lowering.graph[id].type }

  func type(_ index: Int) throws(ONNXFailure) -> TensorType { type(try operand(index)) }

  /// The axis that `axis` of `type` means, counted from the end when negative.
  func axis(_ axis: Int, of type: TensorType) throws(ONNXFailure) -> Int {
    guard let resolved = type.axis(axis) else {
      throw .damaged("axis \(axis) does not exist in rank \(type.rank)")
    }
    return resolved
  }

  /// The axes, none twice, ascending.
  func axes(_ axes: [Int], rank: Int) throws(ONNXFailure) -> [Int] {
    var result: [Int] = []
    for axis in axes {
      let resolved = axis < 0 ? axis + rank : axis
      guard axis >= -rank, axis < rank else { throw .damaged("axis \(axis) does not exist in rank \(rank)") }
      guard !result.contains(resolved) else { throw .damaged("axis \(axis) is named twice") }
      result.append(resolved)
    }
    return result.sorted()
  }
}

// MARK: - Values that a rule has to know

extension ONNXNode {
  /// The value of operand `index`, which has to follow from constants and known inputs.
  func constant(_ index: Int) throws(ONNXFailure) -> AnyTensor {
    guard let tensor = try lowering.evaluated(try operand(index)) else {
      throw .unsupported("operand \(index) has to be constant; if it follows from inputs, give their values")
    }
    return tensor
  }

  /// The value of operand `index`, or nil if it is left out or not known.
  func knownConstant(_ index: Int) throws(ONNXFailure) -> AnyTensor? {
    guard has(index), let id = try optionalOperand(index) else { return nil }
    return try lowering.evaluated(id)
  }

  /// Whole numbers of operand `index`; nil if it is left out.
  func optionalIntegers(_ index: Int) throws(ONNXFailure) -> [Int]? {
    guard has(index) else { return nil }
    guard let integers = try constant(index).integers else {
      throw .damaged("operand \(index) does not hold whole numbers")
    }
    return integers.map { Int($0) }
  }

  /// A list that is an attribute in older operator sets and an operand in newer ones; nil if it is neither.
  func integers(attribute name: String, operand index: Int) throws(ONNXFailure) -> [Int]? {
    if let list = try attributes.integers(name) { return list }
    return try optionalIntegers(index)
  }

  /// One number of operand `index`; nil if it is left out.
  func optionalNumber(_ index: Int) throws(ONNXFailure) -> Double? {
    guard has(index) else { return nil }
    let tensor = try constant(index)
    guard tensor.shape.elementCount == 1, let number = tensor.doubles.first else {
      throw .damaged("operand \(index) is one number, not \(tensor.shape)")
    }
    return number
  }

  /// Whole numbers of operand `index` that may depend on the batch.
  func forms(_ index: Int) throws(ONNXFailure) -> [LinearForm] {
    guard index < bindings.count, let binding = bindings[index] else {
      throw .damaged("operand \(index) is missing")
    }
    guard let tensor = try lowering.forms(binding) else {
      throw .unsupported(
        "operand \(index) has to be a constant list of whole numbers; if it follows from inputs, give their values")
    }
    return tensor.forms
  }

  /// Extents that operand `index` holds.
  func dimensions(_ index: Int) throws(ONNXFailure) -> [Dimension] {
    var dimensions: [Dimension] = []
    for form in try forms(index) {
      guard let dimension = form.dimension else {
        throw .unsupported("operand \(index) has an extent that is not a multiple of the batch size")
      }
      if let extent = dimension.fixedExtent, extent < 0 { throw .damaged("an extent of \(extent) is negative") }
      dimensions.append(dimension)
    }
    return dimensions
  }
}

// MARK: - Emission

extension ONNXNode {
  /// Adds a core node, named after this one, or the constant that it computes.
  func emit(_ operator: Operator, _ operands: [ValueID?]) throws(ONNXFailure) -> ValueID {
    emittedCount += 1
    let suffix = emittedCount == 1 ? "" : "_\(emittedCount)"
    return try lowering.emit(`operator`, operands, name: name + suffix)
  }

  func emit(_ operator: Operator, _ operands: ValueID?...) throws(ONNXFailure) -> ValueID {
    try emit(`operator`, operands)
  }

  func binary(_ function: BinaryFunction, _ a: ValueID, _ b: ValueID) throws(ONNXFailure) -> ValueID {
    try emit(.binary(function, clamp: nil), [a, b])
  }

  func unary(_ function: UnaryFunction, _ x: ValueID) throws(ONNXFailure) -> ValueID {
    try emit(.unary(function), [x])
  }

  func reduce(_ reduction: Reduction, _ x: ValueID, axes: [Int], keepsAxes: Bool = true) throws(ONNXFailure)
    -> ValueID
  { try emit(.reduction(reduction, axes: axes, keepsAxes: keepsAxes), [x]) }

  /// `x` under other extents, or `x` itself if it has them.
  func reshape(_ x: ValueID, _ dimensions: [Dimension]) throws(ONNXFailure) -> ValueID {
    type(x).dimensions == dimensions ? x : try emit(.reshape(dimensions), [x])
  }

  /// `x` as `elementType`, or `x` itself if it is.
  func cast(_ x: ValueID, to elementType: ElementType) throws(ONNXFailure) -> ValueID {
    type(x).elementType == elementType ? x : try emit(.cast(elementType), [x])
  }

  func constant(_ tensor: AnyTensor) -> ValueID { lowering.addConstant(name + "_constant", .tensor(tensor)) }

  func scalar(_ value: Float) -> ValueID { constant(.float32(Tensor(value))) }
}

/// The extent or number that stands for `value`, if it is whole.
extension [Dimension] {
  /// All extents as numbers, or an explanation that one depends on the batch.
  func extents(_ what: String) throws(ONNXFailure) -> [Int] {
    var extents: [Int] = []
    for dimension in self {
      guard let extent = dimension.fixedExtent else {
        throw .unsupported("\(what) depends on the batch size; export with a fixed batch")
      }
      extents.append(extent)
    }
    return extents
  }

  /// The product of all extents as one extent.
  func joined() throws(ONNXFailure) -> Dimension {
    guard let product else { throw .damaged("the product of the extents does not fit in 64 bits") }
    switch product.power {
    case 0: return .fixed(product.factor)
    case 1 where product.factor > 0: return .batch(product.factor)
    case 1: return .fixed(0)
    default: throw .unsupported("extents that are quadratic in the batch size")
    }
  }
}
