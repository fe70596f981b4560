import Tensors

/// A weight quantizer in the training loop: latent real weights, the values that the forward pass uses for them, and
/// gradients that go straight through.
///
/// The laws that hold for every member of `TrainableWeightQuantizerKind.all`, which its tests check:
/// - what `coded` returns decodes to the values that `forward` writes, bit for bit;
/// - a latent 0 has the value 0 where the alphabet has a 0;
/// - quantizing is idempotent in its codes;
/// - gradients of trained state are those of finite differences where the values are differentiable.
///
/// A latent array is output channel first, `[M, ...]`, row-major.
public protocol TrainableWeightQuantizer: Sendable {
  /// The state at the start, from latent weights that may be trained already.
  ///
  /// - Parameters:
  ///   - latent: real weights, output channel first.
  ///   - channels: output channels, M.
  func initialState(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [QuantizerState]

  /// Writes the values that stand for `latent`.
  ///
  /// - Parameters:
  ///   - latent: real weights, output channel first.
  ///   - channels: output channels, M.
  ///   - state: as `initialState` gave it and training moved it; untrained entries may be updated here.
  ///   - progress: where the run is.
  ///   - values: as many as latent weights.
  func forward(
    _ latent: UnsafeBufferPointer<Float>, channels: Int, state: inout [QuantizerState],
    progress: QuantizationProgress, into values: UnsafeMutableBufferPointer<Float>)

  /// Turns the gradient at the values into that at the latent weights, in place.
  ///
  /// - Parameters:
  ///   - gradient: of the loss at the values when called, at the latent weights afterwards.
  ///   - latent: real weights, as `forward` saw them.
  ///   - channels: output channels, M.
  ///   - state: as `forward` left it.
  ///   - progress: as `forward` got it.
  /// - Returns: gradients of the state, entry by entry; zeros for untrained entries.
  func backward(
    _ gradient: UnsafeMutableBufferPointer<Float>, latent: UnsafeBufferPointer<Float>, channels: Int,
    state: [QuantizerState], progress: QuantizationProgress
  ) -> [[Float]]

  /// The codes of a frozen network; they decode to what `forward` writes.
  ///
  /// - Parameters:
  ///   - latent: real weights, output channel first.
  ///   - state: as training left it.
  ///   - progress: as `forward` got it last.
  /// - Throws: `QuantizationError` at the first NaN or infinity.
  func coded(
    _ latent: Tensor<Float>, state: [QuantizerState], progress: QuantizationProgress
  ) throws(QuantizationError) -> CodedTensor

  /// Where latent weights are kept by clipping after each step of the optimizer; nil, the default, leaves them alone.
  var latentRange: ClosedRange<Float>? { get }

  /// Whether the threshold of zeros moves with `progress.density`, so that weights may come back; false, the default, for
  /// those that are pruned by masks alone.
  var followsDensity: Bool { get }
}

extension TrainableWeightQuantizer {
  public var latentRange: ClosedRange<Float>? { nil }
  public var followsDensity: Bool { false }
}
