import Quantizers
import Tensors

/// One weight quantizer between latent weights and a gradient, as a training loop holds it.
struct TrainingStep {
  let quantizer: any TrainableWeightQuantizer
  var latent: Tensor<Float>
  var state: [QuantizerState]
  var progress: QuantizationProgress

  init(
    _ quantizer: any TrainableWeightQuantizer, _ latent: Tensor<Float>,
    progress: QuantizationProgress = QuantizationProgress(share: 1)
  ) {
    self.quantizer = quantizer
    self.latent = latent
    self.progress = progress
    let channels = latent.shape[0]
    state = latent.scalars.withUnsafeBufferPointer { quantizer.initialState($0, channels: channels) }
  }

  /// The values of the forward pass.
  mutating func forward() -> [Float] {
    var values = [Float](repeating: .nan, count: latent.scalars.count)
    latent.scalars.withUnsafeBufferPointer { weights in
      values.withUnsafeMutableBufferPointer {
        quantizer.forward(weights, channels: latent.shape[0], state: &state, progress: progress, into: $0)
      }
    }
    return values
  }

  /// Gradients at the latent weights and of the state.
  func backward(_ upstream: [Float]) -> (latent: [Float], state: [[Float]]) {
    var gradient = upstream
    let ofState = latent.scalars.withUnsafeBufferPointer { weights in
      gradient.withUnsafeMutableBufferPointer {
        quantizer.backward($0, latent: weights, channels: latent.shape[0], state: state, progress: progress)
      }
    }
    return (gradient, ofState)
  }

  func coded() throws -> CodedTensor { try quantizer.coded(latent, state: state, progress: progress) }
}

extension TrainingStep {
  /// Of the list, with its own options.
  init(
    _ name: String, _ latent: Tensor<Float>, options: TrainableWeightQuantizerOptions = .init(),
    progress: QuantizationProgress = QuantizationProgress(share: 1)
  ) {
    let kind = TrainableWeightQuantizerKind.named(name) ?? .int8
    self.init(kind.quantizer(options), latent, progress: progress)
  }

  static let names = TrainableWeightQuantizerKind.all.map(\.name)

  /// Sums of four uniform numbers, roughly normal with a deviation of 0.1.
  static func weights(_ shape: Shape, seed: UInt64) -> Tensor<Float> {
    var generator = SplitMix64(seed: seed)
    return Tensor(
      shape: shape,
      scalars: (0..<shape.elementCount).map { _ in (0..<4).reduce(-2) { sum, _ in sum + generator.nextUnit() } * 0.17 })
  }
}
