import Quantizers
import Tensors
import Testing

@Suite struct LearnedStepQuantizerTests {
  @Test("Values are the nearest multiples of the step between the ends", arguments: 2...8, [false, true])
  func values(bitWidth: Int, usesFullRange: Bool) {
    var step = TrainingStep(
      LearnedStepQuantizer(bitWidth: bitWidth, usesFullRange: usesFullRange),
      TrainingStep.weights([4, 50], seed: UInt64(bitWidth)))
    let s = step.state[0].values[0]
    let highest = Float((1 << (bitWidth - 1)) - 1)
    let lowest = usesFullRange ? -highest - 1 : -highest
    let expected = step.latent.scalars.map { min(max(($0 / s).rounded(.toNearestOrEven), lowest), highest) * s }
    #expect(step.forward() == expected)
  }

  @Test("The step starts at 2 mean|w| / √Qp, or what the largest weight needs; pruned weights do not count")
  func initialStep() {
    let latent = Tensor<Float>(shape: [1, 6], scalars: [1, -1, 0, 6, 1, -1])
    #expect(TrainingStep(LearnedStepQuantizer(bitWidth: 2), latent).state[0].values == [4])
    #expect(TrainingStep(LearnedStepQuantizer(bitWidth: 8), latent).state[0].values == [6 / 127])
  }

  @Test("Gradients follow the definition", arguments: 2...8, UInt64(0)..<4)
  func gradients(bitWidth: Int, seed: UInt64) {
    var step = TrainingStep(LearnedStepQuantizer(bitWidth: bitWidth), TrainingStep.weights([4, 50], seed: seed))
    step.state[0].values[0] *= 0.5
    let s = step.state[0].values[0]
    let (qn, qp) = (Float(1 << (bitWidth - 1)), Float((1 << (bitWidth - 1)) - 1))
    let upstream = Tensor<Float>.random([200], seed: seed + 9).scalars
    var sum = 0.0
    var expected: [Float] = []
    for (w, g) in zip(step.latent.scalars, upstream) {
      let x = w / s
      expected.append(x > -qn && x < qp ? g : 0)
      sum += Double(g) * Double(x <= -qn ? -qn : x >= qp ? qp : x.rounded(.toNearestOrEven) - x)
    }
    let (ofLatent, ofState) = step.backward(upstream)
    #expect(ofLatent == expected)
    // Products are rounded to float before they are summed.
    #expect((Double(ofState[0][0]) - sum / (200 * Double(qp)).squareRoot()).magnitude < 1e-4)
  }

  @Test("Beyond the ends the gradient of the step is that of finite differences", arguments: 2...8)
  func clippedFiniteDifferences(bitWidth: Int) {
    var step = TrainingStep(LearnedStepQuantizer(bitWidth: bitWidth), TrainingStep.weights([2, 30], seed: 3))
    for index in step.latent.scalars.indices { step.latent.scalars[index] += index % 2 == 0 ? 9 : -9 }
    let upstream = Tensor<Float>.random([60], seed: 4).scalars
    step.state[0].values = [0.03125]
    let gradient = Double(step.backward(upstream).state[0][0])
    let losses = [Float(0.0625), 0.015625].map { value in
      step.state[0].values = [value]
      return zip(step.forward(), upstream).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }
    let qp = Double((1 << (bitWidth - 1)) - 1)
    let expected = (losses[0] - losses[1]) / 0.046875 / (60 * qp).squareRoot()
    #expect((gradient - expected).magnitude < 1e-4 * max(1, expected.magnitude))
  }
}
