import Graphs
import ModelFormat
import Packing
import Reference
import Tensors
import Testing

@Suite struct PackerTests {
  @Test(
    "A packed layer gives the codes of the simulated quantization, at most one step apart", arguments: Layer.all,
    [true, false])
  func agreesWithTheSimulation(layer: Layer, isSigned: Bool) throws {
    let graph = try layer.graph.encoded(isSigned: isSigned)
    let packed = try Packer.pack(graph).graph
    try packed.validate()
    guard case .affine(let encoding)? = graph[graph.outputs[0]].encoding else {
      Issue.record("the output has no encoding")
      return
    }
    var (count, equal) = (0, 0)
    for seed in 0..<8 as Range<UInt64> {
      let inputs = try graph.randomInputs(batch: 2, seed: seed)
      let expected = try GraphEvaluator(graph, roundsToEncodings: true).outputs(inputs)[0].doubles
      let found = try GraphEvaluator(packed).outputs(inputs)[0].doubles
      for (a, b) in zip(found, expected) {
        // Real values of codes: whole steps apart up to the rounding of Float.
        let steps = (a - b) / Double(encoding.scales[0])
        #expect(abs(steps) < 1.01)
        count += 1
        if abs(steps) < 0.01 { equal += 1 }
      }
    }
    // They differ where the real value lies close to the middle between two codes.
    #expect(Double(equal) > 0.97 * Double(count))
  }

  @Test("A layer with all its values encoded computes with codes only", arguments: Layer.all)
  func computesWithCodes(layer: Layer) throws {
    let packed = try Packer.pack(layer.graph.encoded(isSigned: false)).graph
    for node in packed.nodes {
      switch node.operator {
      case .quantize: #expect(packed.inputs.contains { $0 == node.inputs[0] })
      case .dequantize: #expect(packed.outputs.contains(node.output))
      default: #expect(packed[node.output].type.elementType == .uint8)
      }
    }
  }

  @Test(
    "Signed codes become unsigned ones with the zero point moved along: the packed model is the same",
    arguments: Layer.all)
  func signDoesNotMatter(layer: Layer) throws {
    let signed = try Packer.pack(layer.graph.encoded(isSigned: true))
    #expect(try signed == Packer.pack(layer.graph.encoded(isSigned: false)))
  }

  @Test("A layer without encodings stays real, with the real values of its weights", arguments: Layer.all)
  func staysReal(layer: Layer) throws {
    var graph = try layer.graph.encoded(isSigned: false)
    for id in graph.inputs + graph.outputs { graph[id].encoding = nil }
    let packed = try Packer.pack(graph).graph
    #expect(packed.nodes.map(\.operator) == layer.graph.nodes.map(\.operator))
    let inputs = try graph.randomInputs(batch: 3, seed: 5)
    #expect(try GraphEvaluator(packed).outputs(inputs) == GraphEvaluator(graph).outputs(inputs))
  }

  @Test("A result without an encoding leaves as reals with all their precision")
  func endsInReals() throws {
    let layer = Layer("dense", .dense(clamp: .relu), inputs: [[20]], constants: [[4, 20], [4]])
    var graph = try layer.graph.encoded(isSigned: true)
    graph[graph.outputs[0]].encoding = nil
    let packed = try Packer.pack(graph).graph
    #expect(packed.nodes.contains { if case .integer(.dense(.real)) = $0.operator { true } else { false } })
    let inputs = try graph.randomInputs(batch: 3, seed: 5)
    let found = try GraphEvaluator(packed).outputs(inputs)[0].doubles
    let expected = try GraphEvaluator(graph, roundsToEncodings: true).outputs(inputs)[0].doubles
    // The integer sum is exact; scale and offset are rounded to Float.
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-5) }
  }

  @Test("Preprocessing and class names go along")
  func carriesMetadata() throws {
    let model = try Packer.pack(Layer.all[0].graph, preprocessing: Preprocessing(scale: 2), classNames: ["a", "b"])
    #expect(model.preprocessing == Preprocessing(scale: 2) && model.classNames == ["a", "b"])
  }
}

@Suite struct RequantizationRangeTests {
  static func range(clamp: Clamp?, encoding: AffineEncoding) throws -> ClosedRange<Int32>? {
    let layer = Layer("dense", .dense(clamp: clamp), inputs: [[8]], constants: [[2, 8]])
    var graph = try layer.graph.encoded(isSigned: false)
    graph[graph.outputs[0]].encoding = .affine(encoding)
    for node in try Packer.pack(graph).graph.nodes {
      if case .integer(.dense(.codes(let rule))) = node.operator { return rule.codeRange }
    }
    return nil
  }

