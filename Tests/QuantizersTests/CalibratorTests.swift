import Quantizers
import Tensors
import Testing

@Suite struct CalibratorTests {
  /// A histogram of scalars over their own range.
  func histogram(_ scalars: [Float]) -> Histogram {
    var statistics = RangeStatistics()
    statistics.add(scalars, inner: scalars.count)
    var histogram = Histogram(range: statistics.range)
    histogram.add(scalars)
    return histogram
  }

  /// Sums of 12 uniform numbers less 6: close to a standard normal distribution.
  func normal(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SplitMix64(seed: seed)
    return (0..<count).map { _ in (0..<12).reduce(-6) { sum, _ in sum + generator.nextUnit() } }
  }

  @Test("The range lies inside what was seen", arguments: CalibratorKind.all.map(\.name), UInt64(0)..<4)
  func rangeIsInside(name: String, seed: UInt64) throws {
    let calibrator = try #require(CalibratorKind.named(name)).calibrator
    let values = normal(5000, seed: seed)
    for scalars in [values, values.map { max($0, 0) }, values.map { min($0, 0) }, values.map { $0 + 10 }, [0], [3, 3]] {
      let histogram = histogram(scalars)
      let range = calibrator.range(of: histogram)
      #expect(histogram.range.contains(range.lowerBound) && histogram.range.contains(range.upperBound))
    }
  }

  @Test("Min-max covers everything")
  func minMax() {
    #expect(MinMaxCalibrator().range(of: histogram([-3, 0, 5])) == -3...5)
    #expect(!MinMaxCalibrator().needsCounts)
  }

  @Test("The percentile leaves out its share on each side", arguments: [99.99, 99.9, 99, 90])
  func percentile(_ percentile: Double) {
    let scalars = Tensor<Float>.random([200_000], in: -1...1, seed: 5).scalars
    let range = PercentileCalibrator(percentile: percentile).range(of: histogram(scalars))
    let share = 1 - percentile / 100
    // One bin of 2048 and the noise of the sample.
    #expect((Double(range.upperBound) - (1 - 2 * share)).magnitude < 0.004)
    #expect((Double(range.lowerBound) + (1 - 2 * share)).magnitude < 0.004)
  }

  @Test("A percentile of 100 leaves nothing out")
  func wholePercentile() {
    #expect(PercentileCalibrator(percentile: 100).range(of: histogram([-3, 0, 5])) == -3...5)
  }

  // The least squared error lies near 53: one value of 60 costs little more than coarser steps for all others.
  @Test("Entropy and squared error cut a lone outlier off", arguments: [("entropy", 12), ("mse", 58)], UInt64(0)..<4)
  func outliers(kind: (name: String, limit: Float), seed: UInt64) throws {
    let calibrator = try #require(CalibratorKind.named(kind.name)).calibrator
    let bulk = normal(100_000, seed: seed)
    let twoSided = calibrator.range(of: histogram(bulk + [60]))
    #expect((2...kind.limit).contains(twoSided.upperBound) && (-6.1...(-2)).contains(twoSided.lowerBound))
    let oneSided = calibrator.range(of: histogram(bulk.map { max($0, 0) } + [60]))
    #expect((2...kind.limit).contains(oneSided.upperBound) && oneSided.lowerBound == 0)
  }

  @Test("Evenly spread values are hardly cut", arguments: ["entropy", "mse", "percentile"])
  func uniform(name: String) throws {
    let calibrator = try #require(CalibratorKind.named(name)).calibrator
    let range = calibrator.range(of: histogram(Tensor<Float>.random([100_000], in: 0...4, seed: 9).scalars))
    #expect(range.upperBound > 3.9)
  }

  @Test("No range has a smaller squared error than the one chosen", arguments: UInt64(0)..<4)
  func squaredErrorIsLeast(seed: UInt64) {
    let scalars = normal(4000, seed: seed).map { $0 > 0 ? $0 * $0 : $0 / 2 }
    func error(_ range: ClosedRange<Float>) -> Double {
      let encoding = AffineEncoding(covering: range)
      return scalars.reduce(0) { sum, value in
        let difference = Double(value - encoding.real(of: encoding.code(of: value)))
        return sum + difference * difference
      }
    }
    let histogram = histogram(scalars)
    let chosen = error(SquaredErrorCalibrator().range(of: histogram))
    for kind in CalibratorKind.all {
      // Bins have a width: a hundredth of tolerance.
      #expect(chosen <= error(kind.calibrator.range(of: histogram)) * 1.01)
    }
  }
}
