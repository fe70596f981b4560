import Coding
import Graphs
import Kernels
import ModelFormat
import Packing
import Reference
import Runtime
import Tensors
import Testing

@Suite struct StreamedExecutorTests {
  @Test(
    "Weights that stay coded give the reference's bytes", arguments: Networks.all.indices,
    InstructionSet.allCases.filter(\.isAvailable))
  func givesTheBytesOfTheReference(network: Int, instructionSet: InstructionSet) throws {
    let model = try Packer.pack(Networks.all[network].graph.encodedForTest(mixesSigned: false))
    let file = try model.serialized()
    let streamed = try StreamedModel(reading: file, decoding: .stream)
    for (batch, threads) in [(1, 1), (3, 2), (5, 1)] {
      let inputs = try model.graph.inputs.map { id in
        AnyTensor.float32(Tensor.random(try model.graph[id].type.shape(batch: batch), seed: UInt64(batch)))
      }
      let expected = try GraphEvaluator(model.graph).outputs(inputs)
      let executor = try Executor(streamed, batch: batch, threads: threads, instructionSet: instructionSet)
      for _ in 0..<2 { #expect(try executor.run(inputs) == expected, "batch \(batch)") }
    }
  }

  /// Dense, `rows` outputs of `columns` inputs.
  private func dense(rows: Int, columns: Int, _ weights: CodedTensor) throws -> PackedModel {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.uint8, [.batch(1), .fixed(columns)]))
    let id = graph.addConstant("w", .coded(weights))
    let rule = Requantization(
      multipliers: (0..<rows).map { Int32(1_000 + $0) }, offsets: (0..<rows).map { Int64(128 << 20) + Int64($0) },
      shift: 20, codeRange: 0...255)
    let y = try graph.append(.integer(.dense(.codes(rule))), [x, id], name: "dense")
    graph.outputs = [y]
    return PackedModel(graph: graph)
  }

  @Test(
    "Layers of several groups of rows, of every code", arguments: WeightCode.allCases,
    [(150, 1_203), (64, 16), (701, 333)])
  func everyCode(code: WeightCode, size: (Int, Int)) throws {
    let (rows, columns) = size
    var random = SplitMix64(seed: 3)
    let isTernary = code.supports(.ternary) && code != .rans
    let codes = (0..<rows * columns).map { _ in
      random.nextUnit() < 0.6
        ? Int8(0)
        : isTernary
          ? Int8.random(in: 0...1, using: &random) * 2 - 1
          : Int8.random(in: -90...90, using: &random)
    }
    let encoding: Encoding =
      isTernary
      ? .ternary(TernaryEncoding(positiveLevel: 3, negativeLevel: 5, scales: [0.5], axis: nil))
      : .affine(AffineEncoding(scale: 0.5, zeroPoint: 0, isSigned: true))
    let model = try dense(
      rows: rows, columns: columns,
      CodedTensor(codes: Tensor(shape: Shape([rows, columns]), scalars: codes), encoding: encoding))
    let file = try model.serialized(WritingOptions(weightCodes: [code]))
    #expect(try FileLayout(reading: file).constants[0].code == code)
    let streamed = try StreamedModel(reading: file, decoding: .stream)
    #expect(streamed.weights.count == 1)
    for batch in [1, 4] {
      let input = AnyTensor.uint8(
        Tensor(
          shape: Shape([batch, columns]), scalars: (0..<batch * columns).map { UInt8(truncatingIfNeeded: $0 * 37) }))
      let expected = try GraphEvaluator(model.graph).outputs([input])
      let executor = try Executor(streamed, batch: batch)
      #expect(executor.schedule.steps.indices.contains { executor.isStreamed(step: $0) })
      #expect(try executor.run([input]) == expected)
    }
  }

  @Test(
    "Maps of more channels than are packed at a time, with rules that reals hold exactly", arguments: [64, 150, 701])
  func briefRules(outputs: Int) throws {
    var random = SplitMix64(seed: UInt64(outputs))
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.uint8, [.batch(1), 8, 4, 4]))
    let codes = (0..<outputs * 72).map { _ in Int8.random(in: -127...127, using: &random) }
    let weights = graph.addConstant(
      "w",
      .coded(
        CodedTensor(
          codes: Tensor(shape: [outputs, 8, 3, 3], scalars: codes),
          encoding: .affine(AffineEncoding(scale: 0.5, zeroPoint: 0, isSigned: true)))))
    let rule = Requantization(
      multipliers: (0..<outputs).map { Int32(8_000 + 11 * $0) },
      offsets: (0..<outputs).map { Int64(100 * 64 + $0) << 20 },
      shift: 26, codeRange: 0...255)
    let convolution = Convolution(window: Window(kernel: [3, 3]))
    let sums = Operator.integer(.convolution(convolution, zeroPoint: 0, .codes(rule)))
    graph.outputs = [try graph.append(sums, [x, weights], name: "convolution")]
    let model = PackedModel(graph: graph)
    let input = AnyTensor.uint8(
      Tensor(shape: [2, 8, 4, 4], scalars: (0..<256).map { UInt8(truncatingIfNeeded: $0 &* 37) }))
    let expected = try GraphEvaluator(graph).outputs([input])
    let streamed = try StreamedModel(reading: try model.serialized(), decoding: .stream)
    #expect(streamed.weights.count == 1)
    #expect(try Executor(streamed, batch: 2).run([input]) == expected)
    #expect(try Executor(model, batch: 2).run([input]) == expected)
  }

  @Test("A budget decides how many weights stay coded, those first that save most")
  func budget() throws {
    let model = try Packer.pack(Networks.all[0].graph.encodedForTest(mixesSigned: false))
    let file = try model.serialized()
    let all = try StreamedModel(reading: file, decoding: .stream)
    #expect(try StreamedModel(reading: file, decoding: .budget(byteCount: 1 << 30)).weights.isEmpty)
    let shrinking = all.weights.values.count { $0.payload.count < $0.shape.elementCount }
    #expect(try StreamedModel(reading: file, decoding: .budget(byteCount: 0)).weights.count == shrinking)
    let total = model.graph.constants.values.reduce(0) { sum, constant in
      switch constant {
      case .tensor(let tensor): sum + tensor.byteCount
      case .coded(let coded): sum + coded.shape.elementCount
      }
    }
    let some = try StreamedModel(reading: file, decoding: .budget(byteCount: total - 1))
    #expect(some.weights.count >= 1 && some.weights.count < all.weights.count)
    let saved = { (weights: CodedWeights) in weights.shape.elementCount - weights.payload.count }
    let most = all.weights.values.map(saved).max()
    #expect(some.weights.values.map(saved).max() == most)
  }

  @Test("What stays coded decodes to the weights of the model, and takes less memory")
  func weightsAreTheSame() throws {
    let file = try Packer.pack(Networks.all[0].graph.encodedForTest(mixesSigned: false)).serialized()
    let model = try PackedModel(reading: file)
    let streamed = try StreamedModel(reading: file, decoding: .stream)
    #expect(!streamed.weights.isEmpty)
    for (id, weights) in streamed.weights {
      #expect(Constant.coded(try weights.decoded()) == model.graph.constants[id])
    }
    for constant in model.graph.constants where streamed.weights[constant.key] == nil {
      #expect(streamed.model.graph.constants[constant.key] == constant.value)
    }
  }
}
