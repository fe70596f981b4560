/// How often an activation took values in each of evenly wide bins.
///
/// The second pass of calibration: calibrators choose the coded range from it.
public struct Histogram: Sendable, Equatable {
  /// Lower end of the first and upper end of the last bin.
  public let range: ClosedRange<Float>
  /// Values in each bin; those on the upper end belong to the last bin.
  public private(set) var counts: [Int]

  /// Bins that calibrators work with.
  public static let standardBinCount = 2048

  /// - Precondition: a finite range, at least one bin.
  public init(range: ClosedRange<Float>, binCount: Int = Histogram.standardBinCount) {
    precondition(range.lowerBound.isFinite && range.upperBound.isFinite, "A histogram has a finite range")
    precondition(binCount >= 1, "A histogram has at least one bin")
    self.range = range
    counts = [Int](repeating: 0, count: binCount)
  }

  /// Real width of a bin; 0 when all values are equal.
  public var binWidth: Double {
    (Double(range.upperBound) - Double(range.lowerBound)) / Double(counts.count)
  }

  /// The middle of a bin.
  public func center(_ bin: Int) -> Double { Double(range.lowerBound) + (Double(bin) + 0.5) * binWidth }

  /// Values counted.
  public var total: Int { counts.reduce(0, +) }

  /// Counts values; those outside go into the first or last bin, NaN nowhere.
  public mutating func add(_ scalars: [Float]) {
    let (low, last) = (range.lowerBound, Float(counts.count - 1))
    let perUnit = binWidth > 0 ? Float(1 / binWidth) : 0
    counts.withUnsafeMutableBufferPointer { bins in
      scalars.withUnsafeBufferPointer { values in
        for value in values where !value.isNaN {
          let bin = (value - low) * perUnit
          bins[bin >= last ? Int(last) : bin > 0 ? Int(bin) : 0] += 1
        }
      }
    }
  }
}
