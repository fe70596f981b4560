import Tensors

/// Shares of a number of weights for layers of different shapes: small layers stay dense, large ones thin out.
///
/// The density of a layer is proportional to the sum of its filters' extents over their product, for a convolution
/// (M + C + KH + KW) / (M · C · KH · KW), for a dense layer (M + C) / (M · C), and at most a ceiling. What a layer at its ceiling
/// cannot take is shared by the others in the same proportions.
///
///     ErdosRenyiKernel(ceiling: 1).keptCounts([[16, 16, 3, 3], [64, 64, 3, 3]], density: 0.1)    // [865, 3052]
///
/// - Source: Evci et al., *Rigging the Lottery: Making All Tickets Winners*, arXiv 1911.11134, section 3; for dense layers
///   Mocanu et al., arXiv 1707.04780. Departure: the ceiling, which the paper has at 1.
public struct ErdosRenyiKernel: Sendable, Hashable {
  /// The largest density of a layer, above 0 and at most 1; below the density of all layers together it does not count.
  public var ceiling: Float

  public init(ceiling: Float = 1) { self.ceiling = ceiling }

  var isUsable: Bool { ceiling > 0 && ceiling <= 1 }

  /// How many weights each layer keeps.
  ///
  /// - Parameters:
  ///   - shapes: of filters `[M, C, ...]`, C by group; at least one element each.
  ///   - density: of all layers together, in 0...1.
  /// - Returns: whole numbers next to the exact shares, which add up to `density` of all weights, rounded; a layer whose share
  ///   would be 0 keeps one weight more, since a layer without any passes nothing on.
  public func keptCounts(_ shapes: [Shape], density: Float) -> [Int] {
    precondition((0...1).contains(density) && isUsable, "A density lies in 0...1, a ceiling above 0")
    let counts = shapes.map(\.elementCount)
    let total = Int((Double(density) * Double(counts.reduce(0, +))).rounded())
    guard total > 0 else { return counts.map { _ in 0 } }
    return rounded(shares(shapes, counts, density: Double(density)), to: total).map { max($0, 1) }
  }

  /// Exact shares, which add up to `density` of all weights.
  private func shares(_ shapes: [Shape], _ counts: [Int], density: Double) -> [Double] {
    let highest = max(Double(ceiling), density)
    // A share in proportion is a factor times the sum of extents: the product cancels.
    let weights = shapes.map { Double($0.dimensions.reduce(0, +)) }
    let limits = counts.map { highest * Double($0) }
    var isFull = [Bool](repeating: false, count: counts.count)
    while true {
      let open = counts.indices.filter { !isFull[$0] }
      let full = counts.indices.filter { isFull[$0] }.reduce(0.0) { $0 + limits[$1] }
      let left = density * Double(counts.reduce(0, +)) - full
      let factor = max(left, 0) / open.reduce(0.0) { $0 + weights[$1] }
      let over = open.filter { factor * weights[$0] >= limits[$0] }
      if over.isEmpty || over.count == open.count {
        return counts.indices.map { isFull[$0] || !over.isEmpty ? limits[$0] : factor * weights[$0] }
      }
      for index in over { isFull[index] = true }
    }
  }

  /// Rounds down, and up where most is lost, until the sum is `total`; of equal losses the first.
  private func rounded(_ shares: [Double], to total: Int) -> [Int] {
    var counts = shares.map { Int($0) }
    let losses = shares.indices.sorted {
      let (first, second) = (shares[$0] - Double(counts[$0]), shares[$1] - Double(counts[$1]))
      return first == second ? $0 < $1 : first > second
    }
    for index in losses.prefix(max(total - counts.reduce(0, +), 0)) { counts[index] += 1 }
    return counts
  }
}
