import Quantizers
import Tensors
import Testing

@Suite struct ActivationEncodingTests {
  static let ranges: [ClosedRange<Float>] = [
    0...1, -1...1, -0.01...7, -300...2, 5...6, -3...(-1), 0...0, -0x1p-137...0x1p-137,
  ]

  @Test("Zero is exactly representable and codes fill the range", arguments: ranges, [false, true])
  func zeroIsRepresentable(range: ClosedRange<Float>, isSigned: Bool) {
    let encoding = AffineEncoding(covering: range, isSigned: isSigned)
    #expect(encoding.real(of: encoding.code(of: 0)) == 0)
    #expect(encoding.codeRange.contains(encoding.zeroPoints[0]))
    #expect(encoding.scales[0].isFinite && encoding.scales[0] > 0)
    if range.lowerBound >= 0 { #expect(encoding.zeroPoints == [isSigned ? -128 : 0]) }
  }

  @Test("Inside the range a value is within half a step", arguments: ranges)
  func errorIsAtMostHalfAStep(range: ClosedRange<Float>) {
    let encoding = AffineEncoding(covering: range)
    let covered = encoding.realRange()
    for value in Tensor<Float>.random([500], in: range, seed: 1).scalars where covered.contains(value) {
      #expect((value - encoding.real(of: encoding.code(of: value))).magnitude <= encoding.scales[0] * 0.50001)
    }
  }

  @Test("Every code stands for a number that has this code", arguments: ranges, [false, true])
  func codesSurvive(range: ClosedRange<Float>, isSigned: Bool) {
    let encoding = AffineEncoding(covering: range, isSigned: isSigned)
    for code in encoding.codeRange { #expect(encoding.code(of: encoding.real(of: code)) == code) }
  }

  @Test func valuesOutsideTakeTheEnds() {
    let encoding = AffineEncoding(covering: -1...1)
    #expect(encoding.code(of: -.infinity) == 0 && encoding.code(of: 1e30) == 255)
  }
}

@Suite struct StatisticsTests {
  @Test("Means are by channel, extremes over all", arguments: [1, 4, 300])
  func statistics(inner: Int) {
    let scalars = Tensor<Float>.random([2, 3, inner], seed: 4).scalars
    var statistics = RangeStatistics(channelCount: 3)
    statistics.add(scalars, inner: inner)
    for channel in 0..<3 {
      let members = scalars.indices.filter { $0 / inner % 3 == channel }.map { Double(scalars[$0]) }
      #expect((statistics.channelMeans[channel] - members.reduce(0, +) / Double(members.count)).magnitude < 1e-5)
    }
    #expect(statistics.minimum == scalars.min() && statistics.maximum == scalars.max())
  }

  @Test("NaN and infinity are counted and left out")
  func notFinite() {
    var statistics = RangeStatistics()
    statistics.add([1, .nan, .infinity, -2], inner: 4)
    #expect(statistics.notFiniteCount == 2)
    #expect(statistics.range == -2...1)
  }

  @Test("A histogram counts every value once, the ends included")
  func histogram() {
    var histogram = Histogram(range: -1...1, binCount: 4)
    histogram.add([-1, -0.6, -0.5, 0, 0.49, 0.5, 1, 7, -9, .nan])
    #expect(histogram.counts == [3, 1, 2, 3])
    #expect(histogram.center(0) == -0.75)
  }
}
