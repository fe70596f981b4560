import Graphs
import Reference
import Tensors
import Testing
import Training

/// A network with random parameters, built node by node.
struct NetworkSketch {
  var graph = Graph()
  var last: ValueID
  private var seed: UInt64

  init(_ extents: [Int], seed: UInt64) {
    last = graph.addInput("x", TensorType(.float32, [.batch(1)] + extents.map(Dimension.fixed)))
    self.seed = seed
  }

  mutating func constant(_ shape: Shape, in range: ClosedRange<Float> = -1...1) -> ValueID {
    seed += 1
    return graph.addConstant("p\(seed)", .float32(.random(shape, in: range, seed: seed)))
  }

  var channels: Int { graph[last].type.dimensions[1].extent(batch: 1) }

  @discardableResult
  mutating func append(_ operator: Operator, _ inputs: [ValueID?]) throws -> ValueID {
    last = try graph.append(`operator`, inputs, name: "n\(graph.nodes.count)")
    return last
  }

  mutating func convolution(_ outputs: Int, _ window: Window, groups: Int = 1, clamp: Clamp? = nil) throws {
    let weights = constant(Shape([outputs, channels / groups] + window.kernel))
    try append(
      .convolution(Convolution(window: window, groups: groups, clamp: clamp)), [last, weights, constant([outputs])])
  }

  mutating func normalization() throws {
    let (gamma, beta) = (constant([channels], in: 0.5...1.5), constant([channels]))
    let (mean, variance) = (constant([channels]), constant([channels], in: 0.5...2))
    try append(.batchNormalization(epsilon: 1e-3), [last, gamma, beta, mean, variance])
  }

  mutating func dense(_ outputs: Int, clamp: Clamp? = nil) throws {
    let weights = constant([outputs, channels])
    try append(.dense(clamp: clamp), [last, weights, constant([outputs])])
  }

  func finished() -> Graph {
    var result = graph
    result.outputs = [last]
    return result
  }
}

/// A network whose gradients are checked, named for messages.
struct GradientCase: CustomTestStringConvertible, Sendable {
  var name: String
  var extents: [Int]
  var build: @Sendable (inout NetworkSketch) throws -> Void
  var testDescription: String { name }

  func graph(seed: UInt64) throws -> Graph {
    var sketch = NetworkSketch(extents, seed: seed)
    try build(&sketch)
    return sketch.finished()
  }

  /// A map that comes from a convolution, so that the operator's input has a gradient, then the operator.
  static func after(
    _ name: String, _ extents: [Int] = [3, 6, 5], _ build: @escaping @Sendable (inout NetworkSketch) throws -> Void
  ) -> GradientCase {
    GradientCase(name: name, extents: extents) { sketch in
      try sketch.convolution(4, Window(kernel: extents.dropFirst().map { _ in 1 }))
      try build(&sketch)
    }
  }

  static func unary(_ function: UnaryFunction) -> GradientCase {
    after("\(function)") { try $0.append(.unary(function), [$0.last]) }
  }

  static func pooling(_ name: String, _ pooling: Pooling) -> GradientCase {
    after(name) { try $0.append(.pooling(pooling), [$0.last]) }
  }

  static let same = Window(kernel: [3, 3], paddingBefore: [1, 1], paddingAfter: [1, 1])

