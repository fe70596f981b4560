/// The fraction q/p closest to a ratio, with small terms.
enum RationalApproximation {
  /// Returns p and q in `1...limit` with q/p closest to `ratio`, relative to it; the smallest such p.
  ///
  /// - Parameter ratio: positive and finite.
  /// - Complexity: O(*limit*).
  static func closest(to ratio: Double, limit: Int32) -> (p: Int32, q: Int32) {
    var best = (p: Int32(1), q: Int32(1))
    var bestError = Double.infinity
    for p in 1...max(limit, 1) {
      let exact = (ratio * Double(p)).rounded()
      let q = Int32(min(max(exact, 1), Double(limit)))
      // Symmetric in p and q: 2 for 1 is as wrong as 1 for 2.
      let found = Double(q) / Double(p)
      let error = max(found / ratio, ratio / found) - 1
      if error < bestError - 1e-12 { (best, bestError) = ((p, q), error) }
    }
    return best
  }
}
