import Datasets
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
  public var kernelSelection = KernelSelection()
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
      let reals = try feeder.reals(dataset, chunk)
      let input = try feeder.encoded(reals)
      let outputs: [AnyTensor]
      switch backend {
      case .runtime:
        if executor?.schedule.batch != chunk.count {
          executor = try model.executor(
            batch: feeder.fixedBatch == nil ? chunk.count : 1, threads: threads, kernelSelection: kernelSelection)
        }
        guard let executor else { continue }
        outputs = try wrap { try executor.run([input]) }
      case .reference:
        outputs = try wrap { try GraphEvaluator(graph).outputs([input]) }
      }
      guard let output = outputs.first, let id = graph.outputs.first else {
        throw Failure(.failed, "the model has no output")
      }
      try score.add(
        output.decoded(graph.outputEncoding(id)), input: reals,
        labels: dataset.labels.map { labels in chunk.map { labels[$0] + firstClass } })
      position = end
      progress(position)
    }
    return score.outcome
  }

  private func wrap<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch { throw Failure(error) }
  }
}
