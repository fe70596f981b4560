import Compression
import Graphs
import Quantizers
import Reference
import Tensors
import Testing

@Suite struct PostTrainingQuantizerTests {
  func encoded(_ graph: Graph, _ options: QuantizationOptions = .init()) throws -> Graph {
    let source = ActivationSource.reference(batches: SmallNetworks.pictures(16, seed: 100))
    let result = try PostTrainingQuantizer(options).quantized(graph, calibration: source)
    try result.validate()
    return result
  }

  /// Signal-to-noise ratio of the outputs over other pictures than those of calibration.
  func outputRatio(_ real: Graph, _ encoded: Graph) throws -> Double {
    let simulated = try encoded.simulatingQuantization().graph
    var (before, after): ([Float], [Float]) = ([], [])
    for batch in SmallNetworks.pictures(16, seed: 900) {
      before += try #require(GraphEvaluator(real).outputs(batch)[0].asFloat32).scalars
      after += try #require(GraphEvaluator(simulated).outputs(batch)[0].asFloat32).scalars
    }
    return SignalToNoise.ratio(before, after)
  }

  @Test(
    "A network in 8 bits keeps its results, whatever the calibration", arguments: ["min-max", "mse"], UInt64(0)..<3)
  func eightBits(calibrator: String, seed: UInt64) throws {
    let graph = try SmallNetworks.residual(seed: seed)
    let kind = try #require(CalibratorKind.named(calibrator))
    // 8 bits give about 50 dB at one value less the share of a range that is used; five layers cost about 10.
    #expect(try outputRatio(graph, encoded(graph, .init(calibrator: kind))) > 30)
  }

  @Test("Fewer bits lose more, and all kinds of weights go the same way")
  func fewerBits() throws {
    let graph = try SmallNetworks.residual(seed: 1)
    var ratios: [String: Double] = [:]
    for kind in WeightQuantizerKind.all {
      let result = try encoded(graph, .init(weights: kind, endWeights: nil))
      for name in ["first", "depthwise", "point", "dense"] {
        let node = try #require(result.nodes.first { $0.name == name })
        guard case .coded(let coded)? = result.constant(node.inputs[1]) else {
          Issue.record("\(name) is not coded")
          continue
        }
        // Codes of a codebook are some of the 8-bit ones; the file has fewer bits of them.
        #expect(coded.encoding.bitsPerCode == (kind.name.hasPrefix("codebook") ? 8 : kind.bitsPerWeight))
      }
      ratios[kind.name] = try outputRatio(graph, result)
    }
    let (int8, int4, int2) = (ratios["int8"] ?? 0, ratios["int4"] ?? 0, ratios["int2"] ?? 0)
    #expect(int8 > int4 + 6 && int4 > int2)
  }

