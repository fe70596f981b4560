import Graphs

extension ONNXImportSession {
  func lower(_ nodes: [Onnx_NodeProto], in scope: inout Scope, depth: Int) throws(ImportError) {
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
  static let consequence = "an operand comes from an unsupported node"

  func report(_ proto: Onnx_NodeProto, name: String, _ scope: Scope, _ reason: String) {
    let domain = proto.domain == "ai.onnx" ? "" : proto.domain
    unsupported.append(
      UnsupportedOperator(
        name: name, operator: domain.isEmpty ? proto.opType : domain + "." + proto.opType,
        opset: scope.versions[domain] ?? 0, reason: reason))
  }

  func results(
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

  func rule(_ name: String, domain: String, in scope: Scope) throws(ONNXFailure) -> ONNXRule {
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
  func attributes(
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
  func bind(
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
