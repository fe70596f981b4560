import Quantizers
import Tensors
import Testing

@Suite struct NestedMeansQuantizerTests {
  @Test("Bounds are the mean of a side, then the mean beyond it")
  func bounds() throws {
    // Positive: mean 4, beyond it mean 7. Negative: mean 2, nothing beyond.
    let latent = Tensor<Float>(shape: [1, 7], scalars: [1, 2, 6, 8, 3, -2, -2])
    let step = TrainingStep("nary5", latent)
    #expect(step.state[0].values == [6, 8])
    // Empty clusters start at the mean magnitude of all.
    let mean = Float(24.0 / 7)
    #expect(step.state[1].values == [mean, mean])
    let values = try step.coded().decoded.scalars
    for (value, expected) in zip(values, [0, 0, 6, 8, 0, 0, 0] as [Float]) {
      // Scales are multiples of a 127th of 8.
      #expect((value - expected).magnitude <= 8 / 254 * 1.001)
    }
  }

  @Test("Gradients of scales are those of finite differences; weights' go straight through", arguments: [3, 5, 7, 9])
  func gradients(levels: Int) {
    var step = TrainingStep("nary\(levels)", TrainingStep.weights([4, 500], seed: UInt64(levels)))
    let upstream = Tensor<Float>.random([2000], seed: 1).scalars
    // Multiples of a 127th of the largest, so that they are used as they are.
    for side in 0..<2 {
      for cluster in step.state[side].values.indices {
        step.state[side].values[cluster] = Float(127 - 20 * cluster - 7 * side) / 127
      }
    }
    let (ofLatent, ofState) = step.backward(upstream)
    #expect(ofLatent == upstream)
    for side in 0..<2 {
      for cluster in step.state[side].values.indices where (side, cluster) != (0, 0) {
        let losses = [Float(5), -5].map { units in
          var moved = step
          moved.state[side].values[cluster] += units / 127
          return zip(moved.forward(), upstream).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        }
        #expect(((losses[0] - losses[1]) * 12.7 - Double(ofState[side][cluster])).magnitude < 1e-3)
      }
    }
    let inner = zip(step.forward(), upstream).filter { $0.0 == 1 }
    #expect((inner.reduce(0.0) { $0 + Double($1.1) } - Double(ofState[0][0])).magnitude < 1e-4)
  }
}
