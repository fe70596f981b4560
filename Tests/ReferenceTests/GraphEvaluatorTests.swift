import Graphs
import Reference
import Tensors
import Testing

@Suite struct GraphEvaluatorTests {
  /// y = relu(x · 2 + 1), with x of any batch.
  private func graph() throws -> (Graph, [ValueID]) {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 2]))
    let two = graph.addConstant("two", .float32(Tensor(2)))
    let one = graph.addConstant("one", .float32(Tensor(1)))
    let product = try graph.append(.binary(.multiply, clamp: nil), [x, two], name: "double")
    let sum = try graph.append(.binary(.add, clamp: nil), [product, one], name: "add")
    let y = try graph.append(.unary(.relu), [sum], name: "relu")
    graph.outputs = [y, product]
    return (graph, [x, product, sum, y])
  }

  @Test("The batch comes from the input", arguments: [1, 3])
  func batches(batch: Int) throws {
    let (graph, ids) = try graph()
    let x = Tensor<Float>.random([batch, 2], seed: 1)
    var seen: [ValueID] = []
    let outputs = try GraphEvaluator(graph).outputs([.float32(x)]) { id, _ in seen.append(id) }
    #expect(outputs[0] == .float32(x.map { max($0 * 2 + 1, 0) }))
    #expect(outputs[1] == .float32(x.map { $0 * 2 }))
    #expect(seen == ids)
  }

  @Test func inputsThatDoNotFitAreNamed() throws {
    let (graph, _) = try graph()
    #expect(throws: ReferenceError(.inputCount(expected: 1, found: 0))) { try GraphEvaluator(graph).outputs([]) }
    let wrong = #expect(throws: ReferenceError.self) {
      try GraphEvaluator(graph).outputs([.float32(Tensor(repeating: 0, shape: [1, 3]))])
    }
    #expect(wrong?.description == "input 'x' is float32 [1, 3], but the network takes float32 [N, 2]")
  }

  @Test func failuresNameTheirNode() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.int32, [1]))
    graph.outputs = [try graph.append(.binary(.divide, clamp: nil), [x, x], name: "ratio")]
    let error = #expect(throws: ReferenceError.self) {
      try GraphEvaluator(graph).outputs([.int32(Tensor(repeating: 0, shape: [1]))])
    }
    #expect(error?.description == "node 'ratio': a whole number is divided by zero")
  }

  @Test func encodingsRoundIfAsked() throws {
    var (graph, ids) = try graph()
    let x = Tensor<Float>(shape: [1, 2], scalars: [0.3, 0.6])
    graph[ids[0]].encoding = .affine(AffineEncoding(scale: 0.25, isSigned: false))
    let plain = try GraphEvaluator(graph).outputs([.float32(x)])
    #expect(plain[1] == .float32(x.map { $0 * 2 }))
    let rounded = try GraphEvaluator(graph, roundsToEncodings: true).outputs([.float32(x)])
    #expect(rounded[1].doubles == [0.5, 1])
  }
}
