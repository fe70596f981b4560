import Graphs
import Tensors

extension ONNXImportSession {
  /// The graph that an `If` takes; nil if its condition is not known.
  func takenBranch(
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
  func results(
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
