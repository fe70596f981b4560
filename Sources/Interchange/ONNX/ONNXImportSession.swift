import Foundation
import Graphs
import Tensors

/// One import: names of the file on one side, the graph being built on the other.
final class ONNXImportSession {
  private let model: Onnx_ModelProto
  /// Taken out of the model, so that each can be let go once it is converted.
  private var initializers: [Onnx_TensorProto]
  private let importer: ONNXImporter
  private let file: String
  private let lowering: ONNXLowering
  private let functions: [ONNXFunctionKey: Onnx_FunctionProto]
  private var unsupported: [UnsupportedOperator] = []
  /// Nodes lowered so far, those of functions included.
  private var nodeCount = 0
  /// A bad file found inside a function: thrown with its own place once the call returns.
  private var pendingFailure: ImportError?

  /// Nodes that one file may come to after functions are written out.
  static let nodeLimit = 1 << 18
  /// Functions inside functions.
  static let functionDepthLimit = 16

  init(model: Onnx_ModelProto, importer: ONNXImporter, file: String, folder: URL?, byteCount: Int) {
    var model = model
    initializers = model.graph.initializer
    model.graph.initializer = []
    self.model = model
    self.importer = importer
    self.file = file
    let tensors = ONNXTensorReader(externalData: folder.map { ONNXExternalData(folder: $0) })
    lowering = ONNXLowering(tensors: tensors, byteBudget: 8 << 20 + byteCount)
    functions = Dictionary(
      model.functions.map { (ONNXFunctionKey($0.domain, $0.name, $0.overload), $0) }, uniquingKeysWith: { a, _ in a })
  }

  func graph() throws(ImportError) -> Graph {
    let versions = try operatorSets(model.opsetImport)
    var scope = Scope(versions: versions)
    try bindInitializers(&scope)
    try bindInputs(&scope)
    scope.usedNames = Self.usedNames(model.graph.node, outputs: model.graph.output.map { $0.name })
    try lower(model.graph.node, in: &scope, depth: 0)
    guard unsupported.isEmpty else { throw ImportError(.unsupportedOperators(unsupported), file: file) }
    try bindOutputs(scope)
    return lowering.graph.withoutUnusedNodes
  }
}

/// What tells one model-local function from another.
struct ONNXFunctionKey: Hashable {
  var domain: String
  var name: String
  var overload: String

  init(_ domain: String, _ name: String, _ overload: String) {
    self.domain = domain == "ai.onnx" ? "" : domain
    self.name = name
    self.overload = overload
  }
}

extension ONNXImportSession {
  /// Names that nodes can see: those of the graph, or of one function's body.
  struct Scope {
    var bindings: [String: ONNXBinding] = [:]
    /// Version of each operator set, by domain.
    var versions: [String: Int]
    /// Names that a node or an output reads.
    var usedNames: Set<String> = []
    /// Operands that the call of a function leaves out.
    var omitted: Set<String> = []
    /// Attributes of the call that a function's body may refer to.
    var callAttributes: [String: Onnx_AttributeProto] = [:]
    /// Put before the names of nodes of a function's body.
    var prefix = ""

    init(versions: [String: Int]) { self.versions = versions }
  }

  private func damaged(_ reason: String, node: String? = nil) -> ImportError {
    ImportError(.damaged(reason), file: file, node: node)
  }

  private func operatorSets(_ imports: [Onnx_OperatorSetIdProto]) throws(ImportError) -> [String: Int] {
    var versions: [String: Int] = [:]
    for entry in imports {
      let domain = entry.domain == "ai.onnx" ? "" : entry.domain
      guard entry.version >= 1 else {
        throw damaged("version \(entry.version) of operator set '\(domain.escapedForDisplay)' does not exist")
      }
      versions[domain] = Int(entry.version)
    }
    // Files of IR version 1 and 2 name no operator set and mean the first.
    if versions.isEmpty && model.irVersion < 3 { versions[""] = 1 }
    if let version = versions[""], version > ONNXRule.newestVersion {
      throw ImportError(
        .unsupported(
          "operator set \(version) is newer than \(ONNXRule.newestVersion), the newest known; "
            + "export for operator set 21 or older"),
        file: file)
    }
    return versions
  }

  static func usedNames(_ nodes: [Onnx_NodeProto], outputs: [String]) -> Set<String> {
    var names = Set(outputs)
    for node in nodes {
      names.formUnion(node.input)
      for attribute in node.attribute where attribute.hasG {
        names.formUnion(usedNames(attribute.g.node, outputs: attribute.g.output.map { $0.name }))
      }
    }
    return names
  }
}

// MARK: - Initializers, inputs, outputs

