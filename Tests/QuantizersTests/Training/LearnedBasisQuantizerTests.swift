import Quantizers
import Tensors
import Testing

@Suite struct LearnedBasisQuantizerTests {
  func squaredError(_ values: [Float], _ latent: Tensor<Float>) -> Double {
    zip(values, latent.scalars).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
  }

  @Test("Every weight takes the nearest value of its filter", arguments: 1...4, UInt64(0)..<4)
  func valuesAreNearest(bitWidth: Int, seed: UInt64) throws {
    var step = TrainingStep("lq\(bitWidth)", TrainingStep.weights([3, 200], seed: seed))
    let values = step.forward()
    let basis = step.state[0].values
    for channel in 0..<3 {
      let vectors = basis[channel * bitWidth..<(channel + 1) * bitWidth].map { Double($0) }
      let sums = (0..<1 << bitWidth).map { signs in
        zip(0..., vectors).reduce(0.0) { $0 + (signs >> $1.0 & 1 == 1 ? $1.1 : -$1.1) }
      }
      let unit = (sums.max() ?? 0) / 127
      let levels = sums.map { ($0 / unit).rounded() * unit }
      for index in channel * 200..<(channel + 1) * 200 {
        let w = Double(step.latent.scalars[index])
        let best = levels.map { ($0 - w).magnitude }.min() ?? 0
        #expect((Double(values[index]) - w).magnitude < best + 1e-6)
      }
    }
  }

  @Test("The basis settles where no change of a vector lowers the error by much", arguments: 1...4)
  func basisLearns(bitWidth: Int) {
    var step = TrainingStep("lq\(bitWidth)", TrainingStep.weights([2, 2000], seed: 7))
    for index in step.state[0].values.indices { step.state[0].values[index] *= 1.5 }
    let first = squaredError(step.forward(), step.latent)
    for _ in 0..<200 { _ = step.forward() }
    let settled = squaredError(step.forward(), step.latent)
    #expect(settled < first)
    for index in step.state[0].values.indices {
      for factor: Float in [0.9, 1.1] {
        var moved = step
        moved.state[0].values[index] *= factor
        moved.progress.updatesState = false
        // A local optimum of alternating steps, with levels that are rounded to a 127th of the largest.
        #expect(squaredError(moved.forward(), step.latent) > settled * 0.9)
      }
    }
  }

  @Test("One vector is the mean magnitude, pruned weights left out")
  func oneVector() {
    let latent = Tensor<Float>(shape: [2, 4], scalars: [1, -3, 0, 2, 8, 8, 8, -8])
    #expect(TrainingStep("lq1", latent).state[0].values == [2, 8])
  }
}
