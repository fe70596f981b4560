extension ONNXImportSession {
  /// Writes out the body of a model-local function.
  func call(
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