extension ONNXImportSession {
  private func bindInitializers(_ scope: inout Scope) throws(ImportError) {
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

  private func bindInputs(_ scope: inout Scope) throws(ImportError) {
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

  private func inputType(
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

  private func dimension(_ dimension: Onnx_TensorShapeProto.Dimension, axis: Int) throws(ONNXFailure)
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

  private func check(
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

  private func bindOutputs(_ scope: Scope) throws(ImportError) {
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

// MARK: - Nodes

extension ONNXImportSession {
  private func lower(_ nodes: [Onnx_NodeProto], in scope: inout Scope, depth: Int) throws(ImportError) {
    for (index, proto) in nodes.enumerated() {
      nodeCount += 1
      let ownName = proto.name.isEmpty ? proto.output.first { !$0.isEmpty } ?? "node \(index)" : proto.name
      let name = scope.prefix + ownName
      guard nodeCount <= Self.nodeLimit else {
        throw ImportError(.unsupported("more than \(Self.nodeLimit) nodes"), file: file, node: name)
      }
      do throws(ONNXFailure) {
        let first = ValueID(lowering.graph.values.count)
        let results = try results(of: proto, name: name, in: scope, depth: depth)
        try bind(results, to: proto, in: &scope, newFrom: first)
      } catch {
        switch error {
        case .damaged(let reason):
          throw damaged("\(proto.opType.escapedForDisplay): \(reason)", node: name)
        case .unsupported(let reason):
          if reason != Self.consequence { report(proto, name: name, scope, reason) }
          for output in proto.output where !output.isEmpty { scope.bindings[output] = .unavailable }
        }
      }
      if let failure = pendingFailure { throw failure }
    }
  }

  /// The reason of nodes that are refused only because an operand was; they are not listed.
  private static let consequence = "an operand comes from an unsupported node"

  private func report(_ proto: Onnx_NodeProto, name: String, _ scope: Scope, _ reason: String) {
    let domain = proto.domain == "ai.onnx" ? "" : proto.domain
    unsupported.append(
      UnsupportedOperator(
        name: name, operator: domain.isEmpty ? proto.opType : domain + "." + proto.opType,
        opset: scope.versions[domain] ?? 0, reason: reason))
  }

  private func results(
    of proto: Onnx_NodeProto, name: String, in scope: Scope, depth: Int
  ) throws(ONNXFailure) -> [ONNXBinding?] {
    var bindings: [ONNXBinding?] = []
    for input in proto.input {
      guard !input.isEmpty, !scope.omitted.contains(input) else {
        bindings.append(nil)
        continue
      }
      guard let binding = scope.bindings[input] else {
        throw .damaged("'\(input.escapedForDisplay)' is read before any node computes it")
      }
      bindings.append(binding)
    }
    let domain = proto.domain == "ai.onnx" ? "" : proto.domain
    let attributes = try self.attributes(of: proto, in: scope)
    if let function = functions[ONNXFunctionKey(domain, proto.opType, proto.overload)] {
      return try call(function, proto, bindings, attributes, name: name, depth: depth)
    }
    if domain.isEmpty, proto.opType == "If",
      let branch = try takenBranch(bindings.first ?? nil, attributes)
    {
      return try results(of: branch, outputCount: proto.output.count, name: name, in: scope, depth: depth)
    }
    let rule = try self.rule(proto.opType, domain: domain, in: scope)
    let isUnavailable = bindings.contains { if case .unavailable? = $0 { true } else { false } }
    guard !isUnavailable else { throw .unsupported(Self.consequence) }
    let node = ONNXNode(
      name: name, operatorName: proto.opType, opset: scope.versions[domain] ?? 1,
      attributes: try ONNXAttributes(attributes), lowering: lowering, bindings: bindings,
      usedOutputs: proto.output.map { !$0.isEmpty && scope.usedNames.contains($0) })
    if domain.isEmpty, let symbolic = try ONNXShapeArithmetic.result(of: node) {
      if let constant = symbolic.constant { return [.value(lowering.addConstant(name, .tensor(constant)))] }
      return [.symbolic(symbolic)]
    }
    return try rule.lower(node).map { $0.map(ONNXBinding.value) }
  }

  private func rule(_ name: String, domain: String, in scope: Scope) throws(ONNXFailure) -> ONNXRule {
    guard let version = scope.versions[domain] ?? (domain == "com.microsoft" ? 1 : nil) else {
      throw .damaged("the file imports no operator set '\(domain.escapedForDisplay)'")
    }
    let candidates = ONNXRule.byName[name]?.filter { $0.domain == domain } ?? []
    guard !candidates.isEmpty else { throw .unsupported("there is no rule for it") }
    guard let rule = candidates.first(where: { $0.versions.contains(version) }) else {
      let known = candidates.map { "\($0.versions.lowerBound) to \($0.versions.upperBound)" }
      throw .unsupported("it is known in operator sets \(known.joined(separator: ", ")) only")
    }
    return rule
  }

  /// The node's attributes, those that refer to the calling node's put in.
  private func attributes(
    of proto: Onnx_NodeProto, in scope: Scope
  ) throws(ONNXFailure) -> [Onnx_AttributeProto] {
    var attributes: [Onnx_AttributeProto] = []
    for attribute in proto.attribute {
      if attribute.refAttrName.isEmpty {
        attributes.append(attribute)
      } else if var given = scope.callAttributes[attribute.refAttrName] {
        given.name = attribute.name
        attributes.append(given)
      }
    }
    return attributes
  }

  /// Values from `first` on are the node's own; in the main graph they take the names of its results.
  private func bind(
    _ results: [ONNXBinding?], to proto: Onnx_NodeProto, in scope: inout Scope, newFrom first: ValueID
  ) throws(ONNXFailure) {
    for (index, output) in proto.output.enumerated() where !output.isEmpty {
      guard scope.bindings[output] == nil else {
        throw .damaged("'\(output.escapedForDisplay)' is computed twice")
      }
      guard index < results.count, let result = results[index] else {
        guard !scope.usedNames.contains(output) else {
          throw .unsupported("its result \(index), '\(output.escapedForDisplay)', is not supported")
        }
        continue
      }
      scope.bindings[output] = result
      if case .value(let id) = result, id >= first, scope.prefix.isEmpty {
        lowering.rename(id, output)
      }
    }
  }
}

// MARK: - Branches

extension ONNXImportSession {
  /// The graph that an `If` takes; nil if its condition is not known.
  private func takenBranch(
    _ condition: ONNXBinding?, _ attributes: [Onnx_AttributeProto]
  ) throws(ONNXFailure) -> Onnx_GraphProto? {
    guard case .value(let id)? = condition, case .bool(let known)? = try lowering.evaluated(id),
      known.scalars.count == 1
    else { return nil }
    let name = known.scalars[0] ? "then_branch" : "else_branch"
    guard let attribute = attributes.first(where: { $0.name == name }), attribute.hasG else {
      throw .damaged("attribute '\(name)' is missing")
    }
    return attribute.g
  }

  /// Writes out a branch, which sees the names around it.
  private func results(
    of branch: Onnx_GraphProto, outputCount: Int, name: String, in scope: Scope, depth: Int
  ) throws(ONNXFailure) -> [ONNXBinding?] {
    guard depth < Self.functionDepthLimit else { throw .damaged("graphs are nested too deeply") }
    guard branch.sparseInitializer.isEmpty else { throw .unsupported("sparse tensors in a branch") }
    guard branch.output.count == outputCount else { throw .damaged("the branch has other results than the node") }
    // The names are copied; this bounds the work that many branches can ask for.
    nodeCount += scope.bindings.count / 256
    var inner = scope
    inner.prefix = String(name.prefix(200)) + "/"
    inner.usedNames = Self.usedNames(branch.node, outputs: branch.output.map { $0.name })
    for proto in branch.initializer {
      let tensor = try lowering.tensors.tensor(proto)
      inner.bindings[proto.name] = .value(lowering.addConstant(proto.name, .tensor(tensor)))
    }
    do throws(ImportError) { try lower(branch.node, in: &inner, depth: depth + 1) } catch {
      pendingFailure = error
      return []
    }
    return branch.output.map { inner.bindings[$0.name] }
  }
}

// MARK: - Functions

extension ONNXImportSession {
  /// Writes out the body of a model-local function.
  private func call(
    _ function: Onnx_FunctionProto, _ proto: Onnx_NodeProto, _ operands: [ONNXBinding?],
    _ attributes: [Onnx_AttributeProto], name: String, depth: Int
  ) throws(ONNXFailure) -> [ONNXBinding?] {
    nodeCount += function.input.count + function.output.count
    guard depth < Self.functionDepthLimit else { throw .damaged("functions are nested too deeply") }
    guard operands.count <= function.input.count, proto.output.count <= function.output.count else {
      throw .damaged("the call has more operands or results than the function")
    }
    var scope: Scope
    do throws(ImportError) { scope = Scope(versions: try operatorSets(function.opsetImport)) } catch {
      throw .damaged("the function's operator sets are not supported")
    }
    scope.prefix = String(name.prefix(200)) + "/"
    for attribute in function.attributeProto { scope.callAttributes[attribute.name] = attribute }
    for attribute in attributes { scope.callAttributes[attribute.name] = attribute }
    for (index, formal) in function.input.enumerated() {
      if index < operands.count, let operand = operands[index] {
        scope.bindings[formal] = operand
      } else {
        scope.omitted.insert(formal)
      }
    }
    scope.usedNames = Self.usedNames(function.node, outputs: function.output)
    do throws(ImportError) { try lower(function.node, in: &scope, depth: depth + 1) } catch {
      pendingFailure = error
      return []
    }
    var results: [ONNXBinding?] = []
    for output in function.output { results.append(scope.bindings[output]) }
    return results
  }
}
