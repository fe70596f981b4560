import Graphs
import Passes
import Reference
import Tensors
import Testing

/// A graph in the making, with random constants.
struct Sketch {
  var graph = Graph()
  var seed: UInt64 = 1

  mutating func input(_ dimensions: [Dimension], _ elementType: ElementType = .float32) -> ValueID {
    graph.addInput("input\(graph.inputs.count)", TensorType(elementType, dimensions))
  }

  mutating func random(_ shape: Shape, in range: ClosedRange<Float> = -1...1) -> ValueID {
    seed += 1
    return constant(.random(shape, in: range, seed: seed))
  }

  mutating func constant(_ tensor: Tensor<Float>) -> ValueID {
    graph.addConstant("constant\(graph.values.count)", .float32(tensor))
  }

  mutating func scalar(_ value: Float) -> ValueID { constant(Tensor(value)) }

  mutating func node(_ operator: Operator, _ inputs: ValueID?...) throws -> ValueID {
    try graph.append(`operator`, inputs, name: "\(`operator`.kind) \(graph.nodes.count)")
  }

  /// A 3 × 3 convolution with padding of 1 and without bias.
  mutating func convolution(_ x: ValueID, from channels: Int, to outputs: Int, padding: Int = 1) throws -> ValueID {
    let sides = [padding, padding]
    let window = Window(kernel: [3, 3], paddingBefore: sides, paddingAfter: sides)
    return try node(.convolution(Convolution(window: window)), x, random([outputs, channels, 3, 3]))
  }

  mutating func batchNormalization(_ x: ValueID, channels: Int) throws -> ValueID {
    try node(
      .batchNormalization(epsilon: 1e-5), x, random([channels]), random([channels]), random([channels]),
      random([channels], in: 0.5...2))
  }
}

extension Graph {
  /// The kinds of the nodes, in order.
  var kinds: [Operator.Kind] { nodes.map(\.operator.kind) }

  /// Random inputs for a batch of 2: small whole numbers where codes are asked for.
  func randomInputs(seed: UInt64) throws -> [AnyTensor] {
    try inputs.enumerated().map { index, id in
      let type = self[id].type
      let reals = Tensor<Float>.random(try type.shape(batch: 2), in: -2...2, seed: seed + UInt64(index))
      guard type.elementType != .float32 else { return .float32(reals) }
      let scaled = reals.map { $0 * 60 + (type.elementType == .uint8 ? 125 : 0) }
      return try Reference.evaluate(.cast(type.elementType), [.tensor(.float32(scaled))])
    }
  }
}

/// Expects a rewritten graph to be well-formed, to keep inputs and outputs, and to compute the same.
///
/// - Parameter tolerance: relative to the largest magnitude of an output; 0 where the rewriting is exact.
func expectSame(
  _ rewritten: Graph, as graph: Graph, tolerance: Double = 0, roundsToEncodings: Bool = false, seed: UInt64 = 7,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  try rewritten.validate()
  #expect(rewritten.inputs.map { rewritten[$0].type } == graph.inputs.map { graph[$0].type })
  #expect(rewritten.outputs.map { rewritten[$0].name } == graph.outputs.map { graph[$0].name })
  let inputs = try graph.randomInputs(seed: seed)
  let expected = try GraphEvaluator(graph, roundsToEncodings: roundsToEncodings).outputs(inputs)
  let found = try GraphEvaluator(rewritten, roundsToEncodings: roundsToEncodings).outputs(inputs)
  for (a, b) in zip(expected, found) {
    #expect(a.elementType == b.elementType && a.shape == b.shape, sourceLocation: sourceLocation)
    let scale = a.doubles.reduce(0) { max($0, abs($1)) }
    let difference = zip(a.doubles, b.doubles).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(difference <= tolerance * scale, sourceLocation: sourceLocation)
  }
}

/// Weights rounded once after folding, and sums rounded in other places: some units in the last place (6e-8).
let reassociation = 2e-6
