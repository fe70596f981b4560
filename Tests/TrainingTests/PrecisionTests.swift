import Graphs
import Tensors
import Testing
import Training

@Suite struct PrecisionTests {
  /// Largest difference over the largest magnitude.
  private func distance(_ a: Tensor<Float>, _ b: Tensor<Float>) -> Float {
    let largest = a.scalars.reduce(0) { max($0, $1.magnitude) }
    return zip(a.scalars, b.scalars).reduce(0) { max($0, ($1.0 - $1.1).magnitude) } / max(largest, 1e-9)
  }

  @Test(
    "With bf16 products, results and gradients are those of float32 but for rounding",
    arguments: [1, 2, 3, 5], [3, 4, 16])
  func nearFloat(kernel: Int, channels: Int) throws {
    for stride in 1...2 { try expectNearFloat(kernel: kernel, stride: stride, channels: channels) }
  }

  private func expectNearFloat(kernel: Int, stride: Int, channels: Int) throws {
    var sketch = NetworkSketch([channels, 9, 7], seed: UInt64(kernel * 100 + stride * 10 + channels))
    for outputs in [16, 6, 7] {
      let before = kernel / 2
      try sketch.convolution(
        outputs,
        Window(
          kernel: [kernel, kernel], strides: outputs == 6 ? [stride, stride] : [1, 1],
          paddingBefore: [before, before], paddingAfter: [before, before]))
    }
    let graph = sketch.finished()
    let images = Tensor<Float>.random([5, channels, 9, 7], in: -1...1, seed: 3)
    var outputs: [Tensor<Float>] = []
    var gradients: [[Tensor<Float>]] = []
    for precision in TrainingPrecision.allCases {
      let network = try TrainableNetwork(graph, capacity: 5, threads: 2, precision: precision)
      let output = try network.forward(images, isTraining: true)
      network.backward(Tensor<Float>.random(output.shape, in: -1...1, seed: 4))
      outputs.append(output)
      gradients.append(network.parameters.map(\.lossGradient))
    }
    #expect(distance(outputs[0], outputs[1]) < 0.02)
    for (a, b) in zip(gradients[0], gradients[1]) { #expect(distance(a, b) < 0.02) }
  }
}
