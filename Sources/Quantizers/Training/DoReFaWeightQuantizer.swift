import CKernels
import Tensors

/// Weights squeezed by tanh into −1...1 and rounded to 2^k evenly spaced values, the ends among them.
///
/// value = 2 · round((2^k − 1)(tanh w / 2m + 1/2)) / (2^k − 1) − 1 with m = max|tanh w|; dL/dw = g · (1 − tanh²w) / m,
/// m taken as constant. There is no 0 among the values: they are odd multiples of 1 / (2^k − 1), stored as odd codes of
/// k + 1 bits. For one bit see `BinaryWeightQuantizer`.
///
/// - Source: Zhou et al., *DoReFa-Net*, arXiv 1606.06160, section 2.3. Departure: with 8 bits the odd codes do not fit a
///   byte, and the 255 multiples of 1/127 are used.
public struct DoReFaWeightQuantizer: TrainableWeightQuantizer {
  /// k, 2...8.
  public let bitWidth: Int

  /// - Precondition: 2 to 8 bits.
  public init(bitWidth: Int) {
    precondition((2...8).contains(bitWidth), "Codes have 2 to 8 bits; one bit is BinaryWeightQuantizer")
    self.bitWidth = bitWidth
  }

  /// 2^k − 1, or 127 with 8 bits.
  private var highest: Float { bitWidth == 8 ? 127 : Float((Int32(1) << Int32(bitWidth)) - 1) }

  /// None.
  public func initialState(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [QuantizerState] { [] }

  public func forward(
    _ latent: UnsafeBufferPointer<Float>, channels: Int, state: inout [QuantizerState],
    progress: QuantizationProgress, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let (scale, largest) = (1 / highest, Self.largestTangent(latent))
    for index in latent.indices { values[index] = level(latent[index], largest) * scale }
  }

  public func backward(
    _ gradient: UnsafeMutableBufferPointer<Float>, latent: UnsafeBufferPointer<Float>, channels: Int,
    state: [QuantizerState], progress: QuantizationProgress
  ) -> [[Float]] {
    let largest = Self.largestTangent(latent)
    for index in latent.indices {
      let tangent = dc_tanhf(latent[index])
      gradient[index] *= (1 - tangent * tangent) / largest
    }
    return []
  }

  public func coded(
    _ latent: Tensor<Float>, state: [QuantizerState], progress: QuantizationProgress
  ) throws(QuantizationError) -> CodedTensor {
    try latent.requireFinite()
    let largest = latent.scalars.withUnsafeBufferPointer { Self.largestTangent($0) }
    let encoding = AffineEncoding(scale: 1 / highest, bitWidth: min(bitWidth + 1, 8), isSigned: true)
    return CodedTensor(codes: latent.map { Int8(level($0, largest)) }, encoding: .affine(encoding))
  }

  /// The whole number that stands for w, in units of 1 / highest.
  @inline(__always)
  private func level(_ w: Float, _ largest: Float) -> Float {
    let x = QuantizerArithmetic.clamp(dc_tanhf(w) / largest, -1, 1)
    if bitWidth == 8 { return QuantizerArithmetic.nearest(x * highest) }
    return 2 * QuantizerArithmetic.nearest((x * 0.5 + 0.5) * highest) - highest
  }

  /// max|tanh w|; 1 when all weights are 0.
  private static func largestTangent(_ latent: UnsafeBufferPointer<Float>) -> Float {
    let largest = dc_tanhf(LatentStatistics.largestMagnitude(latent))
    return largest > 0 ? largest : 1
  }
}
