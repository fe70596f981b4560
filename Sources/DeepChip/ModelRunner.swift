import Datasets
import Foundation
import Graphs
import Interchange
import ModelFormat
import Reference
import Runtime
import Tensors

/// Runs a model on inputs from files.
public struct ModelRunner {
  public var url: URL
  public var backend: Evaluator.Backend
  public var threads: Int
  public var kernelSelection = KernelSelection()
  /// What becomes of coded weights; the slow definitions need them decoded.
  public var decoding = WeightDecoding.load
  /// For pictures; what a packed file stores is used unless this is given.
  public var preprocessing: Preprocessing?

  public init(
    url: URL, backend: Evaluator.Backend = .runtime, threads: Int = 1, preprocessing: Preprocessing? = nil
  ) {
    self.url = url
    self.backend = backend
    self.threads = threads
    self.preprocessing = preprocessing
  }

  /// - Parameter files: paths in the model's order, or `name=path`.
  /// - Returns: the outputs in graph order.
  /// - Throws: `Failure`.
  public func run(_ files: [String]) throws -> [AnyTensor] {
    do {
      let given = try namedFiles(files)
      // Tensors are known before the import: ONNX shapes may depend on them.
      var known: [String: AnyTensor] = [:]
      for (name, file) in given where !Self.isPicture(file) { known[name] = try Self.readTensor(file) }
      let model = try Model(contentsOf: url, preprocessing: preprocessing, knownInputs: known, decoding: decoding)
      let graph = backend == .runtime ? model.packed.graph : model.referenceGraph
      let inputs = try graph.inputs.map { id in
        let name = graph[id].name
        if let tensor = known[name] { return tensor }
        guard let file = given.first(where: { $0.name == name })?.file else {
          throw Failure(.usage, "input '\(name.escapedForDisplay)' is missing: give \(name.escapedForDisplay)=FILE")
        }
        return try picture(file, graph, id, model.packed.preprocessing)
      }
      switch backend {
      case .reference: return try GraphEvaluator(graph).outputs(inputs)
      case .runtime:
        let executor = try Executor(
          graph, weights: model.codedWeights, batch: try batch(of: inputs, graph), threads: threads,
          memoryLimit: Memory.limit,
          kernelSelection: kernelSelection)
        return try executor.run(inputs)
      }
    } catch let error as RuntimeError {
      throw Failure(error.isUsage ? .usage : .failed, "\(url.lastPathComponent.escapedForDisplay): \(error)")
    } catch let error as ReferenceError {
      throw Failure(error.isUsage ? .usage : .failed, "\(url.lastPathComponent.escapedForDisplay): \(error)")
    } catch { throw Failure(error) }
  }

  /// Reads an NPY file or an ONNX tensor.
  public static func readTensor(_ file: URL) throws -> AnyTensor {
    switch file.pathExtension.lowercased() {
    case "npy": return try NPY.read(file)
    case "pb": return try TensorProtoFile.read(file).tensor
    default:
      throw Failure(.usage, "\(file.lastPathComponent.escapedForDisplay): an input is .npy, .pb, .png or .jpg")
    }
  }

  private static func isPicture(_ file: URL) -> Bool {
    ["png", "jpg", "jpeg"].contains(file.pathExtension.lowercased())
  }

  /// Pairs files with the model's inputs: those that name one, then the others in order.
  private func namedFiles(_ files: [String]) throws -> [(name: String, file: URL)] {
    let inputs: [(name: String, hasInitializer: Bool)]
    switch url.pathExtension.lowercased() {
    case "onnx": inputs = try ONNXImporter.inputs(of: url)
    default:
      let graph = try Model(contentsOf: url, decoding: decoding).packed.graph
      inputs = graph.inputs.map { (graph[$0].name, false) }
    }
    var pairs: [(name: String, file: URL)] = []
    var unnamed: [URL] = []
    for file in files {
      if let separator = file.firstIndex(of: "="),
        inputs.contains(where: { $0.name == String(file[..<separator]) })
      {
        pairs.append((String(file[..<separator]), URL(fileURLWithPath: String(file[file.index(after: separator)...]))))
      } else {
        unnamed.append(URL(fileURLWithPath: file))
      }
    }
    // As many files as inputs, or one for each input without an initializer.
    var free = inputs.filter { input in !pairs.contains { $0.name == input.name } }
    if unnamed.count < free.count {
      let required = free.filter { !$0.hasInitializer }
      free = unnamed.count <= required.count ? required : free
    }
    guard unnamed.count <= free.count else {
      throw Failure(.usage, "\(files.count) input files for a model with \(inputs.count) inputs")
    }
    return pairs + zip(free, unnamed).map { ($0.name, $1) }
  }

  private func picture(
    _ file: URL, _ graph: Graph, _ id: ValueID, _ stored: Preprocessing?
  ) throws -> AnyTensor {
    var single = graph
    single.inputs = [id]
    let feeder = try InputFeeder(single, preprocessing ?? stored ?? Preprocessing())
    let pixels = try PictureDecoder().decode(file: file)
    let items = AnyTensor.uint8(pixels.reshaped(Shape([1] + pixels.shape.dimensions)))
    return try feeder.input(Dataset(name: file.lastPathComponent, inputs: items), [0])
  }

  /// The batch that the inputs' extents imply.
  private func batch(of inputs: [AnyTensor], _ graph: Graph) throws -> Int {
    for (id, tensor) in zip(graph.inputs, inputs) {
      for (dimension, extent) in zip(graph[id].type.dimensions, tensor.shape.dimensions) {
        if case .batch(let multiple) = dimension, multiple > 0 { return extent / multiple }
      }
    }
    return 1
  }
}

extension RuntimeError {
  fileprivate var isUsage: Bool {
    switch self {
    case .inputCount, .input: true
    case .schedule, .evaluation, .instructionSet, .memory, .weights: false
    }
  }
}

extension ReferenceError {
  fileprivate var isUsage: Bool {
    switch problem {
    case .inputCount, .input, .batch: true
    case .operands, .divisionByZero, .index, .emptyAxis, .sum, .tooLarge, .result, .undefinedValue: false
    }
  }
}
