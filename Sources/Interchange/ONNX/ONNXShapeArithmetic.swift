import Graphs
import Tensors

/// Shape arithmetic that depends on the batch size, on numbers of the form `a · N + b`.
///
/// It steps in when an operand is already symbolic, and for `Shape` and `Size` of a value with a batch axis; all
/// other shape arithmetic folds as constants do.
enum ONNXShapeArithmetic {
  /// The symbolic result of `node`; nil if it has no symbolic operand or reads it as a list of extents.
  ///
  /// - Throws: `.unsupported` for arithmetic that leaves the form.
  static func result(of node: ONNXNode) throws(ONNXFailure) -> SymbolicTensor? {
    switch node.operatorName {
    case "Shape": return try shape(node)
    case "Size": return try size(node)
    default: break
    }
    guard node.bindings.contains(where: { if case .symbolic? = $0 { true } else { false } }) else { return nil }
    switch node.operatorName {
    case "Identity": return try operand(node, 0)
    case "Cast":
      guard [6, 7].contains(try node.attributes.integer("to", default: 0)) else {
        throw .unsupported("the batch size becomes a real number; export with a fixed batch")
      }
      return try operand(node, 0)
    case "Gather": return try gather(node)
    case "Slice": return try slice(node)
    case "Concat": return try concatenate(node)
    case "Squeeze": return SymbolicTensor(shape: .scalar, forms: [try single(operand(node, 0))])
    case "Unsqueeze":
      let tensor = try operand(node, 0)
      return SymbolicTensor(shape: [1], forms: [try single(tensor)])
    case "Add": return try combine(node) { $0.adding($1) }
    case "Sub": return try combine(node) { $0.subtracting($1) }
    case "Mul": return try combine(node) { $0.multiplied(by: $1) }
    case "Div": return try combine(node) { $0.divided(by: $1) }
    case "Neg":
      let tensor = try operand(node, 0)
      return try combine(SymbolicTensor([LinearForm(offset: -1)]), tensor) { $0.multiplied(by: $1) }
    case "Reshape":
      // As data it stays a list; as the shape operand the rule takes it.
      guard case .symbolic(let tensor)? = node.bindings.first ?? nil else { return nil }
      let target = try node.dimensions(1)
      return SymbolicTensor(shape: target.isEmpty ? .scalar : [tensor.forms.count], forms: tensor.forms)
    default: return nil
    }
  }

  private static func shape(_ node: ONNXNode) throws(ONNXFailure) -> SymbolicTensor? {
    guard case .value? = node.bindings.first ?? nil else { return nil }
    let dimensions = try node.type(0).dimensions
    let rank = dimensions.count
    func clamped(_ index: Int) -> Int { min(max(index < 0 ? index + rank : index, 0), rank) }
    let start = clamped(try node.attributes.integer("start", default: 0))
    let end = clamped(try node.attributes.integer("end", default: rank))
    return SymbolicTensor(start < end ? dimensions[start..<end].map(LinearForm.init) : [])
  }

  private static func size(_ node: ONNXNode) throws(ONNXFailure) -> SymbolicTensor? {
    guard case .value? = node.bindings.first ?? nil else { return nil }
    return SymbolicTensor(shape: .scalar, forms: [LinearForm(try node.type(0).dimensions.joined())])
  }

  private static func operand(_ node: ONNXNode, _ index: Int) throws(ONNXFailure) -> SymbolicTensor {
    guard index < node.bindings.count, let binding = node.bindings[index],
      let tensor = try node.lowering.forms(binding)
    else { throw .unsupported("operand \(index) meets the batch size and is not a constant list of whole numbers") }
    return tensor
  }

  private static func single(_ tensor: SymbolicTensor) throws(ONNXFailure) -> LinearForm {
    guard tensor.forms.count == 1, let form = tensor.forms.first else {
      throw .unsupported("a list of extents gets a further axis")
    }
    return form
  }

  private static func gather(_ node: ONNXNode) throws(ONNXFailure) -> SymbolicTensor {
    let list = try operand(node, 0)
    let indices = try operand(node, 1)
    var forms: [LinearForm] = []
    for index in indices.forms {
      guard let index = index.constant else { throw .unsupported("an index depends on the batch size") }
      let place = index < 0 ? index + list.forms.count : index
      guard list.forms.indices.contains(place) else {
        throw .damaged("index \(index) lies outside a list of \(list.forms.count)")
      }
      forms.append(list.forms[place])
    }
    return SymbolicTensor(shape: indices.shape, forms: forms)
  }

  private static func slice(_ node: ONNXNode) throws(ONNXFailure) -> SymbolicTensor {
    let list = try operand(node, 0)
    guard list.shape.rank == 1 else { throw .damaged("a number cannot be sliced") }
    let slices = try SliceBounds(node).slices(of: TensorType(.int64, list.shape))
    guard let slice = slices.first else { return list }
    return SymbolicTensor((0..<slice.count).map { list.forms[slice.start + $0 * slice.step] })
  }

  private static func concatenate(_ node: ONNXNode) throws(ONNXFailure) -> SymbolicTensor {
    var forms: [LinearForm] = []
    for index in 0..<node.operandCount {
      let tensor = try operand(node, index)
      guard tensor.shape.rank == 1 else { throw .damaged("numbers without an axis cannot be joined") }
      forms += tensor.forms
    }
    return SymbolicTensor(forms)
  }

  private static func combine(
    _ node: ONNXNode, _ function: (LinearForm, LinearForm) -> LinearForm?
  ) throws(ONNXFailure) -> SymbolicTensor {
    try combine(try operand(node, 0), try operand(node, 1), function)
  }

  private static func combine(
    _ a: SymbolicTensor, _ b: SymbolicTensor, _ function: (LinearForm, LinearForm) -> LinearForm?
  ) throws(ONNXFailure) -> SymbolicTensor {
    guard let shape = a.shape.broadcast(with: b.shape) else {
      throw .damaged("\(a.shape) and \(b.shape) do not broadcast")
    }
    var forms: [LinearForm] = []
    for index in 0..<shape.elementCount {
      let left = a.forms[a.forms.count == 1 ? 0 : index]
      let right = b.forms[b.forms.count == 1 ? 0 : index]
      guard let form = function(left, right) else {
        throw .unsupported("an extent is computed that is not a multiple of the batch size; export with a fixed batch")
      }
      forms.append(form)
    }
    return SymbolicTensor(shape: shape, forms: forms)
  }
}
