import Datasets
import Foundation
import Graphs
import Measurements
import ModelFormat
import Reference
import Runtime
import Tensors

/// Runs a model over a data set.
///
///     let evaluation = try Evaluator(model).evaluate(test) { done, total in ... }
public struct Evaluator {
  public enum Backend: String, CaseIterable, Sendable {
    /// Kernels.
    case runtime
    /// The definitions: slow.
    case reference
  }

  public let model: Model
  public var batch = 16
  public var threads = 1
  public var backend = Backend.runtime
  /// Used when the model brings no pre-processing.
  public var preprocessing = Preprocessing()
  /// Output of class 0: 1 for models that begin with a "background" class.
  public var firstClass = 0

  public init(_ model: Model) { self.model = model }

  /// What was measured, and the predicted class of every item (empty without classes).
  public struct Outcome {
    public var evaluation: Evaluation
    public var predictions: [Int]
  }

  /// - Parameters:
  ///   - dataset: gives items and labels.
  ///   - indices: items to take, in this order.
  ///   - progress: told the items done so far.
  /// - Throws: `Failure`.
  public func evaluate(
    _ dataset: Dataset, indices: [Int], progress: (Int) -> Void = { _ in }
  ) throws -> Outcome {
    let graph = backend == .runtime ? model.packed.graph : model.referenceGraph
    let feeder = try InputFeeder(graph, model.packed.preprocessing ?? preprocessing)
    var score = Score()
    var executor: Executor?
    // A model with a fixed batch is fed item by item (or as many as it wants).
    let size = feeder.fixedBatch ?? min(batch, max(indices.count, 1))
    var position = 0
    while position < indices.count {
      let end = min(position + size, indices.count)
      guard end - position == size || feeder.fixedBatch == nil else {
        throw Failure(.usage, "this model takes \(size) items at a time; give a --limit that is a multiple of it")
      }
      let chunk = Array(indices[position..<end])
      let input = try feeder.input(dataset, chunk)
      let outputs: [AnyTensor]
      switch backend {
      case .runtime:
        if executor?.schedule.batch != chunk.count {
          executor = try model.executor(batch: feeder.fixedBatch == nil ? chunk.count : 1, threads: threads)
        }
        guard let executor else { continue }
        outputs = try wrap { try executor.run([input]) }
      case .reference:
        outputs = try wrap { try GraphEvaluator(graph).outputs([input]) }
      }
      guard let output = outputs.first else { throw Failure(.failed, "the model has no output") }
      try score.add(output, input: input, labels: dataset.labels.map { labels in chunk.map { labels[$0] + firstClass } })
      position = end
      progress(position)
    }
    return score.outcome
  }

  private func wrap<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch { throw Failure(error) }
  }
}

/// Turns items of a data set into a model's only input, in the element type it wants.
public struct InputFeeder {
  let preprocessor: Preprocessor
  /// Items per run if the model fixes it.
  public let fixedBatch: Int?
  private let elementType: ElementType
  private let encoding: AffineEncoding?

  /// - Throws: `Failure` for a model with several inputs, or pre-processing that does not fit it.
  public init(_ graph: Graph, _ preprocessing: Preprocessing) throws {
    guard graph.inputs.count == 1, let id = graph.inputs.first else {
      throw Failure(.usage, "this model has \(graph.inputs.count) inputs; data sets feed models with one. Use 'run'.")
    }
    let type = graph[id].type
    guard let shape = try? type.shape(batch: 1) else { throw Failure(.badFile, "the model's input is too large") }
    do {
      preprocessor = try Preprocessor(preprocessing, inputShape: shape)
    } catch {
      throw Failure(error)
    }
    fixedBatch = type.dimensions.first.flatMap { $0.fixedExtent }
    elementType = type.elementType
    encoding = graph.inputEncoding(id)
  }

