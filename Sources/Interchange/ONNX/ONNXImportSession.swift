import Foundation
import Graphs
import Tensors

/// One import: names of the file on one side, the graph being built on the other.
final class ONNXImportSession {
  let model: Onnx_ModelProto
  /// Taken out of the model, so that each can be let go once it is converted.
  var initializers: [Onnx_TensorProto]
  let importer: ONNXImporter
  let file: String
  let lowering: ONNXLowering
  let functions: [ONNXFunctionKey: Onnx_FunctionProto]
  var unsupported: [UnsupportedOperator] = []
  /// Nodes lowered so far, those of functions included.
  var nodeCount = 0
  /// A bad file found inside a function: thrown with its own place once the call returns.
  var pendingFailure: ImportError?

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
    return lowering.graph.removingDeadNodes()
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

  func damaged(_ reason: String, node: String? = nil) -> ImportError {
    ImportError(.damaged(reason), file: file, node: node)
  }

  func operatorSets(_ imports: [Onnx_OperatorSetIdProto]) throws(ImportError) -> [String: Int] {
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
