import CKernels
import Tensors

/// Evenly spaced weights whose step is trained, one step for the tensor.
///
/// value = s · round(clamp(w / s, −Qn, Qp)). Backwards dL/dw = g strictly between the ends, 0 elsewhere;
/// dL/ds = Σ g·(round(w/s) − w/s) between, −Qn·g and Qp·g beyond, all times 1/√(N·Qp).
///
/// - Source: Esser et al., *Learned Step Size Quantization*, arXiv 1902.08153. Departure: the step starts no wider than
///   the largest weight needs, which matters from about 5 bits on.
public struct LearnedStepQuantizer: TrainableWeightQuantizer {
  /// Bits of one code, 2...8.
  public let bitWidth: Int
  /// Whether the code −2^(b−1) is used too, as in the paper.
  public let usesFullRange: Bool

  /// - Precondition: 2 to 8 bits.
  public init(bitWidth: Int, usesFullRange: Bool = true) {
    precondition((2...8).contains(bitWidth), "A learned step has codes of 2 to 8 bits")
    self.bitWidth = bitWidth
    self.usesFullRange = usesFullRange
  }

  private var highest: Float { Float((Int32(1) << Int32(bitWidth - 1)) - 1) }
  private var lowest: Float { usesFullRange ? -highest - 1 : -highest }

  /// `step`, trained: 2 · mean|w| / √Qp, at most max|w| / Qp.
  public func initialState(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [QuantizerState] {
    let step = min(
      2 * LatentStatistics.meanMagnitude(latent) / dc_sqrt(Double(highest)),
      Double(LatentStatistics.largestMagnitude(latent) / highest))
    return [QuantizerState("step", [step > 0 ? QuantizerArithmetic.usable(Float(step)) : 1], isTrained: true)]
  }

  public func forward(
    _ latent: UnsafeBufferPointer<Float>, channels: Int, state: inout [QuantizerState],
    progress: QuantizationProgress, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let step = QuantizerArithmetic.usable(state[0].values[0])
    let (lowest, highest) = (lowest, highest)
    for index in latent.indices {
      values[index] =
        QuantizerArithmetic.nearest(QuantizerArithmetic.clamp(latent[index] / step, lowest, highest)) * step
    }
  }

  public func backward(
    _ gradient: UnsafeMutableBufferPointer<Float>, latent: UnsafeBufferPointer<Float>, channels: Int,
    state: [QuantizerState], progress: QuantizationProgress
  ) -> [[Float]] {
    let step = QuantizerArithmetic.usable(state[0].values[0])
    let (lowest, highest) = (lowest, highest)
    var sum = 0.0
    for index in latent.indices {
      let (x, g) = (latent[index] / step, gradient[index])
      let clamped = QuantizerArithmetic.clamp(x, lowest, highest)
      let isInside = x > lowest && x < highest
      sum += Double(g * (QuantizerArithmetic.nearest(clamped) - (isInside ? x : 0)))
      gradient[index] = isInside ? g : 0
    }
    return [[Float(sum / dc_sqrt(Double(max(latent.count, 1)) * Double(highest)))]]
  }

  public func coded(
    _ latent: Tensor<Float>, state: [QuantizerState], progress: QuantizationProgress
  ) throws(QuantizationError) -> CodedTensor {
    try latent.requireFinite()
    let step = QuantizerArithmetic.usable(state[0].values[0])
    let codes = latent.map {
      Int8(QuantizerArithmetic.nearest(QuantizerArithmetic.clamp($0 / step, lowest, highest)))
    }
    return CodedTensor(
      codes: codes, encoding: .affine(AffineEncoding(scale: step, bitWidth: bitWidth, isSigned: true)))
  }
}
