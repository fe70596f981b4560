import Tensors

/// Weights in an odd number of clusters with bounds by nested means and a trained scale for each.
///
/// On each side of 0 the first bound is the mean of that side, the next the mean of what lies beyond it, and so on; up to
/// the first bound a weight stands for 0. dL/dw = g, dL/dscale = ± Σ g over the cluster. Scales are used as whole
/// multiples of a 127th of the largest.
///
/// - Source: Schindler et al., *N-Ary Quantization for CNN Model Compression and Inference Acceleration*, 2018, for
///   trained scales and nested means; which half is divided again, and symmetry of the count, are chosen here.
public struct NestedMeansQuantizer: TrainableWeightQuantizer {
  /// Clusters on each side of 0, 1...4.
  public let clusters: Int

  /// - Precondition: 3, 5, 7 or 9 levels.
  public init(levels: Int) {
    precondition([3, 5, 7, 9].contains(levels), "There are 3, 5, 7 or 9 levels")
    clusters = levels / 2
  }

  /// `positiveScales` and `negativeScales`, innermost first, trained: the clusters' mean magnitudes.
  public func initialState(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [QuantizerState] {
    let table = LevelTable(thresholds: bounds(latent), levels: [], unit: 1)
    var sums = [Double](repeating: 0, count: 2 * clusters + 1)
    var counts = sums
    table.forEachInterval(latent) { index, interval in
      sums[interval] += Double(latent[index].magnitude)
      counts[interval] += 1
    }
    let mean = LatentStatistics.meanMagnitude(latent)
    let means = zip(sums, counts).map { sum, count in
      let mean = count > 0 ? sum / count : mean
      return mean > 0 ? QuantizerArithmetic.usable(Float(mean)) : 1
    }
    return [
      QuantizerState("positiveScales", Array(means[(clusters + 1)...]), isTrained: true),
      QuantizerState("negativeScales", means[..<clusters].reversed(), isTrained: true),
    ]
  }

  public func forward(
    _ latent: UnsafeBufferPointer<Float>, channels: Int, state: inout [QuantizerState],
    progress: QuantizationProgress, into values: UnsafeMutableBufferPointer<Float>
  ) {
    table(latent, state).write(latent, into: values)
  }

  public func backward(
    _ gradient: UnsafeMutableBufferPointer<Float>, latent: UnsafeBufferPointer<Float>, channels: Int,
    state: [QuantizerState], progress: QuantizationProgress
  ) -> [[Float]] {
    var sums = [Double](repeating: 0, count: 2 * clusters + 1)
    table(latent, state).forEachInterval(latent) { index, interval in sums[interval] += Double(gradient[index]) }
    return [sums[(clusters + 1)...].map { Float($0) }, sums[..<clusters].reversed().map { Float(-$0) }]
  }

  public func coded(
    _ latent: Tensor<Float>, state: [QuantizerState], progress: QuantizationProgress
  ) throws(QuantizationError) -> CodedTensor {
    try latent.requireFinite()
    let (codes, unit) = latent.scalars.withUnsafeBufferPointer {
      let table = self.table($0, state)
      return (table.codes($0), table.unit)
    }
    let encoding = AffineEncoding(scale: unit, bitWidth: 8, isSigned: true)
    return CodedTensor(codes: Tensor(shape: latent.shape, scalars: codes), encoding: .affine(encoding))
  }

  private func table(_ latent: UnsafeBufferPointer<Float>, _ state: [QuantizerState]) -> LevelTable {
    let positive = state[0].values.map { QuantizerArithmetic.usable($0) }
    let negative = state[1].values.map { QuantizerArithmetic.usable($0) }
    return LevelTable(thresholds: bounds(latent), reals: negative.reversed().map { -$0 } + [0] + positive)
  }

  /// Nested means on both sides, ascending.
  private func bounds(_ latent: UnsafeBufferPointer<Float>) -> [Float] {
    var positive: [Float] = []
    var negative: [Float] = []
    for _ in 0..<clusters {
      let (low, high) = (-(negative.last ?? 0), positive.last ?? 0)
      var sums = (positive: 0.0, negative: 0.0)
      var counts = (positive: 0.0, negative: 0.0)
      for w in latent {
        sums.positive += w > high ? Double(w) : 0
        counts.positive += w > high ? 1 : 0
        sums.negative -= w < low ? Double(w) : 0
        counts.negative += w < low ? 1 : 0
      }
      positive.append(counts.positive > 0 ? Float(sums.positive / counts.positive) : high)
      negative.append(counts.negative > 0 ? Float(sums.negative / counts.negative) : -low)
    }
    return LevelTable.bounds(negative: negative, positive: positive)
  }
}
