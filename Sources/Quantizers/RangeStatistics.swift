/// Extremes and channel means of the values that one activation took.
///
/// The first pass of calibration; histograms need its range.
public struct RangeStatistics: Sendable, Equatable {
  /// Smallest and largest finite value; infinite ends, the wrong way round, before the first.
  public private(set) var minimum = Float.infinity
  public private(set) var maximum = -Float.infinity
  /// Values seen.
  public private(set) var count = 0
  /// Values that were NaN or infinite; they count nowhere else.
  public private(set) var notFiniteCount = 0
  private var channelSums: [Double]

  /// - Parameter channelCount: extent of axis 1, at least 1.
  public init(channelCount: Int = 1) {
    precondition(channelCount >= 1, "A value has at least one channel")
    channelSums = [Double](repeating: 0, count: channelCount)
  }

  /// The mean of each channel; 0 before the first value.
  public var channelMeans: [Double] {
    guard count > 0 else { return channelSums }
    let perChannel = Double(count) / Double(channelSums.count)
    return channelSums.map { $0 / perChannel }
  }

  /// From the smallest to the largest value; 0...0 before the first.
  public var range: ClosedRange<Float> { minimum <= maximum ? minimum...maximum : 0...0 }

  /// Takes in values laid out as `[N, C, inner]`.
  ///
  /// - Precondition: `scalars.count` is a multiple of channels times `inner`.
  public mutating func add(_ scalars: [Float], inner: Int) {
    let channels = channelSums.count
    precondition(inner >= 0 && scalars.count % max(channels * inner, 1) == 0, "Whole items are added")
    guard inner > 0 else { return }
    var (low, high, bad) = (minimum, maximum, 0)
    scalars.withUnsafeBufferPointer { values in
      var start = 0
      var channel = 0
      while start < values.count {
        var sum = Float(0)
        var total = 0.0
        for offset in 0..<inner {
          let value = values[start + offset]
          guard value.isFinite else {
            bad += 1
            continue
          }
          low = value < low ? value : low
          high = value > high ? value : high
          sum += value
          if offset & 255 == 255 {
            total += Double(sum)
            sum = 0
          }
        }
        channelSums[channel] += total + Double(sum)
        channel = channel + 1 == channels ? 0 : channel + 1
        start += inner
      }
    }
    (minimum, maximum) = (low, high)
    notFiniteCount += bad
    count += scalars.count
  }
}
