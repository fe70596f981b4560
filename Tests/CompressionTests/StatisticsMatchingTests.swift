import Compression
import Graphs
import Quantizers
import Reference
import Tensors
import Testing

@Suite struct StatisticsMatchingTests {
  @Test(
    "Layers with few bits keep the mean and the deviation of every channel's sums", arguments: ["binary", "ternary"])
  func momentsAreKept(name: String) throws {
    let graph = PostTrainingQuantizer().prepared(try SmallNetworks.residual(seed: 6))
    let kind = try #require(WeightQuantizerKind.named(name))
    let batches = SmallNetworks.pictures(8, seed: 40)
    let options = QuantizationOptions(weights: kind, endWeights: nil)
    let encoded = try PostTrainingQuantizer(options).encoded(graph, calibration: .reference(batches: batches))
    try encoded.validate()
    let coded = try encoded.simulatingQuantization(of: [])

    // The last layer sees what all layers together do to its sums.
    var (before, after): ([Float], [Float]) = ([], [])
    for batch in batches {
      before += try #require(GraphEvaluator(graph).outputs(batch)[0].asFloat32).scalars
      after += try #require(GraphEvaluator(coded.graph).outputs(batch)[0].asFloat32).scalars
    }
    func moments(_ scalars: [Float], _ channel: Int) -> (mean: Double, deviation: Double) {
      let members = stride(from: channel, to: scalars.count, by: 5).map { Double(scalars[$0]) }
      let mean = members.reduce(0, +) / Double(members.count)
      let variance = members.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(members.count)
      return (mean, variance.squareRoot())
    }
    for channel in 0..<5 {
      let (real, found) = (moments(before, channel), moments(after, channel))
      #expect((real.mean - found.mean).magnitude < 1e-3)
      #expect((found.deviation / real.deviation - 1).magnitude < 1e-3)
    }
  }

  @Test("Matching brings the results of a ternary network nearer")
  func ternaryImproves() throws {
    let graph = try SmallNetworks.residual(seed: 6)
    func ratio(_ matches: Bool) throws -> Double {
      let options = QuantizationOptions(weights: .ternary, endWeights: nil, matchesStatistics: matches)
      let encoded = try PostTrainingQuantizer(options).quantized(
        graph, calibration: .reference(batches: SmallNetworks.pictures(8, seed: 40)))
      let simulated = try encoded.simulatingQuantization().graph
      var (before, after): ([Float], [Float]) = ([], [])
      for batch in SmallNetworks.pictures(8, seed: 90) {
        before += try #require(GraphEvaluator(graph).outputs(batch)[0].asFloat32).scalars
        after += try #require(GraphEvaluator(simulated).outputs(batch)[0].asFloat32).scalars
      }
      return SignalToNoise.ratio(before, after)
    }
    #expect(try ratio(true) > ratio(false))
  }

  @Test("The number of passes is known in advance", arguments: ["int8", "ternary"], ["min-max", "mse"])
  func passes(name: String, calibrator: String) throws {
    let graph = PostTrainingQuantizer().prepared(try SmallNetworks.residual(seed: 6))
    let kind = try #require(WeightQuantizerKind.named(name))
    let quantizer = PostTrainingQuantizer(
      QuantizationOptions(weights: kind, calibrator: try #require(CalibratorKind.named(calibrator))))
    let reference = ActivationSource.reference(batches: SmallNetworks.pictures(1, seed: 1))
    var passes = 0
    let source = ActivationSource { graph, values, observe in
      passes += 1
      try reference.run(graph, values, observe)
    }
    _ = try quantizer.encoded(graph, calibration: source)
    #expect(try passes == quantizer.passCount(graph))
  }
}
