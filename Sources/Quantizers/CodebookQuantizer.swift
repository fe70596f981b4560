import Tensors

/// Codes of 8 bits of which a tensor has only a few different ones: weights share values.
///
/// The weights are coded symmetrically in 8 bits; then the codes are replaced by at most `levelCount` of them, those with the
/// least squared error of the real weights (k-means in one dimension, solved exactly); last, each scale is the one with the least
/// squared error for its codes. Zero is always a level, and the level of zero, so pruned weights stay pruned.
///
/// What runs are codes of 8 bits as any others. In a file the codebook code takes the levels once, and then at most
/// log2(`levelCount`) bits a weight.
///
///     let coded = try CodebookQuantizer(levelCount: 16).quantize(weights)
///     Set(coded.codes.scalars).count    // at most 16
///
/// - Source: S. Han et al., *Deep Compression*, arXiv 1510.00149, section 3. Departures: levels are integers of 8 bits; the
///   clusters are the best there are, by dynamic programming (H. Wang, M. Song, *Ckmeans.1d.dp*, The R Journal 3/2, 2011), not
///   those that iteration from evenly spaced ones finds.
public struct CodebookQuantizer: Quantizer {
  /// Different codes of a tensor at most, 2...255, zero among them.
  public var levelCount: Int
  /// Which weights share a scale; the levels are the tensor's.
  public var granularity: Granularity

  /// - Precondition: 2 to 255 levels.
  public init(levelCount: Int = 16, granularity: Granularity = .perOutputChannel) {
    precondition((2...255).contains(levelCount), "A codebook has 2 to 255 levels")
    self.levelCount = levelCount
    self.granularity = granularity
  }

  /// Codes each weight by the level of its cluster.
  ///
  /// - Complexity: O(*n*) and 65,025 · `levelCount`.
  public func quantize(_ latent: Tensor<Float>) throws(QuantizationError) -> CodedTensor {
    let coded = try SymmetricQuantizer(bitWidth: 8, granularity: granularity).quantize(latent)
    guard case .affine(var encoding) = coded.encoding else { return coded }
    let layout = try ChannelLayout(latent.shape, axis: granularity.axis)
    var codes = coded.codes.scalars
    // What moving all weights of a code by one costs.
    var weights = [Double](repeating: 0, count: Self.valueCount)
    layout.forEach(codes.count) { channel, index in
      weights[Int(codes[index]) + Self.largest] += Double(encoding.scales[channel]) * Double(encoding.scales[channel])
    }
    let levels = Self.levels(weights, levelCount)
    for index in codes.indices { codes[index] = levels[Int(codes[index]) + Self.largest] }
    encoding.scales = scales(latent, codes, layout, encoding.scales)
    return CodedTensor(codes: Tensor(shape: latent.shape, scalars: codes), encoding: .affine(encoding))
  }

  /// The scale of each channel with the least Σ (w − scale · code)², where there is one.
  private func scales(
    _ latent: Tensor<Float>, _ codes: [Int8], _ layout: ChannelLayout, _ old: [Float]
  ) -> [Float] {
    var products = [Double](repeating: 0, count: layout.count)
    var squares = products
    layout.forEach(codes.count) { channel, index in
      products[channel] += Double(codes[index]) * Double(latent.scalars[index])
      squares[channel] += Double(codes[index]) * Double(codes[index])
    }
    return old.indices.map { channel in
      let scale = squares[channel] > 0 ? Float(products[channel] / squares[channel]) : 0
      return scale.isNormal && scale > 0 ? scale : old[channel]
    }
  }
}

// MARK: - Clusters

extension CodebookQuantizer {
  /// The largest code.
  private static let largest = 127
  private static let valueCount = 255

  /// The level of each code −127...127: at most `levelCount` levels with the least Σ weight · (code − level)².
  ///
  /// A cluster is a range of codes. `best[k][end]` is the least error of the codes below `end` in k clusters.
  static func levels(_ weights: [Double], _ levelCount: Int) -> [Int8] {
    let sums = ClusterSums(weights)
    var best = [[Double]](
      repeating: [Double](repeating: .infinity, count: valueCount + 1), count: levelCount + 1)
    var starts = [[Int]](repeating: [Int](repeating: 0, count: valueCount + 1), count: levelCount + 1)
    best[0][0] = 0
    for count in 1...levelCount {
      for end in 1...valueCount {
        for start in 0..<end where best[count - 1][start].isFinite {
          let error = best[count - 1][start] + sums.error(start..<end)
          if error < best[count][end] { (best[count][end], starts[count][end]) = (error, start) }
        }
      }
    }
    var levels = [Int8](repeating: 0, count: valueCount)
    // More clusters are never worse; of equals the fewest.
    let errors = best.map { $0[valueCount] }
    var count = errors.firstIndex(of: errors.min() ?? 0) ?? levelCount
    var end = valueCount
    while count > 0 {
      let start = starts[count][end]
      let level = sums.level(start..<end)
      for place in start..<end { levels[place] = Int8(level) }
      (count, end) = (count - 1, start)
    }
    return levels
  }

  /// Sums of weight, weight · code and weight · code² of the codes below each.
  private struct ClusterSums {
    private var weights = [0.0]
    private var firsts = [0.0]
    private var seconds = [0.0]

    init(_ weights: [Double]) {
      for (index, weight) in weights.enumerated() {
        let code = Double(index - largest)
        self.weights.append(self.weights[index] + weight)
        firsts.append(firsts[index] + weight * code)
        seconds.append(seconds[index] + weight * code * code)
      }
    }

    /// The integer next to the mean; 0 for a cluster with zero in it.
    func level(_ places: Range<Int>) -> Int {
      if places.contains(largest) { return 0 }
      let weight = weights[places.upperBound] - weights[places.lowerBound]
      guard weight > 0 else { return places.lowerBound - largest }
      let mean = (firsts[places.upperBound] - firsts[places.lowerBound]) / weight
      return Int(max(-Double(largest), min(Double(largest), mean.rounded(.toNearestOrAwayFromZero))))
    }

    func error(_ places: Range<Int>) -> Double {
      let level = Double(level(places))
      let (a, b) = (places.lowerBound, places.upperBound)
      return seconds[b] - seconds[a] - 2 * level * (firsts[b] - firsts[a]) + level * level * (weights[b] - weights[a])
    }
  }
}
