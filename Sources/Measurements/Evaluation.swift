/// How well a model does on a data set.
public struct Evaluation: Codable, Hashable, Sendable {
  public var schemaVersion = 1
  /// Items looked at.
  public var images: Int
  /// Items whose highest output is the label.
  public var top1Count: Int?
  /// The same as a fraction, 0...1.
  public var top1: Double?
  /// Fraction of items whose label is among the five highest outputs.
  public var top5: Double?
  /// Mean cross-entropy in nats, outputs taken as logits unless they are probabilities.
  public var loss: Double?
  /// Mean squared difference of output and input; of auto-encoders.
  public var meanSquaredError: Double?

  public init(
    images: Int, top1Count: Int? = nil, top1: Double? = nil, top5: Double? = nil, loss: Double? = nil,
    meanSquaredError: Double? = nil
  ) {
    self.images = images
    self.top1Count = top1Count
    self.top1 = top1
    self.top5 = top5
    self.loss = loss
    self.meanSquaredError = meanSquaredError
  }
}
