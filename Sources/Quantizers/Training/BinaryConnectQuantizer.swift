import Tensors

/// Weights −1 and +1: the sign of a latent weight in −1...1.
///
/// dL/dw = g; the optimizer clips latent weights to −1...1.
///
/// - Source: Courbariaux, Bengio, David, *BinaryConnect*, arXiv 1511.00363, the deterministic form.
public struct BinaryConnectQuantizer: TrainableWeightQuantizer {
  public init() {}

  /// None.
  public func initialState(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [QuantizerState] { [] }

  public func forward(
    _ latent: UnsafeBufferPointer<Float>, channels: Int, state: inout [QuantizerState],
    progress: QuantizationProgress, into values: UnsafeMutableBufferPointer<Float>
  ) {
    SignCoding.write(latent, scales: [1], into: values)
  }

  public func backward(
    _ gradient: UnsafeMutableBufferPointer<Float>, latent: UnsafeBufferPointer<Float>, channels: Int,
    state: [QuantizerState], progress: QuantizationProgress
  ) -> [[Float]] { [] }

  public func coded(
    _ latent: Tensor<Float>, state: [QuantizerState], progress: QuantizationProgress
  ) throws(QuantizationError) -> CodedTensor {
    try latent.requireFinite()
    return SignCoding.coded(latent, scales: [1], axis: nil)
  }

  public var latentRange: ClosedRange<Float>? { -1...1 }
}