  @Test("Codes go up to the last layer, whose result is real")
  func whereCodesAre() throws {
    let graph = try encoded(SmallNetworks.residual(seed: 2))
    #expect(graph[graph.inputs[0]].encoding != nil)
    for node in graph.nodes { #expect((graph[node.output].encoding != nil) == (node.name != "dense"), "\(node.name)") }
    #expect(graph.constants.values.count { if case .coded = $0 { true } else { false } } == 4)
  }

  @Test("Operators that only move codes share their operand's encoding")
  func movesShare() throws {
    let graph = try encoded(SmallNetworks.residual(seed: 2))
    func encoding(_ name: String) throws -> Encoding? { graph[try #require(graph.result(name))].encoding }
    #expect(try encoding("largest") == encoding("sum"))
    #expect(try encoding("flat") == encoding("mean"))
    #expect(try encoding("mean") != encoding("sum"))
  }

  @Test("Results of a ReLU have zero point 0")
  func reluRanges() throws {
    let graph = try encoded(SmallNetworks.residual(seed: 2))
    for name in ["first", "depthwise", "sum"] {
      guard case .affine(let affine)? = graph[try #require(graph.result(name))].encoding else {
        Issue.record("\(name) has no encoding")
        continue
      }
      #expect(affine.zeroPoints == [0] && !affine.isSigned && affine.bitWidth == 8)
    }
  }

  @Test("Concatenated values share one encoding that covers all")
  func concatenation() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 3, 8, 8]))
    let operands = [
      try graph.convolve(x, "a", [4, 3, 1, 1], clamp: .relu, seed: 1),
      try graph.convolve(x, "b", [4, 3, 3, 3], seed: 2),
    ]
    let joined = try graph.append(.concatenation(axis: 1), operands, name: "both")
    graph.outputs = [try graph.convolve(joined, "last", [2, 8, 1, 1], seed: 3)]
    let real = PostTrainingQuantizer().prepared(graph)
    let result = try encoded(graph, .init(calibrator: .minMax))
    let (a, b, both) = try (
      #require(result.result("a")), #require(result.result("b")), #require(result.result("both"))
    )
    #expect(result[a].encoding == result[b].encoding && result[a].encoding == result[both].encoding)
    guard case .affine(let shared)? = result[both].encoding else {
      Issue.record("not coded")
      return
    }
    let parts = try [("a", a), ("b", b)].map { _, id in
      var extremes: (Float, Float) = (0, 0)
      for batch in SmallNetworks.pictures(16, seed: 100) {
        _ = try GraphEvaluator(real).outputs(batch) { value, tensor in
          guard value == id, let scalars = tensor.asFloat32?.scalars else { return }
          extremes = (min(extremes.0, scalars.min() ?? 0), max(extremes.1, scalars.max() ?? 0))
        }
      }
      return extremes
    }
    let range = shared.realRange()
    let step = shared.scales[0]
    #expect((range.lowerBound - parts.map(\.0).reduce(0, min)).magnitude <= step)
    #expect((range.upperBound - parts.map(\.1).reduce(0, max)).magnitude <= step)
  }

  @Test("What leads to outputs only stays real, bounded functions have fixed encodings")
  func outputsAndBounds() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 3, 8, 8]))
    let a = try graph.convolve(x, "a", [4, 3, 1, 1], seed: 1)
    let b = try graph.convolve(x, "b", [4, 3, 1, 1], seed: 2)
    let gate = try graph.append(.unary(.sigmoid), [b], name: "gate")
    let gated = try graph.append(.binary(.multiply, clamp: nil), [a, gate], name: "gated")
    let c = try graph.convolve(gated, "c", [4, 4, 1, 1], seed: 3)
    graph.outputs = [try graph.append(.softmax(axis: 1, isLogarithmic: false), [c], name: "softmax")]
    let result = try encoded(graph)
    func encoding(_ name: String) throws -> Encoding? { result[try #require(result.result(name))].encoding }
    #expect(try encoding("gate") == .affine(AffineEncoding(scale: 1 / 256, isSigned: false)))
    #expect(try encoding("gated") != nil)
    #expect(try encoding("c") == nil)
    #expect(try encoding("softmax") == nil)
  }

  @Test("Overrides choose by number and by name, and later ones win")
  func overrides() throws {
    let graph = try SmallNetworks.residual(seed: 3)
    let result = try encoded(
      graph,
      .init(overrides: [
        try LayerOverride(parsing: "*=int4"), try LayerOverride(parsing: "1=real"),
        try LayerOverride(parsing: "p?int=ternary"),
      ]))
    func bits(_ name: String) -> Int? {
      guard let node = result.nodes.first(where: { $0.name == name }),
        case .coded(let coded)? = result.constant(node.inputs[1])
      else { return nil }
      return coded.encoding.bitsPerCode
    }
    #expect(bits("first") == 4 && bits("depthwise") == nil && bits("point") == 2 && bits("dense") == 4)
    #expect(result.constant(result.nodes[1].inputs[1]) == graph.constant(graph.nodes[1].inputs[1]))
    // A real layer still hands codes to the next.
    #expect(result[try #require(result.result("depthwise"))].encoding != nil)
  }

  @Test("First and last layers keep 8 bits unless told otherwise")
  func ends() throws {
    let result = try encoded(SmallNetworks.residual(seed: 3), .init(weights: .ternary))
    let bits = result.nodes.compactMap { node -> Int? in
      guard node.inputs.count > 1, case .coded(let coded)? = result.constant(node.inputs[1]) else { return nil }
      return coded.encoding.bitsPerCode
    }
    #expect(bits == [8, 2, 2, 8])
  }

  @Test("Encodings that came with the graph are kept, asymmetric weights are coded again")
  func givenEncodings() throws {
    var graph = PostTrainingQuantizer().prepared(try SmallNetworks.residual(seed: 4))
    let given = Encoding.affine(AffineEncoding(scale: 0.05, zeroPoint: 3, isSigned: false))
    let sum = try #require(graph.result("sum"))
    graph[sum].encoding = given
    let point = try #require(graph.nodes.first { $0.name == "point" })
    let weights = try #require(point.inputs[1])
    let asymmetric = AffineEncoding(scale: 0.02, zeroPoint: -7, isSigned: true)
    let codes = Tensor<Int8>(shape: [8, 8, 1, 1], scalars: (0..<64).map { Int8($0) })
    graph.constants[weights] = .coded(CodedTensor(codes: codes, encoding: .affine(asymmetric)))
    let result = try encoded(graph)
    #expect(result[sum].encoding == given)
    #expect(result[try #require(result.result("largest"))].encoding == given)
    let node = try #require(result.nodes.first { $0.name == "point" })
    guard case .coded(let coded)? = result.constant(node.inputs[1]), case .affine(let affine) = coded.encoding else {
      Issue.record("not coded")
      return
    }
    #expect(affine.zeroPoints.allSatisfy { $0 == 0 } && affine.axis == 0 && affine.scales.count == 8)
    let real = CodedTensor(codes: codes, encoding: .affine(asymmetric)).decoded
    #expect(SignalToNoise.ratio(real.scalars, coded.decoded.scalars) > 40)
  }

  @Test("Weights that two layers share stay one constant where they can, and are copied where they differ")
  func sharedWeights() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 3, 8, 8]))
    let a = try graph.convolve(x, "a", [3, 3, 1, 1], seed: 1)
    let node = graph.nodes[0]
    graph.outputs = [try graph.append(node.operator, [a] + node.inputs.dropFirst(), name: "b")]
    let result = try encoded(graph, .init(overrides: [try LayerOverride(parsing: "b=real")]))
    #expect(result.constant(result.nodes[1].inputs[1]) == graph.constant(node.inputs[1]))
    guard case .coded? = result.constant(result.nodes[0].inputs[1]) else {
      Issue.record("not coded")
      return
    }
  }

  @Test("Errors name what to repair")
  func errors() throws {
    let graph = try SmallNetworks.residual(seed: 5)
    #expect(throws: CompressionError.noSuchLayer(.index(9), layerCount: 4)) {
      try encoded(graph, .init(overrides: [LayerOverride(.index(9), .real)]))
    }
    #expect(throws: CompressionError.override("conv1:real")) { try LayerOverride(parsing: "conv1:real") }
    #expect(
      CompressionError.override("x=int9").description
        == "'x=int9' is no override. Write LAYER=real or LAYER=KIND, with KIND one of int8, codebook5, codebook4, int4, int2, ternary, binary."
    )
    #expect(throws: CompressionError.noSamples(value: "picture")) {
      try PostTrainingQuantizer().quantized(graph, calibration: .reference(batches: []))
    }
    var broken = SmallNetworks.pictures(1, seed: 1)
    broken[0][0] = .float32(Tensor(repeating: .nan, shape: [1, 3, 8, 8]))
    #expect(throws: CompressionError.notFinite(value: "picture", count: 192)) {
      try PostTrainingQuantizer().quantized(graph, calibration: .reference(batches: broken))
    }
  }
}
