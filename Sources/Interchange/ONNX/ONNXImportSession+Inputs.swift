import Graphs
import Tensors

extension ONNXImportSession {
  func bindInitializers(_ scope: inout Scope) throws(ImportError) {
    func bind(_ name: String, _ make: () throws(ONNXFailure) -> AnyTensor) throws(ImportError) {
      guard !name.isEmpty else { throw damaged("an initializer has no name") }
      guard scope.bindings[name] == nil else { throw damaged("two initializers have this name", node: name) }
      if importer.knownInputs[name] != nil && model.graph.input.contains(where: { $0.name == name }) { return }
      do throws(ONNXFailure) {
        scope.bindings[name] = .value(lowering.addConstant(name, .tensor(try make())))
      } catch {
        throw ImportError(error, file: file, node: name)
      }
    }
    for index in initializers.indices {
      var proto = Onnx_TensorProto()
      swap(&proto, &initializers[index])
      try bind(proto.name) { () throws(ONNXFailure) in try lowering.tensors.tensor(proto) }
    }
    for proto in model.graph.sparseInitializer {
      try bind(proto.values.name) { () throws(ONNXFailure) in
        let tensor = try lowering.tensors.dense(proto, limit: lowering.byteBudget / 8)
        _ = lowering.reserve(tensor.byteCount)
        return tensor
      }
    }
  }

  func bindInputs(_ scope: inout Scope) throws(ImportError) {
    for input in model.graph.input {
      guard !input.name.isEmpty else { throw damaged("an input has no name") }
      if case .value(let id)? = scope.bindings[input.name] {
        guard lowering.graph.constants[id] != nil else { throw damaged("two inputs have this name", node: input.name) }
        continue
      }
      do throws(ONNXFailure) {
        let known = importer.knownInputs[input.name]
        let type = try inputType(input, known: known)
        scope.bindings[input.name] = .value(lowering.addInput(input.name, type, known: known))
      } catch {
        throw ImportError(error, file: file, node: input.name)
      }
    }
  }

  func inputType(
    _ input: Onnx_ValueInfoProto, known: AnyTensor?
  ) throws(ONNXFailure) -> TensorType {
    guard case .tensorType(let declared)? = input.type.value else {
      throw .unsupported("an input that is not a tensor is not supported")
    }
    guard let foreign = Onnx_TensorProto.DataType(rawValue: Int(declared.elemType)), foreign != .undefined else {
      throw .damaged("element type \(declared.elemType) does not exist")
    }
    guard let elementType = foreign.elementType else {
      throw .unsupported("an input of element type \(foreign.label) is not supported; export it as float32")
    }
    if let known {
      try check(known, against: declared, elementType)
      return TensorType(elementType, known.shape)
    }
    guard declared.hasShape else {
      throw .unsupported("the file does not say the shape of this input; export it with one")
    }
    var dimensions: [Graphs.Dimension] = []
    for (axis, dimension) in declared.shape.dim.enumerated() {
      dimensions.append(try self.dimension(dimension, axis: axis))
    }
    let type = TensorType(elementType, dimensions)
    try ONNXLowering.check(type)
    return type
  }

  func dimension(_ dimension: Onnx_TensorShapeProto.Dimension, axis: Int) throws(ONNXFailure)
    -> Graphs.Dimension
  {
    switch dimension.value {
    case .dimValue(let extent):
      guard extent >= 0 else { throw .damaged("extent \(extent) of axis \(axis) is negative") }
      return .fixed(Int(extent))
    case .dimParam(let name):
      if let extent = importer.dimensions[name] {
        guard extent >= 0 else { throw .damaged("extent \(extent) given for '\(name.escapedForDisplay)' is negative") }
        return .fixed(extent)
      }
      guard axis > 0 else { return .batch(1) }
      throw .unsupported("axis \(axis) has the open extent '\(name.escapedForDisplay)'; give it a number")
    case nil:
      guard axis > 0 else { return .batch(1) }
      throw .unsupported("axis \(axis) has no extent; export with a fixed one")
    }
  }

  func check(
    _ known: AnyTensor, against declared: Onnx_TypeProto.Tensor, _ elementType: ElementType
  ) throws(ONNXFailure) {
    guard known.elementType == elementType else {
      throw .damaged("the model takes \(elementType) here, and \(known.elementType) is given")
    }
    guard declared.hasShape else { return }
    guard declared.shape.dim.count == known.shape.rank else {
      throw .damaged("the model takes \(declared.shape.dim.count) axes here, and \(known.shape) is given")
    }
    for (axis, dimension) in declared.shape.dim.enumerated() {
      if case .dimValue(let extent)? = dimension.value, extent != Int64(known.shape[axis]) {
        throw .damaged("axis \(axis) has \(extent) elements in the model, and \(known.shape) is given")
      }
    }
  }

  func bindOutputs(_ scope: Scope) throws(ImportError) {
    var outputs: [ValueID] = []
    guard !model.graph.output.isEmpty else { throw damaged("the model has no outputs") }
    for output in model.graph.output {
      switch scope.bindings[output.name] {
      case .value(let id)?: outputs.append(id)
      case .symbolic?:
        throw ImportError(
          .unsupported("this output depends on the batch size alone; export with a fixed batch"), file: file,
          node: output.name)
      case .unavailable?, nil: throw damaged("this output is computed by no node", node: output.name)
      }
    }
    lowering.setOutputs(outputs)
  }
}