  /// Items as the input tensor; codes are made with the encoding that the model declares for them.
  public func input(_ dataset: Dataset, _ indices: [Int]) throws -> AnyTensor {
    let reals: Tensor<Float>
    do { reals = try preprocessor.batch(dataset, indices) } catch { throw Failure(error) }
    switch elementType {
    case .float32: return .float32(reals)
    case .uint8, .int8:
      guard let encoding else { throw Failure(.badFile, "the model's input codes have no encoding") }
      do throws(ReferenceError) {
        return try Reference.evaluate(.quantize(encoding, elementType), [.tensor(.float32(reals))])
      } catch { throw Failure(error) }
    case .int16, .int32, .int64, .bool:
      throw Failure(.usage, "the model's input is \(elementType); data sets feed float32, uint8 or int8")
    }
  }
}

extension Graph {
  /// What the codes of an input mean: the encoding of the dequantization that reads it, or its own.
  func inputEncoding(_ id: ValueID) -> AffineEncoding? {
    for node in nodes where node.inputs.contains(id) {
      if case .dequantize(let encoding) = node.operator { return encoding }
    }
    if case .affine(let encoding)? = self[id].encoding { return encoding }
    return nil
  }

  /// What the codes of an output mean: the encoding of the quantization that makes it, or its own.
  func outputEncoding(_ id: ValueID) -> AffineEncoding? {
    for node in nodes where node.output == id {
      if case .quantize(let encoding, _) = node.operator { return encoding }
    }
    if case .affine(let encoding)? = self[id].encoding { return encoding }
    return nil
  }
}

/// Adds up how well outputs fit labels.
private struct Score {
  private var images = 0
  private var labeled = 0
  private var top1 = 0
  private var top5 = 0
  private var loss = 0.0
  private var squaredError = 0.0
  private var isAutoEncoder = false
  private var predictions: [Int] = []

  mutating func add(_ output: AnyTensor, input: AnyTensor, labels: [Int]?) throws {
    guard let count = input.shape.dimensions.first, count > 0 else { return }
    let values = output.doubles
    guard values.count % count == 0 else { throw Failure(.failed, "the outputs do not divide among the items") }
    images += count
    let width = values.count / count
    // Without labels, an output like the input is a reconstruction.
    if labels == nil, output.shape == input.shape {
      isAutoEncoder = true
      squaredError += zip(values, input.doubles).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      elementCount += values.count
      return
    }
    for item in 0..<count {
      addItem(values[item * width..<(item + 1) * width], labels?[item])
    }
  }

  private var elementCount = 0

  private mutating func addItem(_ row: ArraySlice<Double>, _ label: Int?) {
    guard let largest = row.max(), let best = row.firstIndex(of: largest) else { return }
    predictions.append(best - row.startIndex)
    guard let label, row.indices.contains(row.startIndex + label) else { return }
    labeled += 1
    let value = row[row.startIndex + label]
    // Ties go to the lower class, as in `firstIndex`.
    let rank = row.enumerated().count { $1 > value || ($1 == value && $0 < label) }
    top1 += rank == 0 ? 1 : 0
    top5 += rank < 5 ? 1 : 0
    let sum = row.reduce(0, +)
    if row.allSatisfy({ $0 >= 0 }) && abs(sum - 1) < 0.05 {
      loss -= log(max(value / sum, 1e-12))
    } else {
      loss += log(row.reduce(0) { $0 + exp($1 - largest) }) - (value - largest)
    }
  }

  var outcome: Evaluator.Outcome {
    var evaluation = Evaluation(images: images)
    if isAutoEncoder, elementCount > 0 { evaluation.meanSquaredError = squaredError / Double(elementCount) }
    if labeled > 0 {
      evaluation.top1Count = top1
      evaluation.top1 = Double(top1) / Double(labeled)
      evaluation.top5 = Double(top5) / Double(labeled)
      evaluation.loss = loss / Double(labeled)
    }
    return .init(evaluation: evaluation, predictions: predictions)
  }
}