  @Test("A fused clamp narrows the codes; fewer bits do too")
  func narrows() throws {
    let encoding = AffineEncoding(scale: 0.05, zeroPoint: 10, isSigned: false)
    #expect(try Self.range(clamp: nil, encoding: encoding) == 0...255)
    #expect(try Self.range(clamp: .relu, encoding: encoding) == 10...255)
    #expect(try Self.range(clamp: Clamp(lower: 0, upper: 6), encoding: encoding) == 10...130)
    #expect(try Self.range(clamp: Clamp(lower: -100, upper: -0.25), encoding: encoding) == 0...5)
    let four = AffineEncoding(scale: 0.5, zeroPoint: 0, bitWidth: 4, isSigned: false)
    #expect(try Self.range(clamp: nil, encoding: four) == 0...15)
    let signed = AffineEncoding(scale: 0.5, zeroPoint: 0, bitWidth: 4, isSigned: true)
    #expect(try Self.range(clamp: .relu, encoding: signed) == 128...135)
  }
}

@Suite struct BorderTests {
  /// Codes in → dequantize → dense → quantize → codes out.
  static func graph(_ elementType: ElementType) throws -> Graph {
    let isSigned = elementType == .int8
    let layer = Layer("dense", .dense(clamp: nil), inputs: [[8]], constants: [[4, 8], [4]])
    let inside = try layer.graph.encoded(isSigned: isSigned)
    guard case .affine(let first)? = inside[inside.inputs[0]].encoding,
      case .affine(let last)? = inside[inside.outputs[0]].encoding
    else { return inside }
    var graph = Graph()
    let codes = graph.addInput("codes", TensorType(elementType, [.batch(1), 8]))
    var operands: [ValueID?] = [try graph.append(.dequantize(first), [codes], name: "enter")]
    for id in inside.nodes[0].inputs.dropFirst() {
      guard let id, let constant = inside.constants[id] else { continue }
      operands.append(graph.addConstant(inside[id].name, constant))
    }
    let sum = try graph.append(.dense(clamp: nil), operands, name: "layer")
    graph[sum].encoding = .affine(last)
    graph.outputs = [try graph.append(.quantize(last, elementType), [sum], name: "leave")]
    return graph
  }

  @Test(
    "A graph from codes to codes of a type stays one, without reals between", arguments: [ElementType.int8, .uint8])
  func staysInCodes(elementType: ElementType) throws {
    let graph = try Self.graph(elementType)
    let packed = try Packer.pack(graph).graph
    try packed.validate()
    #expect(packed[packed.inputs[0]].type == TensorType(elementType, [.batch(1), 8]))
    #expect(packed[packed.outputs[0]].type == TensorType(elementType, [.batch(1), 4]))
    #expect(packed[packed.outputs[0]].name == graph[graph.outputs[0]].name)
    #expect(packed.nodes.allSatisfy { packed[$0.output].type.elementType != .float32 })
    for seed in 0..<16 as Range<UInt64> {
      var generator = SplitMix64(seed: seed)
      let bytes = (0..<24).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      let input: AnyTensor =
        elementType == .uint8
        ? .uint8(Tensor(shape: [3, 8], scalars: bytes))
        : .int8(Tensor(shape: [3, 8], scalars: bytes.map { Int8(bitPattern: $0) }))
      let found = try GraphEvaluator(packed).outputs([input])[0]
      let expected = try GraphEvaluator(graph).outputs([input])[0]
      #expect(found.elementType == elementType)
      for (a, b) in zip(found.integers ?? [], expected.integers ?? []) { #expect(abs(a - b) <= 1) }
    }
  }
}

@Suite struct WeightTests {
  static func packed(_ weights: CodedTensor) throws -> (found: [Double], expected: [Double], graph: Graph) {
    let layer = Layer("dense", .dense(clamp: nil), inputs: [[weights.shape[1]]], constants: [weights.shape])
    var graph = try layer.graph.encoded(isSigned: false)
    guard let id = graph.nodes[0].inputs[1] else { return ([], [], graph) }
    graph.constants[id] = .coded(weights)
    graph[graph.outputs[0]].encoding = nil
    let packed = try Packer.pack(graph).graph
    let inputs = try graph.randomInputs(batch: 3, seed: 5)
    return (
      try GraphEvaluator(packed).outputs(inputs)[0].doubles,
      try GraphEvaluator(graph, roundsToEncodings: true).outputs(inputs)[0].doubles, packed
    )
  }

