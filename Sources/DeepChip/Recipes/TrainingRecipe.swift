import Networks
import Training

/// Everything that decides a training run: what `deepchip train --recipe FILE` reads.
///
///     var recipe = try TrainingRecipe.named("resnet20-cifar10-ternary")
///     recipe.epochs = 3
///     let graph = try recipe.network.graph(seed: recipe.seed)
///     let settings = recipe.settings(itemCount: 40_000)
///
/// A recipe is a JSON file; Documentation/recipes.md lists its keys. Reading is strict: an unknown key or a value
/// outside its range is an error that names the key.
public struct TrainingRecipe: Sendable, Hashable {
  /// A sentence on what it is for.
  public var summary: String?
  public var network: NetworkChoice
  /// A kind of data set, such as `cifar10`; the folder is given when training.
  public var data: String
  /// Training items held back to choose settings by; they are not trained with.
  public var heldBackCount: Int
  /// Rows and columns that pictures are brought to before anything else; nil as they are.
  public var pictureSize: [Int]?
  public var normalization: Normalization
  public var epochs: Int
  public var batchSize: Int
  public var seed: UInt64
  /// Of the products in convolutions.
  public var precision = TrainingPrecision.float32
  public var optimizer: OptimizerChoice
  public var learningRate: LearningRate
  public var weightDecay: WeightDecay
  /// In `0..<1`.
  public var labelSmoothing: Double
  /// The longest gradient; nil for no limit.
  public var largestGradientNorm: Double?
  public var augmentation: AugmentationChoice?
  /// Both parameters of the beta distribution that the share of two mixed items is drawn from; nil for no mixing.
  ///
  /// - Source: Zhang et al., *mixup*, arXiv 1710.09412.
  public var mixup: Double?
  public var dropout: Dropout?
  /// Share of the old mean that a step keeps, for a moving average of the weights; nil for none.
  public var movingAverage: Double?
  /// Filters whose norm is below this share of the median of their layer's begin the run with fresh weights; nil for none.
  public var recycling: Double?
  public var quantization: QuantizationChoice?
  public var density: DensitySchedule?
  public var distillation: Distillation?

  /// Values that layers read as 0 at random in training.
  public struct Dropout: Sendable, Hashable {
    /// Of the values, in `0..<1`.
    public var share: Double
    /// Names of convolutions and dense layers.
    public var layers: [String]

    public init(share: Double, layers: [String]) {
      self.share = share
      self.layers = layers
    }
  }

  /// Which network, and in which form.
  public struct NetworkChoice: Sendable, Hashable {
    /// As `Networks.named` takes it.
    public var name: String
    /// Outputs; nil for the network's own number.
    public var classes: Int?
    /// Extents of an item; nil for the network's own.
    public var input: [Int]?
    /// Nil for the network's own.
    public var activation: NetworkActivation?
    /// A file with the weights to begin with, a graph of the same structure; nil for fresh ones.
    public var weights: String?

    public init(name: String) { self.name = name }
  }

  /// How bytes become numbers: `(pixel · scale − mean) / std`.
  public struct Normalization: Sendable, Hashable {
    public var scale: Double
    /// One for all channels or one for each.
    public var mean: [Double]
    public var std: [Double]

    public init(scale: Double = 1.0 / 255, mean: [Double] = [0], std: [Double] = [1]) {
      self.scale = scale
      self.mean = mean
      self.std = std
    }
  }

  public enum OptimizerChoice: Sendable, Hashable {
    case sgd(momentum: Double, nesterov: Bool)
    case adamW(beta1: Double, beta2: Double, epsilon: Double)
  }

  public struct LearningRate: Sendable, Hashable {
    public enum Schedule: Sendable, Hashable {
      case constant
      case cosine
      /// Multiplied by `factor` at each of the given shares of the run.
      case steps(at: [Double], factor: Double)
      /// Rises for the first share of the run, then falls.
      case oneCycle(rise: Double)
    }

    public var peak: Double
    public var schedule: Schedule
    /// Epochs, or parts of one, over which the rate first rises from 0.
    public var warmUpEpochs: Double

