import Tensors

/// Ternary weights with one scale, found anew in each step.
///
/// With Δ = `thresholdRatio` · mean|w|, the scale α is the mean of |w| beyond Δ; dL/dw = g. A density in the progress sets
/// the threshold so that it is met.
///
/// - Source: Li, Zhang, Liu, *Ternary Weight Networks*, arXiv 1605.04711. Departure: weights of exactly 0, which are
///   pruned, do not count in the mean.
public struct TernaryWeightNetworkQuantizer: TrainableWeightQuantizer {
  /// Half width of the dead zone, as a multiple of the mean magnitude; not negative.
  public var thresholdRatio: Float

  public init(thresholdRatio: Float = 0.7) {
    precondition(thresholdRatio >= 0, "A threshold is not negative")
    self.thresholdRatio = thresholdRatio
  }

  /// None.
  public func initialState(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [QuantizerState] { [] }

  public func forward(
    _ latent: UnsafeBufferPointer<Float>, channels: Int, state: inout [QuantizerState],
    progress: QuantizationProgress, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let (partition, scale) = classes(latent, progress)
    partition.write(latent, positive: scale, negative: -scale, into: values)
  }

  public func backward(
    _ gradient: UnsafeMutableBufferPointer<Float>, latent: UnsafeBufferPointer<Float>, channels: Int,
    state: [QuantizerState], progress: QuantizationProgress
  ) -> [[Float]] { [] }

  public func coded(
    _ latent: Tensor<Float>, state: [QuantizerState], progress: QuantizationProgress
  ) throws(QuantizationError) -> CodedTensor {
    try latent.requireFinite()
    let (partition, scale) = latent.scalars.withUnsafeBufferPointer { classes($0, progress) }
    let encoding = TernaryEncoding(positiveLevel: 1, negativeLevel: 1, scales: [scale], axis: nil)
    return CodedTensor(
      codes: Tensor(shape: latent.shape, scalars: partition.codes(latent.scalars)), encoding: .ternary(encoding))
  }

  private func classes(
    _ latent: UnsafeBufferPointer<Float>, _ progress: QuantizationProgress
  ) -> (partition: TernaryPartition, scale: Float) {
    let threshold = Float(Double(thresholdRatio) * LatentStatistics.meanMagnitude(latent))
    let partition =
      progress.density.map { TernaryPartition(density: $0, of: latent) }
      ?? TernaryPartition(positive: threshold, negative: threshold)
    var sum = 0.0
    var count = 0.0
    partition.forEachRange(latent.count) { range, positive, negative in
      for index in range where latent[index] > positive || latent[index] < -negative {
        sum += Double(latent[index].magnitude)
        count += 1
      }
    }
    return (partition, count > 0 ? QuantizerArithmetic.usable(Float(sum / count)) : 1)
  }
}