  static let weightedSums: [GradientCase] = [
    after("convolution 3x3") { try $0.convolution(5, same) },
    after("convolution of 17 to 18 channels") {
      try $0.convolution(17, same)
      try $0.convolution(18, same)
    },
    after("convolution, clamped", [3, 4, 3]) {
      try $0.convolution(3, same, clamp: Clamp(lower: -0.5, upper: 2))
    },
    after("convolution with stride 2 on even and odd extents") {
      try $0.convolution(5, Window(kernel: [3, 3], strides: [2, 2], paddingBefore: [1, 1], paddingAfter: [1, 1]))
    },
    after("convolution with stride 2 and a kernel of 1: most input pixels unread") {
      try $0.convolution(5, Window(kernel: [1, 1], strides: [2, 2]))
    },
    after("convolution with stride 3 and padding after", [3, 9, 8]) {
      try $0.convolution(5, Window(kernel: [4, 2], strides: [3, 2], paddingAfter: [1, 2]))
    },
    after("dilated convolution", [3, 8, 9]) {
      try $0.convolution(
        5, Window(kernel: [3, 2], dilations: [2, 3], paddingBefore: [2, 0], paddingAfter: [1, 1]))
    },
    after("dilated convolution with stride 2", [3, 9, 8]) {
      try $0.convolution(
        5, Window(kernel: [3, 3], strides: [2, 2], dilations: [2, 2], paddingBefore: [1, 2], paddingAfter: [1, 1]))
    },
    after("grouped convolution") { try $0.convolution(6, same, groups: 2) },
    after("depthwise convolution") { try $0.convolution(4, same, groups: 4) },
    after("depthwise convolution with stride 2, beside its input") {
      let x = $0.last
      let window = Window(kernel: [3, 3], strides: [1, 2], paddingBefore: [1, 1], paddingAfter: [1, 1])
      try $0.convolution(4, window, groups: 4)
      let y = $0.last
      $0.last = x
      try $0.convolution(4, Window(kernel: [1, 1], strides: [1, 2]), groups: 4)
      try $0.append(.binary(.add, clamp: nil), [$0.last, y])
    },
    after("convolution over one axis", [3, 7]) {
      try $0.convolution(5, Window(kernel: [3], strides: [2], paddingBefore: [1], paddingAfter: [0]))
    },
    GradientCase(name: "dense layers", extents: [7]) {
      try $0.dense(19, clamp: .relu)
      try $0.dense(5)
    },
    after("convolution 1x1 read twice") {
      let x = $0.last
      try $0.convolution(4, Window(kernel: [1, 1]))
      try $0.append(.binary(.multiply, clamp: nil), [$0.last, x])
    },
  ]

  static let functions: [GradientCase] = [
    unary(.relu), unary(.clip(Clamp(lower: -0.9, upper: 1.2))), unary(.leakyRelu(slope: 0.1)), unary(.sigmoid),
    unary(.hardSigmoid(slope: 0.2, offset: 0.5)), unary(.hardSwish), unary(.tanh), unary(.elu(alpha: 1)),
    unary(.softplus), unary(.swish(alpha: 1)), unary(.absolute), unary(.negate),
    after("sum of two values, clamped") {
      let x = $0.last
      try $0.convolution(4, same)
      try $0.append(.binary(.add, clamp: .relu), [x, $0.last])
    },
    after("a value added to itself") { try $0.append(.binary(.add, clamp: nil), [$0.last, $0.last]) },
    after("difference by a parameter by channel") {
      try $0.append(.binary(.subtract, clamp: nil), [$0.constant([4, 1, 1]), $0.last])
    },
    after("product by a number") { try $0.append(.binary(.multiply, clamp: nil), [$0.last, $0.constant([1])]) },
    after("product by a parameter by pixel") {
      try $0.append(.binary(.multiply, clamp: nil), [$0.last, $0.constant([1, 1, 6, 5])])
    },
    after("squeeze and excitation: a product by channel and item") {
      let x = $0.last
      try $0.append(.reduction(.mean, axes: [2, 3], keepsAxes: true), [x])
      try $0.convolution(4, Window(kernel: [1, 1]))
      try $0.append(.binary(.multiply, clamp: nil), [x, $0.last])
    },
  ]

  static let layouts: [GradientCase] = [
    pooling("maximum of 2x2", Pooling(kind: .maximum, window: Window(kernel: [2, 2], strides: [2, 2]))),
    pooling(
      "maximum of overlapping 3x3",
      Pooling(
        kind: .maximum,
        window: Window(kernel: [3, 3], strides: [2, 2], paddingBefore: [1, 1], paddingAfter: [1, 1]))),
    pooling(
      "mean without padding in the divisor",
      Pooling(kind: .average, window: same)),
    pooling(
      "mean with padding in the divisor, rounded up",
      Pooling(
        kind: .average, window: Window(kernel: [2, 2], strides: [2, 2], paddingBefore: [1, 1]), roundsUp: true,
        countsPadding: true)),
    after("concatenation with a value's own") {
      let x = $0.last
      try $0.convolution(3, same)
      try $0.append(.concatenation(axis: 1), [x, $0.last, x])
    },
    after("flattening before a dense layer") {
      try $0.append(.reshape([.batch(1), .fixed(120)]), [$0.last])
      try $0.dense(3)
    },
    after("padding of channels and pixels") {
      try $0.append(.padding(before: [0, 1, 2, 0], after: [0, 2, 0, 1], mode: .constant(0.5)), [$0.last])
    },
    after("mirrored padding") {
      try $0.append(.padding(before: [0, 0, 1, 1], after: [0, 0, 1, 1], mode: .reflect), [$0.last])
    },
    after("slice with steps") {
      try $0.append(
        .slice([AxisSlice(axis: 2, start: 0, step: 2, count: 3), AxisSlice(axis: 3, start: 4, step: -2, count: 2)]),
        [$0.last])
    },
    after("transposition") { try $0.append(.transpose([0, 3, 1, 2]), [$0.last]) },
    after("batch normalization") { try $0.normalization() },
    after("batch normalization of 18 channels and ReLU") {
      try $0.convolution(18, same)
      try $0.normalization()
      try $0.append(.unary(.relu), [$0.last])
    },
  ]

