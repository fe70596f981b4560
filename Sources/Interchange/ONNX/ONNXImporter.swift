import Foundation
import Graphs
import SwiftProtobuf
import Tensors

/// Reads ONNX files into graphs of core operators.
///
///     let graph = try ONNXImporter().graph(of: URL(filePath: "resnet20.onnx"))
///
/// Every foreign operator is rewritten by its rule in `ONNXRule.all`. Nodes that only compute shapes fold away.
/// The first axis of an input becomes the batch if the file leaves it open.
public struct ONNXImporter: Sendable {
  /// Values of inputs that are known when importing.
  ///
  /// They stay inputs, with the extents given here; where a rule needs a constant (the shape of `Reshape`, the
  /// limits of `Clip`), the value given here is used. An initializer that is also an input is a constant unless it
  /// is named here.
  public var knownInputs: [String: AnyTensor]

  /// Extents for symbolic axes, by the name that the file gives them, as in `["height": 224]`.
  public var dimensions: [String: Int]

  public init(knownInputs: [String: AnyTensor] = [:], dimensions: [String: Int] = [:]) {
    self.knownInputs = knownInputs
    self.dimensions = dimensions
  }

  /// Reads the model at `url`.
  ///
  /// External data is looked for in the model's folder, and nowhere else.
  /// - Throws: `ImportError`; `isUnsupported` tells a bad file from one that needs more than there is.
  /// - Complexity: memory of at most three times the file.
  public func graph(of url: URL) throws(ImportError) -> Graph {
    // The file's bytes are let go before tensors are converted.
    let session = try Self.session(for: url, importer: self)
    return try session.graph()
  }

  /// Reads a model from the bytes of its file.
  ///
  /// - Parameters:
  ///   - data: the bytes of the file, whole.
  ///   - file: names the model in errors.
  ///   - folder: where external data is looked for; nil allows none.
  public func graph(of data: Data, file: String, folder: URL? = nil) throws(ImportError) -> Graph {
    let session = ONNXImportSession(
      model: try Self.decode(data, file: file), importer: self, file: file, folder: folder, byteCount: data.count)
    return try session.graph()
  }

  /// Names of the model's inputs in order, and whether each has an initializer.
  ///
  /// What a command needs in order to match files with inputs.
  public static func inputs(of url: URL) throws(ImportError) -> [(name: String, hasInitializer: Bool)] {
    let graph = try decode(try bytes(of: url), file: url.lastPathComponent).graph
    let initialized = Set(graph.initializer.map { $0.name } + graph.sparseInitializer.map { $0.values.name })
    return graph.input.map { ($0.name, initialized.contains($0.name)) }
  }

  private static func session(
    for url: URL, importer: ONNXImporter
  ) throws(ImportError) -> ONNXImportSession {
    let data = try bytes(of: url)
    let file = url.lastPathComponent
    return ONNXImportSession(
      model: try decode(data, file: file), importer: importer, file: file, folder: url.deletingLastPathComponent(),
      byteCount: data.count)
  }

  private static func bytes(of url: URL) throws(ImportError) -> Data {
    do { return try Data(contentsOf: url, options: .mappedIfSafe) } catch {
      throw ImportError(.unreadable("there is no such file, or no permission"), file: url.lastPathComponent)
    }
  }

  private static func decode(_ data: Data, file: String) throws(ImportError) -> Onnx_ModelProto {
    guard !data.isEmpty else { throw ImportError(.damaged("the file is empty"), file: file, byteOffset: 0) }
    do throws(ONNXWireScan.Defect) { try ONNXWireScan.check(data) } catch {
      throw ImportError(.damaged(error.reason), file: file, byteOffset: error.byteOffset)
    }
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = ONNXWireScan.depthLimit
    options.discardUnknownFields = true
    let model: Onnx_ModelProto
    do {
      model = try Onnx_ModelProto(serializedBytes: data, options: options)
    } catch {
      throw ImportError(.damaged("these bytes are not a model, or its texts are not UTF-8"), file: file, byteOffset: 0)
    }
    guard model.hasGraph else { throw ImportError(.damaged("there is no graph in this file"), file: file) }
    return model
  }
}

extension ONNXImporter {
  /// Names of the foreign operators that have a rule, sorted.
  public static var operatorNames: [String] { Set(ONNXRule.all.map(\.name)).sorted() }
}
