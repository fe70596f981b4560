import CKernels
import Tensors

/// Weights frozen to powers of two, the largest first, while the others go on learning.
///
/// Half of the weights are frozen at the start, 75 % after three tenths of the run, 87.5 % after six, all after nine.
/// Values are 0 and ±2^n2...±2^n1 with n1 = ⌊log2(4 max|w| / 3)⌋ at the start. dL/dw = g for free weights, 0 for frozen
/// ones. Before all are frozen, free weights keep their real values in the forward pass, which the codes do not have.
///
/// - Source: Zhou et al., *Incremental Network Quantization*, arXiv 1702.03044. Departures: at most 7 powers, so that
///   codes fit a byte (the paper's 5 bits have 8); the last portion is frozen before the end, not at it.
public struct IncrementalQuantizer: TrainableWeightQuantizer {
  /// Bits of the paper's code b, 2...5; there are 2^(b−2) powers of two, at most 7.
  public let bitWidth: Int

  /// - Precondition: 2 to 5 bits.
  public init(bitWidth: Int) {
    precondition((2...5).contains(bitWidth), "Incremental codes have 2 to 5 bits")
    self.bitWidth = bitWidth
  }

  private var powers: Int { min(1 << (bitWidth - 2), 7) }
  /// Shares of weights that are frozen, and the shares of the run from which on.
  private static let portions: [(share: Float, frozen: Double)] = [(0, 0.5), (0.3, 0.75), (0.6, 0.875), (0.9, 1)]
  /// Stands for a weight that is not frozen; levels go to 64.
  private static let free: Float = 127

  /// `unit` (the smallest power of two), `portion` (how many portions are frozen), `levels` (in units, 127 for free
  /// weights); none is trained.
  public func initialState(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [QuantizerState] {
    let largest = Double(LatentStatistics.largestMagnitude(latent))
    let exponent = largest > 0 && largest.isFinite ? dc_floor(dc_log2(4 * largest / 3)) : 0
    let unit = QuantizerArithmetic.usable(Float(dc_exp2(exponent - Double(powers - 1))))
    return [
      QuantizerState("unit", [unit], isTrained: false), QuantizerState("portion", [0], isTrained: false),
      QuantizerState("levels", [Float](repeating: Self.free, count: latent.count), isTrained: false),
    ]
  }

  public func forward(
    _ latent: UnsafeBufferPointer<Float>, channels: Int, state: inout [QuantizerState],
    progress: QuantizationProgress, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let portion = Self.portions.count { $0.share <= progress.share }
    if progress.updatesState && Float(portion) > state[1].values[0] && portion > 0 {
      freeze(Self.portions[portion - 1].frozen, latent, unit: state[0].values[0], levels: &state[2].values)
      state[1].values[0] = Float(portion)
    }
    let unit = state[0].values[0]
    state[2].values.withUnsafeBufferPointer { levels in
      for index in latent.indices {
        values[index] = levels[index] == Self.free ? latent[index] : levels[index] * unit
      }
    }
  }

  public func backward(
    _ gradient: UnsafeMutableBufferPointer<Float>, latent: UnsafeBufferPointer<Float>, channels: Int,
    state: [QuantizerState], progress: QuantizationProgress
  ) -> [[Float]] {
    state[2].values.withUnsafeBufferPointer { levels in
      for index in latent.indices where levels[index] != Self.free { gradient[index] = 0 }
    }
    return state.map { [Float](repeating: 0, count: $0.values.count) }
  }

  public func coded(
    _ latent: Tensor<Float>, state: [QuantizerState], progress: QuantizationProgress
  ) throws(QuantizationError) -> CodedTensor {
    try latent.requireFinite()
    let table = self.table(state[0].values[0])
    var codes = latent.scalars.withUnsafeBufferPointer { table.codes($0) }
    for (index, level) in state[2].values.enumerated() where level != Self.free { codes[index] = Int8(level) }
    let encoding = AffineEncoding(scale: table.unit, bitWidth: 8, isSigned: true)
    return CodedTensor(codes: Tensor(shape: latent.shape, scalars: codes), encoding: .affine(encoding))
  }

  /// Freezes the largest of the free weights, until their share is reached.
  private func freeze(
    _ share: Double, _ latent: UnsafeBufferPointer<Float>, unit: Float, levels: inout [Float]
  ) {
    guard latent.count > 0 else { return }
    let magnitudes = zip(levels, latent).map { $0 == Self.free ? $1.magnitude : .infinity }
    let rank = min(max(Int((share * Double(latent.count)).rounded()), 1), latent.count)
    let least = magnitudes.withUnsafeBufferPointer { LatentStatistics.magnitude(ofRank: rank, in: $0) }
    let table = self.table(unit)
    table.forEachInterval(latent) { index, interval in
      if magnitudes[index] >= least && levels[index] == Self.free { levels[index] = table.levels[interval] }
    }
  }

  /// Bounds are half the smallest power, and 3/4 of the others.
  private func table(_ unit: Float) -> LevelTable {
    let powers = (0..<powers).map { Float(1 << $0) }
    let bounds = powers.map { ($0 == 1 ? 0.5 : 0.75 * $0) * unit }
    return LevelTable(
      thresholds: LevelTable.bounds(negative: bounds, positive: bounds),
      levels: powers.reversed().map { -$0 } + [0] + powers,
      unit: unit)
  }
}
