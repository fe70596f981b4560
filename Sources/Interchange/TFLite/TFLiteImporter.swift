import Foundation
import Graphs

/// Reads TensorFlow Lite files: float networks, int8 and uint8 networks, and float networks with int8 weights.
///
///     let graph = try TFLiteImporter().graph(contentsOf: URL(fileURLWithPath: "model.tflite"))
///     graph[graph.inputs[0]].type    // int8 [N, 32, 32, 3]
///
/// Inputs and outputs keep the types and the order of axes of the file (channels last). Inside, channels stand second;
/// padding is explicit; fused activations are clamps. A quantized activation is float32 followed by `quantize` and
/// `dequantize`; quantized weights are integer constants followed by `dequantize`.
public struct TFLiteImporter: Sendable {
  /// Whether a leading extent of 1 of every input stands for any number of items, if all operators permit it.
  public var batch: Bool

  public init(batch: Bool = true) {
    self.batch = batch
  }

  /// The names of the TFLite operators that can be imported, sorted.
  public static var operatorNames: [String] { TFLiteRule.all.map(\.name).sorted() }

  /// Reads the network in `file`.
  ///
  /// - Throws: `ImportError`; all operators without a rule are listed in one error.
  public func graph(contentsOf file: URL) throws(ImportError) -> Graph {
    try graph(try FileBytes.read(file), file: file.lastPathComponent)
  }

  /// Reads the network in `data`.
  ///
  /// - Parameters:
  ///   - data: the bytes of the file, whole.
  ///   - file: the name for messages.
  public func graph(_ data: Data, file: String) throws(ImportError) -> Graph {
    do throws(Fault) {
      let content = try TFLiteFile(data)
      try Self.checkOperators(content)
      if batch, content.inputs.contains(where: { TFLiteLowering.canHaveBatch(content.tensors[$0]) }),
        let graph = try? Self.lower(content, hasBatch: true)
      {
        return graph
      }
      // The budget of reads was spent on the attempt above.
      return try Self.lower(try TFLiteFile(data), hasBatch: false)
    } catch {
      throw error.inFile(file)
    }
  }

  private static func checkOperators(_ file: TFLiteFile) throws(Fault) {
    var unsupported: [UnsupportedOperator] = []
    for (index, node) in file.operators.enumerated() where TFLiteRule.byCode[node.code] == nil {
      let name = node.outputs.first.map { file.tensors[$0].name } ?? "operator \(index)"
      unsupported.append(
        UnsupportedOperator(name: name, operator: node.name, opset: node.version, reason: "there is no rule for it"))
    }
    guard unsupported.isEmpty else { throw Fault(problem: .unsupportedOperators(unsupported)) }
    for tensor in file.tensors where tensor.isVariable {
      throw .unsupported("tensor '\(tensor.displayName)' keeps its value between runs")
    }
  }

  private static func lower(_ file: TFLiteFile, hasBatch: Bool) throws(Fault) -> Graph {
    guard let first = file.operators.first else { throw .damaged("the network has no operators") }
    var lowering = TFLiteLowering(file: file, hasBatch: hasBatch, firstNode: first)
    for tensor in file.inputs { try lowering.addInput(tensor) }
    for node in file.operators {
      guard let rule = TFLiteRule.byCode[node.code] else { continue }
      do throws(Fault) {
        try lowering.lower(node, by: rule)
      } catch {
        var located = error
        located.node = lowering.name
        located.byteOffset = located.byteOffset ?? node.byteOffset
        throw located
      }
    }
    guard !file.outputs.isEmpty else { throw .damaged("the network has no outputs") }
    for tensor in file.outputs { try lowering.addOutput(tensor) }
    do throws(GraphError) {
      try lowering.graph.validate()
    } catch {
      throw .damaged("\(error)")
    }
    return lowering.graph
  }
}
