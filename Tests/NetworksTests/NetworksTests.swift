import Graphs
import Networks
import Tensors
import Testing
import Training

@Suite struct NetworksTests {
  /// A small input on which a network of the kind still has pixels.
  static func smallInput(_ kind: NetworkKind) -> Shape {
    kind.defaultInput == [3, 224, 224] ? (kind.prefix == "alexnet" ? [3, 64, 64] : [3, 32, 32]) : kind.defaultInput
  }

  @Test(
    "Every network is well-formed, has one input and logits of 10 classes", arguments: NetworkKind.all.map(\.example))
  func wellFormed(name: String) throws {
    let kind = try #require(NetworkKind.all.first { $0.example == name })
    let hasClasses = kind.defaultClasses != nil
    let graph = try Networks.named(name, classes: hasClasses ? 10 : nil, input: Self.smallInput(kind))
    try graph.validate()
    let extents = Self.smallInput(kind).dimensions.map(Dimension.fixed)
    #expect(graph.inputs.map { graph[$0].type } == [TensorType(.float32, [.batch(1)] + extents)])
    let outputs = hasClasses ? [.fixed(10)] : extents
    #expect(graph.outputs.map { graph[$0].type } == [TensorType(.float32, [.batch(1)] + outputs)])
    let names = graph.nodes.map(\.name)
    #expect(Set(names).count == names.count)
  }

  @Test(
    "Every network can be trained, and fresh weights keep the size of what goes through",
    arguments: NetworkKind.all.map(\.example))
  func trainable(name: String) throws {
    let kind = try #require(NetworkKind.all.first { $0.example == name })
    let shape = Self.smallInput(kind)
    let graph = try Networks.named(name, classes: kind.defaultClasses == nil ? nil : 10, input: shape, seed: 3)
    let network = try TrainableNetwork(graph, capacity: 4)
    let batch = Tensor<Float>.random(Shape([4] + shape.dimensions), in: -1.73...1.73, seed: 7)
    let logits = try network.forward(batch, isTraining: true).scalars
    let deviation = (logits.reduce(0) { $0 + $1 * $1 } / Float(logits.count)).squareRoot()
    #expect(deviation > 0.02 && deviation < 20)
    #expect(logits.allSatisfy { $0.isFinite })
  }

  @Test(
    "The same arguments give the same bits, another seed others", arguments: ["digits-convnet", "resnet8", "ds-cnn"])
  func deterministic(name: String) throws {
    let graph = try Networks.named(name, seed: 5)
    let again = try Networks.named(name, seed: 5)
    #expect(again == graph)
    let other = try Networks.named(name, seed: 6)
    #expect(other != graph && other.structure == graph.structure)
  }

  @Test("Weights of convolutions have the variance 2 / fan-in, the mean 0 and the kurtosis of twelve uniform numbers")
  func distribution() throws {
    let graph = try Networks.named("convnet-svhn", seed: 2)
    let node = try #require(graph.nodes.first { $0.name == "conv6" })
    guard case .tensor(.float32(let weights))? = graph.constant(node.inputs[1]) else { return }
    let count = Double(weights.scalars.count)
    let moments = (1...4).map { power in
      weights.scalars.reduce(0.0) { sum, w in sum + (0..<power).reduce(1.0) { product, _ in product * Double(w) } }
        / count
    }
    let variance = 2.0 / 3200
    // Five standard errors of the 1,638,400 numbers.
    #expect(abs(moments[0]) < 5 * (variance / count).squareRoot())
    #expect(abs(moments[1] / variance - 1) < 5 * (2 / count).squareRoot())
    #expect(abs(moments[3] / (variance * variance) - 2.9) < 5 * (96 / count).squareRoot())
  }

  @Test("The first weights are these bits on every platform")
  func firstBits() throws {
    let graph = try Networks.named("digits-convnet", seed: 1)
    guard case .tensor(.float32(let weights))? = graph.constant(graph.nodes[0].inputs[1]) else { return }
    // SplitMix64's numbers after the seed 1, three for each weight.
    var generator = SplitMix64(seed: 1)
    for weight in weights.scalars.prefix(20) {
      let words = (0..<3).map { _ in generator.next() }
      let sum = words.reduce(0) { sum, word in
        (0..<4).reduce(sum) { $0 + Int(word >> (16 * UInt64($1)) & 0xFFFF) }
      }
      #expect(weight == Float(sum - 6 * 65535) / 65536 * (2 / Float(9)).squareRoot())
    }
  }

  @Test("The activation is a choice", arguments: NetworkActivation.allCases)
  func activations(activation: NetworkActivation) throws {
    let graph = try Networks.named("resnet8", activation: activation)
    let clamps = graph.nodes.compactMap { node -> Clamp? in
      switch node.operator {
      case .unary(.relu): .relu
      case .unary(.clip(let clamp)): clamp
      default: nil
      }
    }
    let upper: Float =
      switch activation {
      case .relu: .infinity
      case .relu6: 6
      case .unitClip: 1
      }
    #expect(clamps.count == 7 && clamps.allSatisfy { $0 == Clamp(lower: 0, upper: upper) })
  }
}
