/// Everything that decides a run, besides the network and the data.
public struct Recipe: Sendable, Hashable {
  public var batchSize: Int
  public var epochs: Int
  public var optimizer: Optimizer
  public var schedule: LearningRateSchedule
  public var weightDecay: Float
  /// Roles that weight decay spares.
  public var decayExclusions: Set<ParameterRole>
  /// In `0..<1`.
  public var labelSmoothing: Float
  /// The largest norm of the gradient over all parameters; longer ones are shortened to it. Nil for no limit.
  public var largestGradientNorm: Float?
  /// Nil for data as they are.
  public var augmentation: Augmentation?
  /// Of the products in convolutions.
  public var precision: TrainingPrecision
  /// Decides the order of the data and the augmentation.
  public var seed: UInt64

  public init(
    batchSize: Int, epochs: Int, optimizer: Optimizer = .sgd(momentum: 0.9, nesterov: true),
    schedule: LearningRateSchedule, weightDecay: Float = 0,
    decayExclusions: Set<ParameterRole> = [.bias, .gamma, .beta], labelSmoothing: Float = 0,
    largestGradientNorm: Float? = nil, augmentation: Augmentation? = nil,
    precision: TrainingPrecision = .float32, seed: UInt64 = 1
  ) {
    self.batchSize = batchSize
    self.epochs = epochs
    self.optimizer = optimizer
    self.schedule = schedule
    self.weightDecay = weightDecay
    self.decayExclusions = decayExclusions
    self.labelSmoothing = labelSmoothing
    self.largestGradientNorm = largestGradientNorm
    self.augmentation = augmentation
    self.precision = precision
    self.seed = seed
  }
}
