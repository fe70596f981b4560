import Foundation
import Graphs
import Interchange
import Kernels
import ModelFormat
import Packing
import Passes
import Runtime
import Tensors

/// A model from a file of any supported kind, ready to be run, measured or quantized.
///
///     let model = try Model(contentsOf: URL(filePath: "resnet20.onnx"))
///     let executor = try model.executor()
public struct Model: Sendable {
  public enum Format: String, CaseIterable, Sendable { case onnx, tflite, dchip }

  public let url: URL
  public let format: Format
  public let fileByteCount: Int
  /// The network as the file means it: real operators for foreign files, what is stored for packed ones.
  public private(set) var graph: Graph
  /// What runs: simplified, with integer operators where the file has codes.
  public private(set) var packed: PackedModel
  /// Weights that stay coded while it runs; `packed` has constants without codes in their place.
  public private(set) var codedWeights: [ValueID: CodedWeights]

  /// - Parameters:
  ///   - url: a file that ends in .onnx, .tflite or .dchip.
  ///   - preprocessing: for foreign files, which do not say how pictures become inputs; of a packed file the stored
  ///     one is used unless this is given.
  ///   - knownInputs: see `ONNXImporter.knownInputs`.
  ///   - decoding: what becomes of coded weights. Where some stay coded, the model can be run, and nothing else.
  /// - Throws: `Failure` with the code that a command exits with.
  public init(
    contentsOf url: URL, preprocessing: Preprocessing? = nil, knownInputs: [String: AnyTensor] = [:],
    decoding: WeightDecoding = .load
  ) throws {
    self.url = url
    guard let format = Format(rawValue: url.pathExtension.lowercased()) else {
      throw Failure(
        .usage, "\(url.lastPathComponent.escapedForDisplay): a model file ends in .onnx, .tflite or .dchip.")
    }
    self.format = format
    do {
      switch format {
      case .onnx: graph = try ONNXImporter(knownInputs: knownInputs).graph(of: url)
      case .tflite: graph = try TFLiteImporter().graph(contentsOf: url)
      case .dchip: graph = Graph()
      }
      if format == .dchip {
        var stored = try StreamedModel(contentsOf: url, decoding: decoding)
        if let preprocessing { stored.model.preprocessing = preprocessing }
        (packed, codedWeights) = (stored.model, stored.weights)
      } else {
        let made = try StreamedModel(Packer.pack(graph.simplified(), preprocessing: preprocessing), decoding: decoding)
        (packed, codedWeights) = (made.model, made.weights)
      }
    } catch let error as PackingError {
      throw Failure(.failed, "\(url.lastPathComponent.escapedForDisplay): \(error)")
    } catch {
      throw Failure(error)
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
    fileByteCount = (attributes?[.size] as? Int) ?? 0
  }

  /// An executor that takes the network over: what is left of the model is empty.
  ///
  /// Weights are then in memory once, as the executor's kernels read them.
  public mutating func takeExecutor(
    batch: Int = 1, threads: Int = 1, instructionSet: InstructionSet? = nil,
    kernelSelection: KernelSelection = KernelSelection()
  ) throws -> Executor {
    var taken = PackedModel(graph: Graph())
    swap(&taken, &packed)
    var weights: [ValueID: CodedWeights] = [:]
    swap(&weights, &codedWeights)
    var network = Graph()
    swap(&network, &taken.graph)
    graph = Graph()
    do {
      return try Executor(
        consume network, weights: weights, batch: batch, threads: threads, instructionSet: instructionSet,
        memoryLimit: Memory.limit, kernelSelection: kernelSelection)
    } catch {
      throw Failure(error)
    }
  }

  /// A packed model that is in no file.
  init(_ packed: PackedModel) {
    url = URL(fileURLWithPath: "model.dchip")
    format = .dchip
    fileByteCount = 0
    graph = Graph()
    self.packed = packed
    codedWeights = [:]
  }

  /// The graph that `Reference` evaluates: as imported, or the packed one.
  public var referenceGraph: Graph { format == .dchip ? packed.graph : graph }

  public func executor(
    batch: Int = 1, threads: Int = 1, instructionSet: InstructionSet? = nil,
    kernelSelection: KernelSelection = KernelSelection()
  ) throws -> Executor {
    do {
      return try Executor(
        packed.graph, weights: codedWeights, batch: batch, threads: threads, instructionSet: instructionSet,
        memoryLimit: Memory.limit, kernelSelection: kernelSelection)
    } catch {
      throw Failure(error)
    }
  }
}

extension PackedModel {
  /// Reads a packed file, mapped into memory.
  ///
  /// - Throws: `Failure` naming the file.
  public init(contentsOf url: URL) throws { self = try StreamedModel(contentsOf: url, decoding: .load).model }
}

extension StreamedModel {
  /// Reads a packed file, mapped into memory while it is read.
  ///
  /// - Throws: `Failure` naming the file.
  public init(contentsOf url: URL, decoding: WeightDecoding) throws {
    let name = url.lastPathComponent.escapedForDisplay
    let data: Data
    do { data = try Data(contentsOf: url, options: .alwaysMapped) } catch {
      throw Failure(.badFile, "\(name): cannot be read: there is no such file, or no permission.")
    }
    do {
      self = try data.withUnsafeBytes { bytes throws(ModelFormatError) in
        try StreamedModel(reading: bytes, decoding: decoding)
      }
    } catch {
      throw Failure(.badFile, "\(name): \(error)")
    }
  }

  /// A model in memory, whose weights are coded where `decoding` keeps them coded.
  ///
  /// - Throws: `ModelFormatError` when it cannot be written.
  init(_ model: PackedModel, decoding: WeightDecoding) throws {
    switch decoding {
    case .load:
      self.init(model)
      return
    case .budget(let byteCount) where model.graph.constantByteCount <= byteCount:
      self.init(model)
      return
    case .stream, .budget: break
    }
    try self.init(reading: try model.serialized(), decoding: decoding)
  }
}

extension Graph {
  /// Bytes of all constants, weight codes in a byte each.
  fileprivate var constantByteCount: Int {
    constants.values.reduce(0) { sum, constant in
      switch constant {
      case .tensor(let tensor): sum + tensor.byteCount
      case .coded(let coded): sum + coded.shape.elementCount
      }
    }
  }
}
