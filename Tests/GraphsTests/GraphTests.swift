import Graphs
import Tensors
import Testing

/// x `[N, 4]` → dense to 3 → ReLU.
func smallGraph() throws -> Graph {
  var graph = Graph()
  let x = graph.addInput("x", TensorType(.float32, [.batch(1), 4]))
  let weights = graph.addConstant("weights", .float32(Tensor(repeating: 1, shape: [3, 4])))
  let sum = try graph.append(.dense(clamp: nil), [x, weights], name: "sum")
  graph.outputs = [try graph.append(.unary(.relu), [sum], name: "relu")]
  return graph
}

@Suite struct GraphValidationTests {
  /// The error of a graph that was sound before `damage`.
  static func error(_ damage: (inout Graph) -> Void) throws -> GraphError? {
    var graph = try smallGraph()
    damage(&graph)
    do throws(GraphError) {
      try graph.validate()
      return nil
    } catch {
      return error
    }
  }

  @Test("A graph built by appending is valid")
  func acceptsSound() throws {
    #expect(try Self.error { _ in } == nil)
  }

  @Test("Operands, results and outputs that do not exist are refused, also negative ones", arguments: [4, -1, Int.max])
  func refusesUndefined(index: Int) throws {
    #expect(
      try Self.error { $0.nodes[1].inputs[0] = ValueID(index) } == GraphError(.undefinedOperand(index), node: "relu"))
    #expect(
      try Self.error { $0.nodes[1].output = ValueID(index) } == GraphError(.undefinedOperand(index), node: "relu"))
    #expect(try Self.error { $0.outputs = [ValueID(index)] } == GraphError(.undefinedOperand(index)))
    #expect(try Self.error { $0.inputs.append(ValueID(index)) } == GraphError(.undefinedOperand(index)))
    #expect(
      try Self.error { $0.constants[ValueID(index)] = .tensor(.float32(Tensor(0))) }
        == GraphError(.undefinedOperand(index)))
  }

  @Test("A value used before it is computed is refused")
  func refusesDisorder() throws {
    #expect(try Self.error { $0.nodes.swapAt(0, 1) } == GraphError(.order(value: 2), node: "relu"))
    #expect(try Self.error { $0.nodes.removeLast() } == GraphError(.order(value: 3)))
    #expect(try Self.error { $0.nodes[1].inputs[0] = ValueID(3) } == GraphError(.order(value: 3), node: "relu"))
  }

  @Test("A value with two origins is refused")
  func refusesTwoOrigins() throws {
    let twice = GraphError.Problem.mismatch("value 2 is computed twice")
    #expect(try Self.error { $0.nodes[1].output = ValueID(2) } == GraphError(twice, node: "relu"))
    #expect(
      try Self.error { $0.inputs.append(ValueID(1)) } == GraphError(.mismatch("value 1 is computed twice"), node: ""))
  }

  @Test("A declared type that is not the inferred one is refused")
  func refusesTypes() throws {
    let wrong = TensorType(.float32, [.batch(1), 5])
    let right = TensorType(.float32, [.batch(1), 3])
    #expect(
      try Self.error { $0.values[3].type = wrong } == GraphError(.type(declared: wrong, inferred: right), node: "relu"))
    #expect(
      try Self.error { $0.values[1].type = wrong }
        == GraphError(.type(declared: wrong, inferred: TensorType(.float32, [3, 4])), node: "weights"))
  }

  @Test("Appending names the node whose operands do not fit, and leaves the graph as it was")
  func appendThrows() throws {
    var graph = try smallGraph()
    let before = graph
    #expect(throws: GraphError(.missingOperand(0), node: "bad")) { try graph.append(.unary(.relu), [nil], name: "bad") }
    #expect(throws: GraphError(.undefinedOperand(77), node: "bad")) {
      try graph.append(.unary(.relu), [ValueID(77)], name: "bad")
    }
    #expect(graph == before)
  }

  @Test("Errors say what, where and which")
  func sentences() throws {
    let error = GraphError(.operandCount(expected: 2...3, found: 1), node: "conv")
    #expect("\(error)" == "node 'conv': takes 2 to 3 operands, not 1")
    #expect("\(GraphError(.order(value: 3)))" == "value 3 is used before it is computed")
    let declared = TensorType(.float32, [.batch(4), 3])
    #expect(
      "\(GraphError(.type(declared: declared, inferred: TensorType(.uint8, [])), node: "n"))"
        == "node 'n': result declared as float32 [4N, 3] but inferred as uint8 []")
  }
}

