import Training

/// Steers a run to a packed file of so many bytes, by the density of its inner layers.
///
/// Now and then the density is looked for at which the network, as it is then, would have such a file; the run's own density
/// falls towards it as in `DensitySchedule`, and follows it afterwards. Sizes are those of whole files, coded, so that nothing is
/// estimated. What it does follows from the network's state and the step alone: a run that is resumed does the same.
struct FileSizeControl {
  /// The most bytes that the file may have.
  var byteCount: Int
  /// The density before it falls.
  var initial: Float
  /// Shares of the run between which the density falls.
  var from: Double
  var to: Double
  var form: DensitySchedule.Form
  var scope: DensitySchedule.Scope

  /// Below it a network is not worth a file.
  static let leastDensity: Float = 0.01
  /// A file between this share of the bytes and all of them is left as it is.
  static let closeness = 0.975

  /// Whether the density is looked for before a step: twice an epoch while it falls, then once.
  func isDue(at step: Int, stepsPerEpoch: Int, stepCount: Int) -> Bool {
    guard Double(step) >= from * Double(stepCount) else { return false }
    let isFalling = Double(step) <= to * Double(stepCount)
    return step % (isFalling ? max(stepsPerEpoch / 2, 1) : stepsPerEpoch) == 0
  }

  /// The density to go to at a step, on the way to the last one: a cubic from `initial`.
  func density(at step: Int, of count: Int, towards last: Float) -> Float {
    let share = Double(step) / Double(max(count, 1))
    guard share < to else { return last }
    let left = Float(1 - max(share - from, 0) / max(to - from, 1e-9))
    return min(max(last + max(initial - last, 0) * left * left * left, 0), 1)
  }

  /// Whether a file needs no other density.
  func isClose(_ size: Int) -> Bool { size <= byteCount && Double(size) >= Self.closeness * Double(byteCount) }

  /// The density at which a file has at most so many bytes, and nearly as many; 1 where it never has more.
  ///
  /// - Parameter size: bytes of the file at a density.
  /// - Returns: nil when the file has more at `leastDensity`.
  func lastDensity(_ size: (Float) throws -> Int) rethrows -> Float? {
    // Ternary codes are the longest where two thirds are not 0.
    var high = (density: Float(2.0 / 3), size: try size(2.0 / 3))
    var low = high
    if high.size <= byteCount || form == .masking {
      // Without masks binary codes are shorter than with some.
      let whole = (density: Float(1), size: try size(1))
      if whole.size <= byteCount { return 1 }
      if high.size <= byteCount { high = whole }
    }
    if low.size > byteCount { low = (Self.leastDensity, try size(Self.leastDensity)) }
    guard low.size <= byteCount else { return nil }
    for round in 0..<24 {
      if isClose(low.size) || high.density - low.density < 1e-6 { break }
      // Along the line between both, halving now and then, as sizes are no line.
      let aim = Double(byteCount) * (1 + Self.closeness) / 2
      let share = round % 3 == 2 ? 0.5 : (aim - Double(low.size)) / Double(max(high.size - low.size, 1))
      let middle = low.density + (high.density - low.density) * Float(min(max(share, 0.02), 0.98))
      let found = (density: middle, size: try size(middle))
      if found.size <= byteCount { low = found } else { high = found }
    }
    return low.density
  }
}
