import Tensors

/// A rule that replaces real weights by codes from a small alphabet.
public protocol Quantizer: Sendable {
  /// Returns the codes and the encoding that stand for `latent`.
  ///
  /// - Parameter latent: real weights, output channel first (`[M, C, KH, KW]`, `[M, K]`), dimensionless.
  /// - Returns: codes of the same shape; every scale is finite and positive.
  /// - Throws: `QuantizationError` at the first NaN or infinity, and when the channel axis does not exist.
  func quantize(_ latent: Tensor<Float>) throws(QuantizationError) -> CodedTensor
}
