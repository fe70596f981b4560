import Quantizers
import Tensors
import Testing

/// Weight quantizers without trained state, each against its definition.
@Suite struct UntrainedWeightQuantizerTests {
  @Test(
    "Gradients go straight through", arguments: ["int8", "twn", "binary", "bwn", "binaryconnect", "dorefa1", "lq2"])
  func straightThrough(name: String) {
    var step = TrainingStep(name, TrainingStep.weights([3, 9], seed: 1))
    _ = step.forward()
    let upstream = Tensor<Float>.random([27], seed: 2).scalars
    #expect(step.backward(upstream).latent == upstream)
  }

  @Test("int8 rounds to a 127th of the channel's largest magnitude", arguments: UInt64(0)..<4)
  func channelRange(seed: UInt64) {
    var step = TrainingStep("int8", TrainingStep.weights([3, 40], seed: seed))
    let values = step.forward()
    for channel in 0..<3 {
      let row = step.latent.scalars[channel * 40..<(channel + 1) * 40]
      let scale = row.reduce(0) { max($0, $1.magnitude) } / 127
      #expect(values[channel * 40..<(channel + 1) * 40].elementsEqual(row.map { ($0 / scale).rounded() * scale }))
    }
  }

  @Test("TWN: threshold 0.7 mean|w|, scale the mean beyond it", arguments: UInt64(0)..<4)
  func ternaryWeightNetworks(seed: UInt64) throws {
    var step = TrainingStep("twn", TrainingStep.weights([4, 40], seed: seed))
    let weights = step.latent.scalars
    let threshold = 0.7 * weights.reduce(0) { $0 + $1.magnitude } / 160
    let beyond = weights.map(\.magnitude).filter { $0 > threshold }
    let scale = beyond.reduce(0, +) / Float(beyond.count)
    for (value, w) in zip(step.forward(), weights) {
      // The sums of this test are in float.
      #expect((value - (w > threshold ? scale : w < -threshold ? -scale : 0)).magnitude < 1e-6)
    }
    step.progress.density = 0.25
    #expect(try step.coded().density == 0.25)
  }

  @Test("Binary values are signs times mean magnitudes of what is not pruned")
  func binary() {
    let latent = Tensor<Float>(shape: [2, 4], scalars: [1, -3, 0, 2, 0.5, 0.5, -0.5, -0.5])
    func values(_ name: String) -> [Float] {
      var step = TrainingStep(name, latent)
      return step.forward()
    }
    #expect(values("binary") == [2, -2, 2, 2, 0.5, 0.5, -0.5, -0.5])
    #expect(values("xnor") == values("binary"))
    #expect(values("bwn") == [1, -1, 1, 1, 1, 1, -1, -1].map { $0 * Float(8.0 / 7) })
    #expect(values("dorefa1") == values("bwn"))
    #expect(values("binaryconnect") == [1, -1, 1, 1, 1, 1, -1, -1])
  }

  @Test("XNOR-Net's gradient is g (1/n + α where |w| is at most 1)")
  func xnorGradient() {
    let latent = Tensor<Float>(shape: [2, 2], scalars: [2, -1, 0.25, -0.25])
    let gradient = TrainingStep("xnor", latent).backward([1, 2, 4, -8]).latent
    #expect(gradient == [0.5, 2 * (0.5 + 1.5), 4 * 0.75, -8 * 0.75])
  }

  @Test("Only BinaryConnect clips latent weights")
  func latentRanges() {
    for kind in TrainableWeightQuantizerKind.all {
      #expect(kind.quantizer(.init()).latentRange == (kind.name == "binaryconnect" ? -1...1 : nil))
    }
  }

  @Test("DoReFa values are those of its formula", arguments: 2...8)
  func doReFa(bitWidth: Int) {
    var step = TrainingStep("dorefa\(bitWidth)", TrainingStep.weights([4, 40], seed: 5))
    let tangents = step.latent.scalars.map { tangent(Double($0)) }
    let largest = tangents.reduce(0) { max($0, $1.magnitude) }
    let n = Double((1 << bitWidth) - 1)
    for (value, t) in zip(step.forward(), tangents) {
      let exact =
        bitWidth == 8
        ? (127 * t / largest).rounded() / 127 : 2 * (n * (t / (2 * largest) + 0.5)).rounded() / n - 1
      #expect((Double(value) - exact).magnitude < 1e-6)
    }
    let upstream = Tensor<Float>.random([160], seed: 6).scalars
    for (index, gradient) in step.backward(upstream).latent.enumerated() {
      let exact = Double(upstream[index]) * (1 - tangents[index] * tangents[index]) / largest
      #expect((Double(gradient) - exact).magnitude < 1e-5 * max(1, exact.magnitude))
    }
  }

  /// tanh by its continued fraction; exact to double precision for |x| below 2.
  func tangent(_ x: Double) -> Double {
    x / stride(from: 31.0, through: 1, by: -2).reduce(33) { tail, k in k + x * x / tail }
  }
}