@Suite struct WorkTests {
  /// The network of LeCun's 1998 paper in the shape commonly used: 28 x 28 pictures, padding 2 in the first layer.
  static func leNet() throws -> Graph {
    var graph = Graph()
    var x = graph.addInput("picture", TensorType(.float32, [.batch(1), 1, 28, 28]))
    let pool = Operator.pooling(Pooling(kind: .average, window: Window(kernel: [2, 2], strides: [2, 2])))
    func weights(_ graph: inout Graph, _ shape: Shape) -> [ValueID] {
      [
        graph.addConstant("weights", .float32(Tensor(repeating: 0, shape: shape))),
        graph.addConstant("bias", .float32(Tensor(repeating: 0, shape: [shape[0]]))),
      ]
    }
    for (channels, shape, padding) in [(6, [6, 1, 5, 5] as Shape, 2), (16, [16, 6, 5, 5], 0)] {
      let window = Window(kernel: [5, 5], paddingBefore: [padding, padding], paddingAfter: [padding, padding])
      let operands = [x] + weights(&graph, shape)
      x = try graph.append(.convolution(Convolution(window: window, clamp: .relu)), operands, name: "c\(channels)")
      x = try graph.append(pool, [x], name: "s\(channels)")
    }
    x = try graph.append(.reshape([.batch(1), 400]), [x], name: "flat")
    for shape: Shape in [[120, 400], [84, 120], [10, 84]] {
      x = try graph.append(.dense(clamp: .relu), [x] + weights(&graph, shape), name: "f\(shape[0])")
    }
    graph.outputs = [x]
    return graph
  }

  @Test("LeNet-5 has 61,706 parameters and 416,520 multiplications, layer by layer")
  func leNetCounts() throws {
    let graph = try Self.leNet()
    try graph.validate()
    // 28·28·6·25, 10·10·16·150, 400·120, 120·84, 84·10.
    #expect(graph.nodes.map(graph.macCount).filter { $0 > 0 } == [117_600, 240_000, 48_000, 10_080, 840])
    #expect(graph.macCount == 416_520)
    // 156 + 2416 + 48,120 + 10,164 + 850.
    #expect(graph.parameterCount == 61_706)
  }

  @Test("A group sees only its own channels; a transposed convolution works once per input element")
  func groupedAndTransposed() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 8, 10]))
    let depthwise = graph.addConstant("d", .float32(Tensor(repeating: 0, shape: [8, 1, 3])))
    let upsampling = graph.addConstant("u", .float32(Tensor(repeating: 0, shape: [8, 2, 4])))
    try graph.append(.convolution(Convolution(window: Window(kernel: [3]), groups: 8)), [x, depthwise], name: "a")
    let transposed = TransposedConvolution(window: Window(kernel: [4], strides: [2]), outputPadding: [0])
    try graph.append(.transposedConvolution(transposed), [x, upsampling], name: "b")
    #expect(graph.nodes.map(graph.macCount) == [8 * 8 * 3, 8 * 10 * 2 * 4])
  }

  @Test("A matrix product multiplies every row by every column")
  func matrixProduct() throws {
    var graph = Graph()
    let a = graph.addInput("a", TensorType(.float32, [5, 2, 3]))
    let b = graph.addInput("b", TensorType(.float32, [3, 4]))
    try graph.append(.matrixProduct, [a, b], name: "product")
    #expect(graph.macCount == 5 * 2 * 3 * 4)
  }

  @Test("Weight codes count as parameters")
  func codedParameters() throws {
    var graph = Graph()
    let codes = Tensor<Int8>(repeating: 1, shape: [3, 4])
    _ = graph.addConstant(
      "w", .coded(CodedTensor(codes: codes, encoding: .affine(AffineEncoding(scale: 1, isSigned: true)))))
    _ = graph.addConstant("shape", .int64(Tensor(repeating: 1, shape: [9])))
    #expect(graph.parameterCount == 12)
  }
}

@Suite struct DimensionTests {
  @Test("A type has a shape for each batch size, or says that it is too large")
  func shapes() throws {
    let type = TensorType(.float32, [.batch(2), 3])
    #expect(try type.shape(batch: 4) == [8, 3])
    #expect(type.fixedShape == nil && TensorType(.float32, [2, 3]).fixedShape == [2, 3])
    #expect(throws: ShapeError.tooLarge([2, .max])) { _ = try type.shape(batch: .max) }
    #expect(throws: ShapeError.self) { _ = try type.shape(batch: .max / 2) }
  }

  @Test("A batch dimension broadcasts with itself and with one only")
  func broadcasts() {
    let n = Dimension.batch(1)
    #expect([n, 3].broadcast(with: [1, 3]) == [n, 3])
    #expect([n, 3].broadcast(with: [n, 1]) == [n, 3])
    #expect([n, 3].broadcast(with: [.batch(2), 3]) == nil)
    #expect([n, 3].broadcast(with: [4, 3]) == nil)
  }
}
