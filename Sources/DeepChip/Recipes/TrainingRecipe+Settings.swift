import Datasets
import Graphs
import ModelFormat
import Networks
import Tensors
import Training

extension TrainingRecipe {
  /// What `Trainer` takes of it, for so many training items.
  ///
  /// - Parameters:
  ///   - itemCount: training items, which decide the steps of an epoch.
  ///   - masks: whether weights are thinned by masks, not by the thresholds of quantizers.
  /// Quantization, the teacher's file and a density by bytes are not part of it.
  public func settings(itemCount: Int, masks: Bool = false) -> Recipe {
    let stepsPerEpoch = itemCount / max(batchSize, 1)
    return Recipe(
      batchSize: batchSize, epochs: epochs, optimizer: optimizer.optimizer,
      schedule: LearningRateSchedule(
        peak: Float(learningRate.peak), shape: learningRate.schedule.shape,
        warmUpSteps: Int((learningRate.warmUpEpochs * Double(stepsPerEpoch)).rounded())),
      weightDecay: Float(weightDecay.rate), decayExclusions: weightDecay.exclusions,
      labelSmoothing: Float(labelSmoothing), largestGradientNorm: largestGradientNorm.map { Float($0) },
      augmentation: augmentation?.augmentation(normalization), mixup: mixup.map { Mixup(alpha: Float($0)) },
      dropout: dropout.map { Training.Dropout(share: Float($0.share), layers: $0.layers) },
      density: density.flatMap {
        $0.byteCount != nil
          ? nil
          : Training.DensitySchedule(
            from: Float(max($0.initialShare(masks: masks), $0.target)), to: Float($0.target), start: Float($0.from),
            end: Float($0.to), form: masks ? .masking : .regrowing, scope: $0.scope.scope)
      },
      distillation: distillation.map {
        Training.Distillation(temperature: Float($0.temperature), share: Float($0.mixing))
      },
      averaging: movingAverage.map { Float($0) }, precision: precision, seed: seed)
  }

  /// What the packed file says about its inputs; a size of pictures as far as that can say it, for squares.
  public var preprocessing: Preprocessing {
    let side = pictureSize.flatMap { $0.allSatisfy { $0 == pictureSize?[0] } ? $0[0] : nil }
    return Preprocessing(
      scale: Float(normalization.scale), mean: normalization.mean.map { Float($0) },
      std: normalization.std.map { Float($0) }, resize: side)
  }
}

extension TrainingRecipe.NetworkChoice {
  /// The network with fresh weights.
  public func graph(seed: UInt64) throws(NetworkError) -> Graph {
    // Extents in a recipe are positive and few, so their product fits.
    try Networks.named(name, classes: classes, input: input.map { Shape($0) }, activation: activation, seed: seed)
  }
}

extension TrainingRecipe.OptimizerChoice {
  var optimizer: Optimizer {
    switch self {
    case .sgd(let momentum, let nesterov): .sgd(momentum: Float(momentum), nesterov: nesterov)
    case .adamW(let beta1, let beta2, let epsilon):
      .adamW(beta1: Float(beta1), beta2: Float(beta2), epsilon: Float(epsilon))
    }
  }
}

extension TrainingRecipe.LearningRate.Schedule {
  var shape: LearningRateSchedule.Shape {
    switch self {
    case .constant: .constant
    case .cosine: .cosine
    case .steps(let places, let factor): .steps(at: places.map { Float($0) }, factor: Float(factor))
    case .oneCycle(let rise): .oneCycle(rise: Float(rise))
    }
  }
}

extension TrainingRecipe.DensitySchedule {
  /// The density at `from`.
  func initialShare(masks: Bool) -> Double { initial ?? (masks ? Self.initialWithMasks : Self.initialWithZeros) }
}

extension TrainingRecipe.DensitySchedule.Scope {
  var scope: Training.DensitySchedule.Scope {
    switch self {
    case .layer: .layer
    case .global: .network
    case .erdosRenyiKernel(let ceiling): .byShape(ErdosRenyiKernel(ceiling: Float(ceiling)))
    }
  }
}

extension TrainingRecipe.AugmentationChoice {
  /// In units of the network's input.
  func augmentation(_ normalization: TrainingRecipe.Normalization) -> Augmentation {
    var light: LightChange?
    if brightness > 0 || contrast != nil {
      let (scale, mean, std) = (normalization.scale, normalization.mean, normalization.std)
      func input(_ pixel: Double) -> [Float] {
        (0..<max(mean.count, std.count)).map { channel in
          let (mean, std) = (mean[mean.count == 1 ? 0 : channel], std[std.count == 1 ? 0 : channel])
          return Float((pixel * scale - mean) / std)
        }
      }
      light = LightChange(
        brightness: std.map { Float(brightness * scale / $0) },
        contrast: contrast.map { Float($0.lowerBound)...Float($0.upperBound) } ?? 1...1, lower: input(0),
        upper: input(255))
    }
    return Augmentation(
      padding: padding, flips: flips, light: light, scales: scales.map { Float($0.lowerBound)...Float($0.upperBound) })
  }
}