  static let all = weightedSums + functions + layouts
}

@Suite struct GradientTests {
  @Test("Frozen results are those of the definition", arguments: GradientCase.all)
  func forwardEqualsTheReference(testCase: GradientCase) throws {
    let graph = try testCase.graph(seed: 1)
    let x = Tensor.random(Shape([5] + testCase.extents), seed: 2)
    let network = try TrainableNetwork(graph, capacity: 6)
    let found = try network.forward(x, isTraining: false)
    let expected = try #require(try GraphEvaluator(graph).outputs([.float32(x)])[0].asFloat32)
    #expect(found.shape == expected.shape)
    // Sums in single precision of a few hundred products below 10.
    #expect(zip(found.scalars, expected.scalars).allSatisfy { abs($0 - $1) <= 1e-4 * max(1, abs($1)) })
  }

  @Test("Gradients are finite differences", arguments: GradientCase.all, [true, false])
  func gradientsEqualDifferences(testCase: GradientCase, isTraining: Bool) throws {
    let graph = try testCase.graph(seed: 3)
    let x = Tensor.random(Shape([4] + testCase.extents), seed: 4)
    let network = try TrainableNetwork(graph, capacity: 4, threads: 2)
    let y = try network.forward(x, isTraining: isTraining)
    let direction = Tensor.random(y.shape, seed: 5)
    network.backward(direction)
    let gradients = network.parameters.map(\.lossGradient.scalars)
    var generator = SplitMix64(seed: 6)
    for (index, parameter) in network.parameters.enumerated() where parameter.role.isTrained {
      let scale = gradients[index].map(abs).max() ?? 0
      #expect(scale > 0, "\(parameter.role) has no gradient")
      for _ in 0..<8 {
        let place = Int.random(in: 0..<gradients[index].count, using: &generator)
        let slope = try difference(graph, parameter, place, x, direction, isTraining: isTraining)
        // Differences of single-precision sums, and steps across the bends of clamps and maxima, cost some digits.
        #expect(
          abs(gradients[index][place] - slope) <= 0.02 * scale + 5e-3,
          "\(parameter.role) \(place): \(gradients[index][place]) and \(slope)")
      }
    }
  }

  /// The slope of Σ direction · output along one element of a parameter.
  private func difference(
    _ graph: Graph, _ parameter: Parameter, _ place: Int, _ x: Tensor<Float>, _ direction: Tensor<Float>,
    isTraining: Bool
  ) throws -> Float {
    let step: Float = 0x1p-12
    func value(_ shift: Float) throws -> Double {
      var moved = graph
      var scalars = parameter.value.scalars
      scalars[place] += shift
      moved.constants[parameter.id] = .tensor(.float32(Tensor(shape: parameter.shape, scalars: scalars)))
      let y = try TrainableNetwork(moved, capacity: x.shape[0]).forward(x, isTraining: isTraining)
      return zip(y.scalars, direction.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    return Float((try value(step) - value(-step)) / Double(2 * step))
  }

  @Test("Nodes without a gradient are all named")
  func unsupportedNodesAreNamed() throws {
    var sketch = NetworkSketch([4], seed: 1)
    try sketch.append(.unary(.floor), [sketch.last])
    try sketch.append(.softmax(axis: 1, isLogarithmic: false), [sketch.last])
    let graph = sketch.finished()
    let error = #expect(throws: TrainingError.self) { try TrainableNetwork(graph, capacity: 1) }
    #expect(
      error?.description == "These nodes have no gradient: 'n0' (unary), 'n1' (softmax). "
        + "Simplify the graph first, or leave them out.")
  }
}
