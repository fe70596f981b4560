import Tensors

/// Ternary weights whose two scales are trained: asymmetric ternary weights.
///
/// A latent weight stands for +Wp above the threshold, −Wn below minus the threshold, 0 between. The forward pass sees the
/// scales as the chip has them, unit · p and unit · q with integers of at most 127. Backwards, with g the gradient at the
/// value, dL/dw is Wp·g, Wn·g and g in the three classes; dL/dWp = Σ g over the positive class and dL/dWn = −Σ g over
/// the negative one. A density in the progress sets the threshold so that it is met.
///
/// - Source: Zhu et al., *Trained Ternary Quantization*, arXiv 1612.01064. Departure: the gradient of Wn has the minus
///   sign that the printed formula lacks, and latent weights are not normalized.
public struct TrainedTernaryQuantizer: TrainableWeightQuantizer {
  /// The scales at the start.
  public enum InitialScales: Hashable, Sendable {
    /// The mean magnitudes of the two classes: for networks that are trained already.
    case meanMagnitudes
    /// Both 1, as in the paper.
    case one
  }

  /// The gradient at latent weights.
  public enum GradientRule: Hashable, Sendable {
    /// Times Wp, Wn or 1 by class, as in the paper.
    ///
    /// With scales far below 1, weights in the dead zone learn much faster than the others.
    case scaled
    /// As it comes.
    case straightThrough
  }

  public var threshold: TernaryThreshold
  public var initialScales: InitialScales
  public var gradientRule: GradientRule
  public var followsDensity: Bool { true }

  /// - Precondition: the ratio or the penalty lies in `0..<1`.
  public init(
    threshold: TernaryThreshold = .ratio(0.05), initialScales: InitialScales = .meanMagnitudes,
    gradientRule: GradientRule = .scaled
  ) {
    switch threshold {
    case .ratio(let share), .entropyPenalty(let share):
      precondition(share >= 0 && share < 1, "A ratio or a penalty lies in 0..<1")
    }
    self.threshold = threshold
    self.initialScales = initialScales
    self.gradientRule = gradientRule
  }

  /// `positiveScale` and `negativeScale`, both trained.
  ///
  /// Mean magnitudes are those beyond 0.05 of the largest, or beyond the ratio.
  public func initialState(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [QuantizerState] {
    var scales = (positive: Float(1), negative: Float(1))
    if initialScales == .meanMagnitudes {
      let ratio = if case .ratio(let ratio) = threshold { ratio } else { Float(0.05) }
      scales = Self.means(latent, beyond: ratio * LatentStatistics.largestMagnitude(latent))
    }
    // Without it SGD throws the scales about: measured on ResNet-20, which then learns nothing.
    let factor = 1 / Float(max(latent.count, 1)).squareRoot()
    return [
      QuantizerState("positiveScale", [scales.positive], isTrained: true, gradientFactor: factor),
      QuantizerState("negativeScale", [scales.negative], isTrained: true, gradientFactor: factor),
    ]
  }

  public func forward(
    _ latent: UnsafeBufferPointer<Float>, channels: Int, state: inout [QuantizerState],
    progress: QuantizationProgress, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let encoding = Self.encoding(state)
    let (above, below) = encoding.values
    partition(latent, encoding, progress).write(latent, positive: above, negative: below, into: values)
  }

  public func backward(
    _ gradient: UnsafeMutableBufferPointer<Float>, latent: UnsafeBufferPointer<Float>, channels: Int,
    state: [QuantizerState], progress: QuantizationProgress
  ) -> [[Float]] {
    let isScaled = gradientRule == .scaled
    let above = isScaled ? QuantizerArithmetic.usable(state[0].values[0]) : 1
    let below = isScaled ? QuantizerArithmetic.usable(state[1].values[0]) : 1
    let sums = partition(latent, Self.encoding(state), progress).pullback(
      gradient, latent, positive: above, negative: below)
    return [[Float(sums.positive)], [Float(-sums.negative)]]
  }

  public func coded(
    _ latent: Tensor<Float>, state: [QuantizerState], progress: QuantizationProgress
  ) throws(QuantizationError) -> CodedTensor {
    try latent.requireFinite()
    let encoding = Self.encoding(state)
    let codes = latent.scalars.withUnsafeBufferPointer { partition($0, encoding, progress) }.codes(latent.scalars)
    return CodedTensor(codes: Tensor(shape: latent.shape, scalars: codes), encoding: .ternary(encoding))
  }
}

extension TrainedTernaryQuantizer {
  private static func encoding(_ state: [QuantizerState]) -> TernaryEncoding {
    TernaryEncoding(positiveScale: state[0].values[0], negativeScale: state[1].values[0])
  }

  private func partition(
    _ latent: UnsafeBufferPointer<Float>, _ encoding: TernaryEncoding, _ progress: QuantizationProgress
  ) -> TernaryPartition {
    let (above, below) = encoding.values
    return threshold.partition(latent, positiveScale: above, negativeScale: -below, density: progress.density)
  }

  /// Mean magnitudes by sign; a sign without weights takes the other's, and 1 without any.
  private static func means(
    _ latent: UnsafeBufferPointer<Float>, beyond threshold: Float
  ) -> (positive: Float, negative: Float) {
    var sums = (positive: 0.0, negative: 0.0)
    var counts = (positive: 0.0, negative: 0.0)
    for w in latent {
      if w > threshold { (sums.positive, counts.positive) = (sums.positive + Double(w), counts.positive + 1) }
      if w < -threshold { (sums.negative, counts.negative) = (sums.negative - Double(w), counts.negative + 1) }
    }
    let positive = counts.positive > 0 ? Float(sums.positive / counts.positive) : nil
    let negative = counts.negative > 0 ? Float(sums.negative / counts.negative) : nil
    return (positive ?? negative ?? 1, negative ?? positive ?? 1)
  }
}

extension TernaryEncoding {
  /// p, q and the unit with the least (unit·p − positiveScale)² + (unit·q − negativeScale)².
  init(positiveScale: Float, negativeScale: Float) {
    let positive = Double(QuantizerArithmetic.usable(positiveScale))
    let negative = Double(QuantizerArithmetic.usable(negativeScale))
    let (p, q) = RationalApproximation.closest(to: negative / positive, limit: 127)
    let unit = (positive * Double(p) + negative * Double(q)) / Double(p * p + q * q)
    self.init(positiveLevel: p, negativeLevel: q, scales: [QuantizerArithmetic.usable(Float(unit))], axis: nil)
  }

  /// What +1 and −1 stand for with one scale, computed as decoding does.
  var values: (positive: Float, negative: Float) {
    (Float(positiveLevel) * scales[0], Float(-negativeLevel) * scales[0])
  }
}
