/// What one epoch of training showed: a line of a run's metrics.
public struct EpochReport: Codable, Hashable, Sendable {
  /// 1 for the first.
  public var epoch: Int
  /// Steps done since the beginning of the run.
  public var step: Int
  /// Mean over the epoch's training items, before each step's update.
  public var trainingLoss: Double
  /// The same as a fraction of items whose highest output is the label, 0...1.
  public var trainingTop1: Double
  /// Of the last step.
  public var learningRate: Double
  /// Training items in a second of forward, backward and update.
  public var imagesPerSecond: Double
  /// After the epoch, on items that training does not see.
  public var evaluation: Evaluation
  /// Of the packed network's file, in runs that are steered to a size.
  public var fileByteCount: Int?
  /// Share of weights that are not zero, by layer, in the network's order.
  public var densities: [LayerValue]
  /// Scales of quantizers, by layer; empty in float training.
  public var scales: [LayerValue]

  /// A number of one layer.
  public struct LayerValue: Codable, Hashable, Sendable {
    public var layer: String
    public var value: Double

    public init(layer: String, value: Double) {
      self.layer = layer
      self.value = value
    }
  }

  public init(
    epoch: Int, step: Int, trainingLoss: Double, trainingTop1: Double, learningRate: Double, imagesPerSecond: Double,
    evaluation: Evaluation, fileByteCount: Int? = nil, densities: [LayerValue] = [], scales: [LayerValue] = []
  ) {
    self.epoch = epoch
    self.step = step
    self.trainingLoss = trainingLoss
    self.trainingTop1 = trainingTop1
    self.learningRate = learningRate
    self.imagesPerSecond = imagesPerSecond
    self.evaluation = evaluation
    self.fileByteCount = fileByteCount
    self.densities = densities
    self.scales = scales
  }
}
