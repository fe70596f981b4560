import Quantizers
import Tensors
import Testing

@Suite struct IncrementalQuantizerTests {
  @Test("Levels are 0 and powers of two up to 4/3 of the largest, nearest in the paper's sense", arguments: 2...5)
  func levels(bitWidth: Int) throws {
    let powers = [2: 1, 3: 2, 4: 4, 5: 7][bitWidth] ?? 0
    for seed in UInt64(0)..<8 {
      var step = TrainingStep("inq\(bitWidth)", TrainingStep.weights([4, 50], seed: seed))
      let largest = step.latent.scalars.reduce(0) { max($0, $1.magnitude) }
      var top = Float(0x1p20)
      while top > 4 * largest / 3 { top /= 2 }
      var levels: [Float] = []
      for _ in 0..<powers { levels.append(levels.last.map { $0 / 2 } ?? top) }
      for (value, w) in zip(step.forward(), step.latent.scalars) {
        // A power stands for 3/4 to 3/2 of itself, the smallest for 1/2 to 3/2.
        let level = levels.first { w.magnitude > ($0 == levels.last ? 0.5 : 0.75) * $0 } ?? 0
        #expect(value == (w < 0 ? -level : level))
      }
    }
  }

  @Test("The largest weights are frozen in portions, and stay as they are whatever training does", arguments: 3...5)
  func portions(bitWidth: Int) {
    var step = TrainingStep(
      "inq\(bitWidth)", TrainingStep.weights([4, 100], seed: 3), progress: QuantizationProgress(share: 0))
    var frozen: [Int: Float] = [:]
    for (share, count) in [(Float(0), 200), (0.2, 200), (0.3, 300), (0.5, 300), (0.65, 350), (0.9, 400), (1, 400)] {
      step.progress.share = share
      let values = step.forward()
      let gradient = step.backward([Float](repeating: 1, count: 400)).latent
      let now = gradient.indices.filter { gradient[$0] == 0 }
      #expect(now.count == count)
      for (index, value) in frozen { #expect(values[index] == value && gradient[index] == 0) }
      for index in gradient.indices where gradient[index] != 0 {
        #expect(gradient[index] == 1 && values[index] == step.latent.scalars[index])
      }
      frozen = Dictionary(uniqueKeysWithValues: now.map { ($0, values[$0]) })
      for index in step.latent.scalars.indices { step.latent.scalars[index] *= index % 2 == 0 ? 1.1 : 0.9 }
    }
  }

  @Test("Half of the weights are frozen first: those with the largest magnitudes")
  func largestFirst() {
    let latent = Tensor<Float>(shape: [1, 4], scalars: [0.3, -1, 0.9, -0.2])
    var step = TrainingStep("inq5", latent, progress: QuantizationProgress(share: 0))
    #expect(step.forward() == [0.3, -1, 1, -0.2])
    step.progress.updatesState = false
    step.progress.share = 1
    #expect(step.forward() == [0.3, -1, 1, -0.2])
    step.progress.updatesState = true
    #expect(step.forward() == [0.25, -1, 1, -0.25])
  }
}
