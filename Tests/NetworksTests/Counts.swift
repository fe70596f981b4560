import Foundation
import Graphs
import Interchange

/// What a ledger of a network lists.
struct Counts: Equatable, CustomStringConvertible {
  /// Weights and biases of convolutions and dense layers.
  var weightedCount = 0
  /// Channels of batch normalizations.
  var normalizedCount = 0
  var macCount = 0

  /// Everything that an optimizer changes.
  var trainedCount: Int { weightedCount + 2 * normalizedCount }

  var description: String { "\(weightedCount) + \(normalizedCount) channels, \(macCount) MAC" }

  init(_ graph: Graph) {
    for node in graph.nodes {
      let operands = node.inputs.dropFirst().compactMap { $0.flatMap { graph.constants[$0]?.shape.elementCount } }
      switch node.operator.kind {
      case .convolution, .dense: weightedCount += operands.reduce(0, +)
      case .batchNormalization: normalizedCount += operands.first ?? 0
      default: break
      }
    }
    macCount = graph.macCount
  }
}

extension Graph {
  /// Nodes by operator, operands and result, without names and without the numbers in constants.
  ///
  /// Constants appear as their shape; values by the place of the node that computes them.
  var structure: [String] {
    var origins: [ValueID: String] = [:]
    for (index, id) in inputs.enumerated() { origins[id] = "input \(index)" }
    return nodes.enumerated().map { index, node in
      // An optional operand at the end that is left out is the same as none.
      let given = node.inputs.prefix(through: node.inputs.lastIndex { $0 != nil } ?? 0)
      let operands = given.map { id in
        id.map { constants[$0].map { "\($0.shape)" } ?? origins[$0] ?? "?" } ?? "-"
      }
      origins[node.output] = "\(index)"
      return "\(index): \(node.operator) (\(operands.joined(separator: ", "))) -> \(self[node.output].type)"
    }
  }
}

/// Trained networks outside the repository; tests that need them are skipped where they are not.
enum ModelFiles {
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["DEEPCHIP_SHARED"] { return URL(fileURLWithPath: path) }
    let package = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    return package.deletingLastPathComponent().appendingPathComponent("shared")
  }()

  static let isThere = FileManager.default.fileExists(atPath: folder.appendingPathComponent("data/models").path)

  static func graph(_ name: String) throws -> Graph {
    try ONNXImporter().graph(of: folder.appendingPathComponent("data/models/\(name).onnx"))
  }
}
