import Tensors

/// Ternary weights whose scale, or scales, are found anew in each step.
///
/// With Δ = `thresholdRatio` · mean|w|, the scale α is the mean of |w| beyond Δ; dL/dw = g. Asymmetric, each sign has the mean
/// of its own, brought to unit · p and unit · q. A density in the progress sets
/// the threshold so that it is met.
///
/// - Source: Li, Zhang, Liu, *Ternary Weight Networks*, arXiv 1605.04711. Departure: weights of exactly 0, which are
///   pruned, do not count in the mean; a scale for each sign is not in the paper.
public struct TernaryWeightNetworkQuantizer: TrainableWeightQuantizer {
  /// Half width of the dead zone, as a multiple of the mean magnitude; not negative.
  public var thresholdRatio: Float

  /// Whether each sign has a scale of its own.
  public var isAsymmetric: Bool
  public var followsDensity: Bool { true }

  public init(thresholdRatio: Float = 0.7, isAsymmetric: Bool = false) {
    precondition(thresholdRatio >= 0, "A threshold is not negative")
    self.thresholdRatio = thresholdRatio
    self.isAsymmetric = isAsymmetric
  }

  /// None.
  public func initialState(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [QuantizerState] { [] }

  public func forward(
    _ latent: UnsafeBufferPointer<Float>, channels: Int, state: inout [QuantizerState],
    progress: QuantizationProgress, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let (partition, encoding) = classes(latent, progress)
    let (above, below) = encoding.values
    partition.write(latent, positive: above, negative: below, into: values)
  }

  public func backward(
    _ gradient: UnsafeMutableBufferPointer<Float>, latent: UnsafeBufferPointer<Float>, channels: Int,
    state: [QuantizerState], progress: QuantizationProgress
  ) -> [[Float]] { [] }

  public func coded(
    _ latent: Tensor<Float>, state: [QuantizerState], progress: QuantizationProgress
  ) throws(QuantizationError) -> CodedTensor {
    try latent.requireFinite()
    let (partition, encoding) = latent.scalars.withUnsafeBufferPointer { classes($0, progress) }
    return CodedTensor(
      codes: Tensor(shape: latent.shape, scalars: partition.codes(latent.scalars)), encoding: .ternary(encoding))
  }

  private func classes(
    _ latent: UnsafeBufferPointer<Float>, _ progress: QuantizationProgress
  ) -> (partition: TernaryPartition, encoding: TernaryEncoding) {
    let threshold = Float(Double(thresholdRatio) * LatentStatistics.meanMagnitude(latent))
    let partition =
      progress.density.map { TernaryPartition(density: $0, of: latent) }
      ?? TernaryPartition(positive: threshold, negative: threshold)
    var sums = (positive: 0.0, negative: 0.0)
    var counts = (positive: 0.0, negative: 0.0)
    partition.forEachRange(latent.count) { range, positive, negative in
      for index in range {
        let w = latent[index]
        if w > positive { (sums.positive, counts.positive) = (sums.positive + Double(w), counts.positive + 1) }
        if w < -negative { (sums.negative, counts.negative) = (sums.negative - Double(w), counts.negative + 1) }
      }
    }
    let both = (sums.positive + sums.negative) / max(counts.positive + counts.negative, 1)
    let mean = both > 0 ? Float(both) : 1
    guard isAsymmetric, counts.positive > 0, counts.negative > 0 else {
      return (
        partition,
        TernaryEncoding(positiveLevel: 1, negativeLevel: 1, scales: [QuantizerArithmetic.usable(mean)], axis: nil)
      )
    }
    return (
      partition,
      TernaryEncoding(
        positiveScale: Float(sums.positive / counts.positive), negativeScale: Float(sums.negative / counts.negative))
    )
  }
}
