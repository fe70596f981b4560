import Graphs
import Quantizers

/// What of a network is quantized while it is trained, and by what.
///
///     var quantization = NetworkQuantization()
///     quantization.weights[filters] = WeightQuantization(ternary)
///     quantization.activations.append(ActivationQuantization([relu], clip, statistics))
///     let network = try TrainableNetwork(graph, quantization: quantization, capacity: 128)
///
/// Values that only move elements (maximum pooling, padding, slices, concatenation of one group) are not listed: their
/// elements are on the grid already.
public struct NetworkQuantization: Sendable {
  /// By the constant of a convolution's filters or of a dense layer's rows.
  public var weights: [ValueID: WeightQuantization]
  /// Each value at most once.
  public var activations: [ActivationQuantization]

  public init(weights: [ValueID: WeightQuantization] = [:], activations: [ActivationQuantization] = []) {
    self.weights = weights
    self.activations = activations
  }
}

/// How the weights of one layer are quantized and pruned.
///
/// Where a batch normalization alone reads the layer's result, its factors (gamma) are kept positive, at least
/// `TrainableNetwork.smallestGamma`, so that they can be folded into any codes: channels with a negative one have the sign
/// moved into their weights at the start, which changes no result.
public struct WeightQuantization: Sendable {
  /// Nil for real weights, which may be pruned all the same.
  public var quantizer: (any TrainableWeightQuantizer)?
  /// Whether a `DensitySchedule` counts and thins them.
  public var isPruned: Bool

  public init(_ quantizer: (any TrainableWeightQuantizer)?, isPruned: Bool = true) {
    self.quantizer = quantizer
    self.isPruned = isPruned
  }
}

/// Values that share one rule, usually one value.
public struct ActivationQuantization: Sendable {
  /// Results of nodes, or the network's input. A value that is only read by the clamp that is fused with it cannot be one.
  public var values: [ValueID]
  public var quantizer: any TrainableActivationQuantizer
  /// Of sample inputs.
  public var statistics: ActivationStatistics

  /// - Note: of the network's input no gradient is computed, so its rule stays as it starts, unless it follows batches.
  public init(
    _ values: [ValueID], _ quantizer: any TrainableActivationQuantizer, _ statistics: ActivationStatistics
  ) {
    self.values = values
    self.quantizer = quantizer
    self.statistics = statistics
  }
}
