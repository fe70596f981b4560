import Tensors

/// Weights that are sums ±v1 ±v2 ... ±vK of a basis that each filter learns from its weights.
///
/// In each step every weight takes the nearest of the 2^K sums, the basis with the least squared error for that choice
/// is found, and the basis moves a tenth of the way there; dL/dw = g. The sums are used as whole multiples of a 127th of
/// the largest, so that the codes fit a byte.
///
/// - Source: Zhang et al., *LQ-Nets: Learned Quantization for Highly Accurate and Compact Deep Neural Networks*, arXiv
///   1807.10029. Departure: rounded sums; weights of exactly 0, which are pruned, do not count.
public struct LearnedBasisQuantizer: TrainableWeightQuantizer {
  /// K, 1...4.
  public let bitWidth: Int
  /// Share of the new basis in the moving average, in 0...1.
  public let momentum: Double

  /// - Precondition: 1 to 4 bits, a momentum in 0...1.
  public init(bitWidth: Int, momentum: Double = 0.1) {
    precondition((1...4).contains(bitWidth), "A learned basis has 1 to 4 vectors")
    precondition((0...1).contains(momentum), "A momentum lies in 0...1")
    self.bitWidth = bitWidth
    self.momentum = momentum
  }

  /// `basis`, K numbers for each filter, not trained: those best for normally distributed weights, after four fits.
  public func initialState(_ latent: UnsafeBufferPointer<Float>, channels: Int) -> [QuantizerState] {
    let smallest = [1, 0.62, 0.37, 0.21][bitWidth - 1]
    var bases: [Float] = []
    Self.forEachRow(latent, channels) { row, _ in
      let unit = LatentStatistics.meanMagnitude(row) * smallest
      var basis = (0..<bitWidth).map { Float(unit * Double(1 << $0)) }
      for _ in 0..<4 { fit(&basis, to: row, momentum: 1) }
      bases += basis
    }
    return [QuantizerState("basis", bases, isTrained: false)]
  }

  public func forward(
    _ latent: UnsafeBufferPointer<Float>, channels: Int, state: inout [QuantizerState],
    progress: QuantizationProgress, into values: UnsafeMutableBufferPointer<Float>
  ) {
    Self.forEachRow(latent, channels) { row, channel in
      let part = channel * bitWidth..<(channel + 1) * bitWidth
      if progress.updatesState {
        var basis = Array(state[0].values[part])
        fit(&basis, to: row, momentum: momentum)
        state[0].values.replaceSubrange(part, with: basis)
      }
      table(state[0].values[part]).write(
        row, into: UnsafeMutableBufferPointer(rebasing: values[channel * row.count..<(channel + 1) * row.count]))
    }
  }

  public func backward(
    _ gradient: UnsafeMutableBufferPointer<Float>, latent: UnsafeBufferPointer<Float>, channels: Int,
    state: [QuantizerState], progress: QuantizationProgress
  ) -> [[Float]] { [[Float](repeating: 0, count: state[0].values.count)] }

  public func coded(
    _ latent: Tensor<Float>, state: [QuantizerState], progress: QuantizationProgress
  ) throws(QuantizationError) -> CodedTensor {
    try latent.requireFinite()
    let layout = try ChannelLayout(latent.shape, axis: 0)
    var codes: [Int8] = []
    var scales: [Float] = []
    latent.scalars.withUnsafeBufferPointer { weights in
      Self.forEachRow(weights, layout.count) { row, channel in
        let table = self.table(state[0].values[channel * bitWidth..<(channel + 1) * bitWidth])
        codes += table.codes(row)
        scales.append(table.unit)
      }
    }
    let encoding = AffineEncoding(
      scales: scales, zeroPoints: [Int32](repeating: 0, count: scales.count), axis: 0, bitWidth: 8, isSigned: true)
    return CodedTensor(codes: Tensor(shape: latent.shape, scalars: codes), encoding: .affine(encoding))
  }
}

extension LearnedBasisQuantizer {
  private static func forEachRow(
    _ latent: UnsafeBufferPointer<Float>, _ channels: Int, _ body: (UnsafeBufferPointer<Float>, Int) -> Void
  ) {
    let length = latent.count / max(channels, 1)
    for channel in 0..<channels {
      body(UnsafeBufferPointer(rebasing: latent[channel * length..<(channel + 1) * length]), channel)
    }
  }

  /// +1 or −1: the sign of a basis vector in one of the 2^K sums.
  private static func sign(_ sum: Int, _ vector: Int) -> Double { sum >> vector & 1 == 1 ? 1 : -1 }

  /// The sums in ascending order, and the signs that each is made of.
  private func sums(_ basis: some Collection<Float>) -> [(value: Float, signs: Int)] {
    (0..<1 << bitWidth).map { signs in
      (Float(zip(0..., basis).reduce(0) { $0 + Self.sign(signs, $1.0) * Double($1.1) }), signs)
    }.sorted { $0.value < $1.value }
  }

  private static func bounds(_ sorted: [Float]) -> [Float] { zip(sorted, sorted.dropFirst()).map { $0 / 2 + $1 / 2 } }

  private func table(_ basis: ArraySlice<Float>) -> LevelTable {
    var table = LevelTable(thresholds: [], reals: sums(basis).map(\.value))
    table.thresholds = Self.bounds(table.levels.map { $0 * table.unit })
    return table
  }

  /// Moves a basis towards the one with the least squared error; leaves it when the weights do not determine one.
  private func fit(_ basis: inout [Float], to row: UnsafeBufferPointer<Float>, momentum: Double) {
    let sums = self.sums(basis)
    var counts = [Double](repeating: 0, count: sums.count)
    var totals = counts
    let table = LevelTable(thresholds: Self.bounds(sums.map(\.value)), levels: [], unit: 1)
    table.forEachInterval(row) { index, interval in
      guard row[index] != 0 else { return }
      counts[interval] += 1
      totals[interval] += Double(row[index])
    }
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: bitWidth + 1), count: bitWidth)
    for (interval, sum) in sums.enumerated() {
      for a in 0..<bitWidth {
        for b in 0..<bitWidth {
          matrix[a][b] += counts[interval] * Self.sign(sum.signs, a) * Self.sign(sum.signs, b)
        }
        matrix[a][bitWidth] += totals[interval] * Self.sign(sum.signs, a)
      }
    }
    guard let solution = Self.solution(of: matrix) else { return }
    for (index, target) in solution.enumerated() {
      let moved = Float(Double(basis[index]) + momentum * (target - Double(basis[index])))
      // 2^K sums stay finite.
      if moved.magnitude < QuantizerArithmetic.largestScale { basis[index] = moved }
    }
  }

  /// Solves equations given with their right sides as last column; nil when they are (nearly) dependent.
  private static func solution(of equations: [[Double]]) -> [Double]? {
    var rows = equations
    for pivot in rows.indices {
      let best = (pivot..<rows.count).max { rows[$0][pivot].magnitude < rows[$1][pivot].magnitude } ?? pivot
      rows.swapAt(pivot, best)
      // The entries are counts: an honest pivot is not far below 1.
      guard rows[pivot][pivot].magnitude > 1e-6 else { return nil }
      for row in rows.indices where row != pivot {
        let factor = rows[row][pivot] / rows[pivot][pivot]
        for column in pivot..<rows[row].count { rows[row][column] -= factor * rows[pivot][column] }
      }
    }
    let solution = rows.indices.map { rows[$0][rows.count] / rows[$0][$0] }
    return solution.allSatisfy(\.isFinite) ? solution : nil
  }
}
