import Tensors

/// Weights that take the level of the interval they lie in; the levels are whole multiples of a unit.
struct LevelTable {
  /// Ascending bounds between intervals; a weight on a bound belongs to the interval below.
  var thresholds: [Float]
  /// Whole numbers −127...127, one more than thresholds.
  var levels: [Float]
  /// Real value of level 1.
  var unit: Float

  /// The levels nearest to real ones, in units of a 127th of the largest.
  ///
  /// - Parameter reals: finite; one more than thresholds.
  init(thresholds: [Float], reals: [Float]) {
    let largest = reals.reduce(0) { max($0, $1.magnitude) }
    let unit = QuantizerArithmetic.usable(largest / 127)
    self.init(
      thresholds: thresholds,
      levels: reals.map { QuantizerArithmetic.nearest(QuantizerArithmetic.clamp($0 / unit, -127, 127)) }, unit: unit)
  }

  init(thresholds: [Float], levels: [Float], unit: Float) {
    self.thresholds = thresholds
    self.levels = levels
    self.unit = unit
  }

  /// The number of the interval; 0 for NaN.
  @inline(__always)
  static func interval(_ w: Float, _ thresholds: UnsafeBufferPointer<Float>) -> Int {
    var interval = 0
    for threshold in thresholds { interval &+= w > threshold ? 1 : 0 }
    return interval
  }

  /// Calls `body` with the index of every weight and the number of its interval.
  @inline(__always)
  func forEachInterval(_ latent: UnsafeBufferPointer<Float>, _ body: (_ index: Int, _ interval: Int) -> Void) {
    thresholds.withUnsafeBufferPointer { thresholds in
      for index in latent.indices { body(index, Self.interval(latent[index], thresholds)) }
    }
  }

  /// Bounds on both sides of 0, from those of one or each side, outwards: a weight beyond a bound is strictly beyond it.
  static func bounds(negative: [Float], positive: [Float]) -> [Float] {
    // A weight on a bound belongs to the interval below, so that on the negative side the bound moves by one number.
    negative.reversed().map { (-$0).nextDown } + positive
  }

  /// Writes level · unit for every weight.
  func write(_ latent: UnsafeBufferPointer<Float>, into values: UnsafeMutableBufferPointer<Float>) {
    let reals = levels.map { $0 * unit }
    reals.withUnsafeBufferPointer { reals in
      forEachInterval(latent) { index, interval in values[index] = reals[interval] }
    }
  }

  /// The level of every weight.
  func codes(_ latent: UnsafeBufferPointer<Float>) -> [Int8] {
    let levels = levels.map { Int8($0) }
    var codes = [Int8](repeating: 0, count: latent.count)
    forEachInterval(latent) { index, interval in codes[index] = levels[interval] }
    return codes
  }
}
