import Graphs
import ModelFormat
import Packing
import Reference
import Tensors
import Testing

@Suite struct SignTests {
  static let sign = Encoding.affine(AffineEncoding(scale: 1, bitWidth: 1, isSigned: true))

  @Test("A result that becomes its sign has the sign of the definition", arguments: Layer.all, UInt64(0)..<6)
  func agreesWithTheDefinition(layer: Layer, seed: UInt64) throws {
    var graph = try layer.graph.encoded(isSigned: false)
    let output = graph.outputs[0]
    graph[output].encoding = nil
    let inputs = try graph.randomInputs(batch: 2, seed: seed)
    let real = try GraphEvaluator(graph, roundsToEncodings: true).outputs(inputs)[0].doubles
    graph[output].encoding = Self.sign
    let packed = try Packer.pack(graph).graph
    try packed.validate()
    let found = try GraphEvaluator(packed).outputs(inputs)[0].doubles
    // What has no integer form computes with the inputs as they come, and its result is only rounded for who reads it.
    let isCoded = packed.nodes.contains {
      if case .dequantize = $0.operator { $0.output == packed.outputs[0] } else { false }
    }
    #expect(!isCoded || found.allSatisfy { $0.magnitude == 1 })
    for (value, sign) in zip(real, found) where value.magnitude > (isCoded ? 1e-5 : 0.02) {
      #expect((sign < 0) == (value < 0))
    }
    #expect(isCoded || ["addition", "multiplication", "average pooling"].contains { layer.name.hasPrefix($0) })
  }

  @Test("The sign of a weighted sum is one threshold of integers by channel", arguments: UInt64(0)..<8)
  func thresholds(seed: UInt64) throws {
    let layer = Layer("dense", .dense(clamp: nil), inputs: [[9]], constants: [[5, 9], [5]])
    var graph = try layer.graph.encoded(isSigned: false)
    let inputs = try graph.randomInputs(batch: 32, seed: seed)
    graph[graph.outputs[0]].encoding = Self.sign
    let packed = try Packer.pack(graph).graph
    var rules: [Requantization] = []
    for node in packed.nodes {
      if case .integer(.dense(.codes(let rule))) = node.operator { rules.append(rule) }
    }
    let rule = try #require(rules.first)
    #expect(rules.count == 1 && rule.codeRange == 0...2)
    for channel in 0..<5 {
      let codes = (-40_000...40_000 as ClosedRange<Int32>).map { rule.code($0, channel: channel) }
      #expect(Set(codes).isSubset(of: [0, 2]) && codes == codes.sorted())
    }
    _ = try GraphEvaluator(packed).outputs(inputs)
  }

  /// x → operator → sign → convolution with padding.
  static func chain(_ first: Operator, isCoded: Bool) throws -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 3, 6, 6]))
    if isCoded { graph[x].encoding = .affine(AffineEncoding(scale: 1 / 128, zeroPoint: 128, isSigned: false)) }
    let signs = try graph.append(first, [x], name: "first")
    graph[signs].encoding = sign
    let filters = Tensor<Float>.random([4, 3, 3, 3], seed: 9)
    let binary = AffineEncoding(
      scales: [0.5, 0.25, 0.125, 2], zeroPoints: [0, 0, 0, 0], axis: 0, bitWidth: 1, isSigned: true)
    let weights = graph.addConstant(
      "w", .coded(CodedTensor(codes: filters.map { $0 < 0 ? -1 : 1 }, encoding: .affine(binary))))
    let window = Window(kernel: [3, 3], paddingBefore: [1, 1], paddingAfter: [1, 1])
    graph.outputs = [try graph.append(.convolution(Convolution(window: window)), [signs, weights], name: "second")]
    return graph
  }

  @Test(
    "A layer reads signs with zeros around them, whatever made them, and sums in integers",
    arguments: [Operator.unary(.tanh), .unary(.negate), .binary(.add, clamp: nil)], [true, false])
  func reads(first: Operator, isCoded: Bool) throws {
    var graph = try Self.chain(first == .binary(.add, clamp: nil) ? .unary(.tanh) : first, isCoded: isCoded)
    if first == .binary(.add, clamp: nil) {
      graph.nodes[0].operator = first
      graph.nodes[0].inputs = [graph.inputs[0], graph.inputs[0]]
    }
    let packed = try Packer.pack(graph).graph
    try packed.validate()
    #expect(packed.nodes.contains { if case .integer(.convolution) = $0.operator { true } else { false } })
    for seed in 0..<4 as Range<UInt64> {
      // Values that have codes.
      let inputs = try graph.randomInputs(batch: 2, seed: seed).map { input in
        AnyTensor.float32((input.asFloat32 ?? Tensor(repeating: 0, shape: [])).map { ($0 * 128).rounded() / 128 })
      }
      let found = try GraphEvaluator(packed).outputs(inputs)[0].doubles
      let expected = try GraphEvaluator(graph, roundsToEncodings: true).outputs(inputs)[0].doubles
      for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-5) }
    }
  }
}