  @Test("Ternary, binary and small codes keep their values", arguments: 0..<4)
  func keepsValues(seed: UInt64) throws {
    let reals = Tensor.random([4, 12], seed: seed)
    let ternary = TernaryEncoding(positiveLevel: 90, negativeLevel: 127, scales: [0.01], axis: nil)
    let binary = AffineEncoding(scale: 0.3, bitWidth: 1, isSigned: true)
    let four = AffineEncoding(
      scales: [0.1, 0.2, 0.05, 0.15], zeroPoints: [0, 0, 0, 0], axis: 0, bitWidth: 4, isSigned: true)
    for weights in [
      CodedTensor(codes: reals.map { $0 > 0.3 ? 1 : $0 < -0.3 ? -1 : 0 }, encoding: .ternary(ternary)),
      CodedTensor(codes: reals.map { $0 > 0 ? 1 : -1 }, encoding: .affine(binary)),
      CodedTensor(codes: reals.map { Int8(($0 * 7).rounded()) }, encoding: .affine(four)),
    ] {
      let (found, expected, graph) = try Self.packed(weights)
      // Multipliers hold the scales; codes and levels stay.
      let stored = graph.constants.values.compactMap { if case .coded(let coded) = $0 { coded } else { nil } }
      #expect(stored.map(\.codes) == [weights.codes] && stored.map(\.levels) == [weights.levels])
      for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-4) }
    }
  }

  @Test("Weights with zero points, or scales along another axis, are coded anew per channel", arguments: 0..<4)
  func codesAnew(seed: UInt64) throws {
    let codes = Tensor.random([4, 12], seed: seed).map { Int8(($0 * 127).rounded()) }
    let shifted = AffineEncoding(scale: 0.01, zeroPoint: -30, isSigned: true)
    let across = AffineEncoding(
      scales: [Float](repeating: 0.01, count: 12), zeroPoints: [Int32](repeating: 0, count: 12), axis: 1, bitWidth: 8,
      isSigned: true)
    for encoding in [shifted, across] {
      let weights = CodedTensor(codes: codes, encoding: .affine(encoding))
      let (found, expected, _) = try Self.packed(weights)
      // Each of 12 weights moves by half a step of at most 1.57 / 127, times an input of at most 1.
      for (a, b) in zip(found, expected) { #expect(abs(a - b) < 12 * 0.5 * 1.58 / 127) }
    }
  }
}

@Suite struct RefusalTests {
  /// A dense layer of two channels, the second with `count` weights of 127.
  static func graph(weightsOf127 count: Int) throws -> Graph {
    var graph = Graph()
    let encoding = Encoding.affine(AffineEncoding(scale: 0.01, isSigned: false))
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), .fixed(count)]))
    graph[x].encoding = encoding
    let codes = [Int8](repeating: 1, count: count) + [Int8](repeating: 127, count: count)
    let coded = CodedTensor(
      codes: Tensor(shape: Shape(2, count), scalars: codes),
      encoding: .affine(AffineEncoding(scale: 1e-6, isSigned: true)))
    let sum = try graph.append(.dense(clamp: nil), [x, graph.addConstant("weights", .coded(coded))], name: "wide")
    graph[sum].encoding = encoding
    graph.outputs = [sum]
    return graph
  }

  @Test("A sum that could leave 32 bits is refused by layer and channel, one below is taken")
  func refusesOverflow() throws {
    // 255 · 127 · 66,312 is the first above 2^31 − 1.
    #expect(throws: PackingError.accumulatorOverflow(node: "wide", channel: 1)) {
      _ = try Packer.pack(Self.graph(weightsOf127: 66_312))
    }
    _ = try Packer.pack(Self.graph(weightsOf127: 66_311))
  }

  @Test("Scales without an integer form are refused by layer")
  func refusesScales() throws {
    var graph = try Self.graph(weightsOf127: 3)
    graph[graph.outputs[0]].encoding = .affine(AffineEncoding(scale: 1e-30, isSigned: false))
    #expect(throws: PackingError.requantization(node: "wide")) { _ = try Packer.pack(graph) }
  }

  @Test("Refusals say what to do")
  func sentences() {
    #expect(
      "\(PackingError.accumulatorOverflow(node: "wide", channel: 1))"
        == "layer 'wide': the sum of output channel 1 can leave 32 bits. Leave this layer in float32.")
    #expect(
      "\(PackingError.requantization(node: "wide"))"
        == "layer 'wide': its scales have no integer form (a factor of 2^30 or more between input and output). "
        + "Calibrate with other data, or leave this layer in float32.")
  }
}
