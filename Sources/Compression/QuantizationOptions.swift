import Quantizers

/// What post-training quantization may be told. The defaults were measured: Documentation/quantization.md.
public struct QuantizationOptions: Sendable {
  /// How weights are coded; 8 bits unless more is to be saved.
  public var weights: WeightQuantizerKind
  /// What the weight quantizers are told; a scale per output channel.
  public var weightOptions: WeightQuantizerOptions
  /// How the weights of the first and the last layers are coded when they are not overridden; nil for `weights`.
  ///
  /// They hold few of the weights and are the most sensitive.
  public var endWeights: WeightQuantizerKind?
  /// How the ranges of activations are chosen.
  public var calibrator: CalibratorKind
  /// Whether to even out the ranges of channels between neighboring layers first.
  public var equalizes: Bool
  /// Whether to move what the coded weights change in the mean result into the bias.
  public var correctsBias: Bool
  /// Whether to give each layer's sums the mean and variance they have in the real network, by channel; nil does so
  /// when a layer has weights of fewer than 8 bits. Takes a pass over the samples for each layer.
  public var matchesStatistics: Bool?
  /// Layers that are treated differently; later entries win.
  public var overrides: [LayerOverride]

  public init(
    weights: WeightQuantizerKind = .int8, weightOptions: WeightQuantizerOptions = .init(),
    endWeights: WeightQuantizerKind? = .int8, calibrator: CalibratorKind = .squaredError, equalizes: Bool = false,
    correctsBias: Bool = true, matchesStatistics: Bool? = nil, overrides: [LayerOverride] = []
  ) {
    self.weights = weights
    self.weightOptions = weightOptions
    self.endWeights = endWeights
    self.calibrator = calibrator
    self.equalizes = equalizes
    self.correctsBias = correctsBias
    self.matchesStatistics = matchesStatistics
    self.overrides = overrides
  }

  /// Whether all is as it is without being told.
  public var isDefault: Bool {
    let other = QuantizationOptions()
    return weights.name == other.weights.name && weightOptions == other.weightOptions
      && endWeights?.name == other.endWeights?.name && calibrator.name == other.calibrator.name
      && equalizes == other.equalizes && correctsBias == other.correctsBias
      && matchesStatistics == other.matchesStatistics && overrides == other.overrides
  }
}