    public init(peak: Double, schedule: Schedule = .cosine, warmUpEpochs: Double = 0) {
      self.peak = peak
      self.schedule = schedule
      self.warmUpEpochs = warmUpEpochs
    }
  }

  public struct WeightDecay: Sendable, Hashable {
    public var rate: Double
    /// Parameters that it spares.
    public var exclusions: Set<ParameterRole>

    public init(rate: Double = 0, exclusions: Set<ParameterRole> = [.bias, .gamma, .beta, .quantizerScale]) {
      self.rate = rate
      self.exclusions = exclusions
    }
  }

  /// Changes of pictures; see `Augmentation`.
  public struct AugmentationChoice: Sendable, Hashable {
    public var padding = 0
    public var flips = false
    /// The largest change of brightness, in pixel values (0...255).
    public var brightness: Double = 0
    public var contrast: ClosedRange<Double>?
    public var scales: ClosedRange<Double>?

    public init() {}
  }

  /// What layers that are not named otherwise become.
  public struct QuantizationChoice: Sendable, Hashable {
    /// A weight quantizer; nil leaves weights float.
    public var weights: String?
    /// An activation quantizer; nil leaves activations float.
    public var activations: String?
    /// A weight quantizer for the first and the last weighted layer, `float` for none.
    public var firstLayer: String
    public var lastLayer: String

    public init(
      weights: String? = nil, activations: String? = nil, firstLayer: String = "int8", lastLayer: String = "int8"
    ) {
      self.weights = weights
      self.activations = activations
      self.firstLayer = firstLayer
      self.lastLayer = lastLayer
    }
  }

  /// How many weights are left, and when: cubic from 1 to `target`.
  ///
  /// - Source: Zhu, Gupta, *To Prune, or Not to Prune*, arXiv 1710.01878.
  public struct DensitySchedule: Sendable, Hashable {
    /// Share of the weights of the layers concerned, in 0...1.
    public var target: Double
    /// The most bytes of the packed file, which decides the share instead of `target`; nil for none.
    public var byteCount: Int?
    /// The share before it falls; nil for `Self.initialWithMasks` or `Self.initialWithZeros`.
    public var initial: Double?
    /// Shares of the run between which the density falls.
    public var from: Double
    public var to: Double
    public var scope: Scope

    /// Where a run begins that masks weights: all are there.
    static let initialWithMasks = 1.0
    /// Where a run begins whose quantizers find zeros by themselves: near the share of weights that are not 0 in the
    /// ternary weights with the least error, so that none of what a float network knows is lost at the start.
    static let initialWithZeros = 0.6

    /// What weights compete with.
    public enum Scope: Sendable, Hashable {
      /// Those of their layer; all layers have the same density.
      case layer
      /// Those of all layers.
      case global
      /// Those of their layer; layers have densities by their shapes, at most `ceiling`.
      case erdosRenyiKernel(ceiling: Double)
    }

    public init(
      target: Double, initial: Double? = nil, from: Double = 0, to: Double = 0.5, scope: Scope = .layer
    ) {
      self.target = target
      self.initial = initial
      self.from = from
      self.to = to
      self.scope = scope
    }
  }

  /// Learning from other networks' outputs.
  ///
  /// - Source: Hinton et al., *Distilling the Knowledge in a Neural Network*, arXiv 1503.02531.
  public struct Distillation: Sendable, Hashable {
    /// The teachers' files, asked together; none if they are to be given when training.
    public var teachers: [String]
    public var temperature: Double
    /// Share of the teachers in the loss, in 0...1.
    public var mixing: Double

    public init(teachers: [String] = [], temperature: Double = 4, mixing: Double = 0.5) {
      self.teachers = teachers
      self.temperature = temperature
      self.mixing = mixing
    }
  }

  public init(network: String, data: String, epochs: Int, batchSize: Int = 128, learningRate: LearningRate) {
    self.network = NetworkChoice(name: network)
    self.data = data
    self.epochs = epochs
    self.batchSize = batchSize
    self.learningRate = learningRate
    heldBackCount = 0
    normalization = Normalization()
    seed = 1
    optimizer = .sgd(momentum: 0.9, nesterov: true)
    weightDecay = WeightDecay()
    labelSmoothing = 0
  }
}
