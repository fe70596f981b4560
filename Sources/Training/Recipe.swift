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
  /// Nil for items that are not mixed.
  public var mixup: Mixup?
  /// Values that are dropped in training; nil for none.
  public var dropout: Dropout?
  /// Of the products in convolutions.
  public var precision: TrainingPrecision
  /// How weights are thinned; nil leaves that to quantizers.
  public var density: DensitySchedule?
  /// How a teacher counts; nil for none.
  public var distillation: Distillation?
  /// The share that an exponential moving average of all parameters keeps in a step, in `0..<1`; nil for none.
  ///
  /// At step t it is at most (1 + t) / (10 + t), so that the average forgets the start.
  public var averaging: Float?
  /// Decides the order of the data, the augmentation, and what is dropped.
  public var seed: UInt64

  public init(
    batchSize: Int, epochs: Int, optimizer: Optimizer = .sgd(momentum: 0.9, nesterov: true),
    schedule: LearningRateSchedule, weightDecay: Float = 0,
    decayExclusions: Set<ParameterRole> = [.bias, .gamma, .beta, .quantizerScale], labelSmoothing: Float = 0,
    largestGradientNorm: Float? = nil, augmentation: Augmentation? = nil, mixup: Mixup? = nil,
    dropout: Dropout? = nil,
    density: DensitySchedule? = nil, distillation: Distillation? = nil, averaging: Float? = nil,
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
    self.mixup = mixup
    self.dropout = dropout
    self.precision = precision
    self.density = density
    self.distillation = distillation
    self.averaging = averaging
    self.seed = seed
  }
}

extension Recipe {
  /// - Throws: `.data` naming the first setting that is none.
  func check(hasTeacher: Bool) throws(TrainingError) {
    guard (0..<1).contains(labelSmoothing) else {
      throw TrainingError(.data("label smoothing of \(labelSmoothing); it lies in 0..<1"))
    }
    guard (0..<1).contains(averaging ?? 0) else {
      throw TrainingError(.data("averaging that keeps \(averaging ?? 0); it lies in 0..<1"))
    }
    guard density?.isUsable ?? true else {
      throw TrainingError(.data("a density schedule with shares outside 0...1, or an interval below 1"))
    }
    guard mixup?.isUsable ?? true else {
      throw TrainingError(.data("mixup with an alpha of \(mixup?.alpha ?? 0); it is positive"))
    }
    guard dropout?.isUsable ?? true else {
      throw TrainingError(.data("dropout of a share of \(dropout?.share ?? 0), or of a layer twice; it lies in 0..<1"))
    }
    guard let distillation else { return }
    guard distillation.isUsable else {
      throw TrainingError(.data("distillation with a temperature that is not positive, or a share outside 0...1"))
    }
    guard hasTeacher else { throw TrainingError(.data("distillation without a teacher")) }
  }
}
