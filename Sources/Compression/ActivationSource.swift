import Graphs
import Tensors

/// Something that runs a real graph over sample inputs and shows the values inside.
///
/// Calibration goes over the samples more than once, and never needs all of them in memory. The caller says how graphs
/// run, so this stage needs no runtime:
///
///     let source = ActivationSource { graph, values, observe in
///       for batch in batches {
///         for (value, tensor) in try evaluate(graph, batch, values) { try observe(value, tensor) }
///       }
///     }
public struct ActivationSource {
  /// Takes one float32 value of one batch.
  public typealias Observer = (ValueID, Tensor<Float>) throws -> Void

  /// Runs a graph once over all samples and shows each of `values`, for every batch.
  ///
  /// Values may be inputs of the graph or results of its nodes, in ascending order.
  public var run: (_ graph: Graph, _ values: [ValueID], _ observer: Observer) throws -> Void

  public init(run: @escaping (_ graph: Graph, _ values: [ValueID], _ observer: Observer) throws -> Void) {
    self.run = run
  }
}
