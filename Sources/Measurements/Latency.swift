/// The distribution of a repeated time, in microseconds.
public struct Latency: Codable, Hashable, Sendable {
  public var medianMicroseconds: Double
  public var p95Microseconds: Double
  public var minimumMicroseconds: Double
  public var iterations: Int

  /// - Parameter nanoseconds: one time per iteration; at least one.
  public init(nanoseconds: [UInt64]) {
    precondition(!nanoseconds.isEmpty, "A distribution has at least one value")
    let sorted = nanoseconds.sorted()
    func quantile(_ fraction: Double) -> Double {
      let position = fraction * Double(sorted.count - 1)
      let (lower, upper) = (Int(position), min(Int(position) + 1, sorted.count - 1))
      let share = position - Double(lower)
      return (Double(sorted[lower]) * (1 - share) + Double(sorted[upper]) * share) / 1000
    }
    medianMicroseconds = quantile(0.5)
    p95Microseconds = quantile(0.95)
    minimumMicroseconds = Double(sorted[0]) / 1000
    iterations = sorted.count
  }
}
