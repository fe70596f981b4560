import Tensors

/// How much of a teacher's opinion is in the loss: L = (1 − λ)·CE + λ·T²·KL(softmax(teacher / T) ‖ softmax(logits / T)).
///
/// - Source: Hinton, Vinyals, Dean, *Distilling the Knowledge in a Neural Network*, arXiv 1503.02531.
public struct Distillation: Sendable, Hashable {
  /// T, positive.
  public var temperature: Float
  /// λ, in 0...1.
  public var share: Float

  public init(temperature: Float = 4, share: Float = 0.5) {
    self.temperature = temperature
    self.share = share
  }

  var isUsable: Bool { temperature > 0 && temperature.isFinite && (0...1).contains(share) }
}

/// Logits for a batch of inputs as the student sees them, augmented: `[n, ...]` to `[n, K]`.
public typealias Teacher = (Tensor<Float>) throws -> Tensor<Float>
