import Graphs
import Tensors
import Training

/// The network that calibration observes before a network from a file is trained with quantizers.
///
/// Weights that a network was trained with in real numbers are observed as they are. The latent weights of one that was
/// trained with quantizers are no network by themselves, as its normalizations know their codes only: what the quantizers make
/// of them is observed. The loss on training items tells the two apart.
struct QuantizedStart {
  /// Of the training split.
  let items: LabeledItems
  /// Of weights alone.
  let quantization: NetworkQuantization
  /// Nil leaves densities to the quantizers.
  let schedule: Training.DensitySchedule?

  private static let batchSize = 64
  /// The most items that are asked about.
  private static let itemLimit = 512

  /// - Parameter graph: real, with the weights that `quantization` lists.
  /// - Returns: the graph, with the weights that the quantizers make where the loss is lower with these.
  /// - Throws: `TrainingError`.
  func observed(_ graph: Graph) throws -> Graph {
    let latent = try network(graph, NetworkQuantization())
    let quantized = try network(graph, quantization)
    if let schedule, let density = schedule.density(at: 0, of: 1 << 20) {
      quantized.prune(to: density, form: schedule.form, scope: schedule.scope)
    }
    let losses = (latent: try loss(latent), quantized: try loss(quantized))
    guard losses.quantized.isFinite, !(losses.latent <= losses.quantized) else { return graph }
    var result = graph
    let frozen = try quantized.frozenGraph()
    for id in quantization.weights.keys { result.constants[id] = frozen.constants[id].map { .tensor($0.tensor) } }
    return result
  }

  private func network(_ graph: Graph, _ quantization: NetworkQuantization) throws -> TrainableNetwork {
    // One thread: the ranges are part of the result.
    try TrainableNetwork(graph, quantization: quantization, capacity: Self.batchSize)
  }

  private func loss(_ network: TrainableNetwork) throws -> Double {
    try network.evaluate(items[0..<min(items.count, Self.itemLimit)], by: SoftmaxCrossEntropy()).loss
  }
}
