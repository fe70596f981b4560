import Quantizers
import Tensors
import Testing

@Suite struct CodebookQuantizerTests {
  private func squaredError(_ coded: CodedTensor, _ latent: Tensor<Float>) -> Double {
    zip(latent.scalars, coded.decoded.scalars).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
  }

  @Test("A tensor has at most as many different codes as there are levels", arguments: [2, 3, 16, 32, 255])
  func levelsAreFew(levelCount: Int) throws {
    for granularity in [Granularity.perTensor, .perOutputChannel] {
      let latent = Tensor<Float>.random([9, 4, 3, 3], in: -2...1, seed: 4)
      let coded = try CodebookQuantizer(levelCount: levelCount, granularity: granularity).quantize(latent)
      #expect(Set(coded.codes.scalars).count <= levelCount)
    }
  }

  @Test("The more levels, the smaller the error, down to that of int8")
  func errorFalls() throws {
    let latent = Tensor<Float>.random([20, 100], seed: 9)
    let errors = try [2, 4, 8, 16, 64, 255].map {
      squaredError(try CodebookQuantizer(levelCount: $0).quantize(latent), latent)
    }
    #expect(errors == errors.sorted(by: >))
    let int8 = squaredError(try SymmetricQuantizer().quantize(latent), latent)
    #expect(errors[5] <= int8 * 1.0001)
  }

  @Test("No other levels have a smaller error", arguments: 0..<6 as Range<UInt64>)
  func levelsAreTheBest(seed: UInt64) throws {
    // Integers of a scale of 1, all with the largest code, so that codes are the weights.
    var random = SplitMix64(seed: seed)
    let weights = [127, -127] + (0..<30).map { _ in Int.random(in: -9...9, using: &random) }
    let latent = Tensor<Float>(shape: [1, 32], scalars: weights.map(Float.init))
    let coded = try CodebookQuantizer(levelCount: 5).quantize(latent)
    let levels = Set(coded.codes.scalars.map { Int($0) }).union([0])
    let found = weights.indices.reduce(0) { sum, index in
      let difference = weights[index] - Int(coded.codes.scalars[index])
      return sum + difference * difference
    }
    // All choices of two levels beside -127, 0 and 127.
    var least = Int.max
    for a in -12...12 {
      for b in -12...12 {
        let choice = [-127, 0, 127, a, b]
        least = min(
          least,
          weights.reduce(0) { sum, weight in
            // What is in the cluster of zero is a range of codes, as all clusters.
            sum + (choice.map { ($0 - weight) * ($0 - weight) }.min() ?? 0)
          })
      }
    }
    #expect(levels.count <= 5)
    #expect(found <= least)
  }
}
