import Quantizers
import Tensors
import Testing

@Suite struct TernaryQuantizerTests {
  @Test(
    "A code is the sign of the weight outside the dead zone, and zero inside",
    arguments: [Shape(1, 1), Shape(7, 1), Shape(4, 3, 3, 3)], UInt64(0)..<8)
  func codesFollowTheDefinition(shape: Shape, seed: UInt64) throws {
    let latent = Tensor<Float>.random(shape, seed: seed)
    let coded = try TernaryQuantizer(thresholdRatio: 0.3, granularity: .perTensor).quantize(latent)

    let delta = 0.3 * (latent.scalars.map(\.magnitude).max() ?? 0)
    for (w, code) in zip(latent.scalars, coded.codes.scalars) {
      #expect(code == (w > delta ? 1 : w < -delta ? -1 : 0))
    }
  }

  @Test("Threshold 0 codes every non-zero weight by its sign", arguments: UInt64(0)..<4)
  func thresholdZeroKeepsSigns(seed: UInt64) throws {
    var latent = Tensor<Float>.random([8, 27], seed: seed)
    latent.scalars[5] = 1e-30
    latent.scalars[6] = 0
    let coded = try TernaryQuantizer(thresholdRatio: 0).quantize(latent)
    #expect(coded.codes.scalars == latent.scalars.map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 })
  }

  @Test("The two scales are the mean magnitudes of the classes", arguments: UInt64(0)..<16)
  func scalesAreClassMeans(seed: UInt64) throws {
    let latent = Tensor<Float>.random([6, 50], in: -0.4...1, seed: seed)
    let coded = try TernaryQuantizer(thresholdRatio: 0.1, granularity: .perTensor).quantize(latent)
    guard case .ternary(let encoding) = coded.encoding else {
      Issue.record("not ternary")
      return
    }
    #expect((1...127).contains(encoding.positiveLevel) && (1...127).contains(encoding.negativeLevel))
    for sign in [Int8(1), -1] {
      let members = zip(latent.scalars, coded.codes.scalars).filter { $0.1 == sign }.map(\.0.magnitude)
      let mean = members.reduce(0, +) / Float(members.count)
      let level = sign > 0 ? encoding.positiveLevel : encoding.negativeLevel
      // A fraction with terms up to 127 is within 1/254 of any ratio up to 127.
      #expect((encoding.scales[0] * Float(level) / mean - 1).magnitude < 0.005)
    }
  }

  @Test("Levels are the smallest whose ratio is closest")
  func levelsAreSmall() throws {
    func levels(_ positive: Float, _ negative: Float, limit: Int32 = 127) throws -> [Int32] {
      let latent = Tensor<Float>(shape: [1, 4], scalars: [positive, -negative, 0, positive])
      let coded = try TernaryQuantizer(largestLevel: limit).quantize(latent)
      guard case .ternary(let ternary) = coded.encoding else { return [] }
      return [ternary.positiveLevel, ternary.negativeLevel]
    }
    #expect(try levels(1, 1) == [1, 1])
    #expect(try levels(1, 0.5) == [2, 1])
    #expect(try levels(0.6, 0.9) == [2, 3])
    #expect(try levels(1, 0.126, limit: 4) == [4, 1])
    #expect(try levels(1, 0.5, limit: 1) == [1, 1])
  }

  @Test("One unit per channel fits better than one for the tensor")
  func channelsHaveUnits() throws {
    let latent = Tensor<Float>(shape: [2, 3], scalars: [1, -1, 1, 0.1, -0.1, 0])
    let coded = try TernaryQuantizer().quantize(latent)
    #expect(coded.codes.scalars == [1, -1, 1, 1, -1, 0])
    #expect(coded.encoding.scales == [1, 0.1])
    #expect(try TernaryQuantizer(thresholdRatio: 0.2, granularity: .perTensor).quantize(latent).density == 0.5)
  }
}
