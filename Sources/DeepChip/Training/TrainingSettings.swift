import Training

/// The numbers of a run.
public struct TrainingSettings: Codable, Equatable, Sendable {
  public var epochs = 20
  public var batchSize = 64
  public var learningRate: Float = 0.05
  public var weightDecay: Float = 5e-4
  public var labelSmoothing: Float = 0
  public var padding = 0
  public var flips = false
  public var seed: UInt64 = 1

  public init() {}

  var recipe: Recipe {
    Recipe(
      batchSize: batchSize, epochs: epochs,
      schedule: LearningRateSchedule(peak: learningRate, shape: .oneCycle(rise: 0.3)), weightDecay: weightDecay,
      labelSmoothing: labelSmoothing,
      augmentation: padding > 0 || flips ? Augmentation(padding: padding, flips: flips) : nil, seed: seed)
  }
}
