import Graphs
import Kernels
import Reference
import Runtime
import Tensors
import Testing

@Suite struct BinaryNetworkTests {
  /// Signs of codes, a padded convolution, its signs, one of stride 2 in groups, its signs, a dense layer; weights −1 and +1.
  private func network(channels: Int, seed: UInt64) throws -> Graph {
    var generator = SplitMix64(seed: seed)
    var graph = Graph()
    func weights(_ shape: Shape) -> ValueID {
      let codes = (0..<shape.elementCount).map { _ in Int8(generator.next() >> 40 & 1) * 2 - 1 }
      let encoding = Encoding.affine(AffineEncoding(scale: 1, bitWidth: 1, isSigned: true))
      return graph.addConstant(
        "weights", .coded(CodedTensor(codes: Tensor(shape: shape, scalars: codes), encoding: encoding)))
    }
    func rule(_ outputs: Int) -> SumResult {
      .codes(
        Requantization(
          multipliers: (0..<outputs).map { Int32(1 << 20 + ($0 % 3) << 18) },
          offsets: (0..<outputs).map { Int64($0 % 7) << 22 }, shift: 21, codeRange: 0...255))
    }
    let signs = Operator.integer(.lookup(LookupTable(results: (0...255).map { $0 < 20 ? 0 : 2 })))
    let x = graph.addInput("x", TensorType(.uint8, [.batch(1), .fixed(channels), .fixed(9), .fixed(9)]))
    var value = try graph.append(signs, [x], name: "signs")
    let padded = Window(kernel: [3, 3], strides: [1, 1], paddingBefore: [1, 1], paddingAfter: [1, 1])
    value = try graph.append(
      .integer(.convolution(Convolution(window: padded), zeroPoint: 1, rule(34))),
      [value, weights(Shape(34, channels, 3, 3))], name: "padded")
    value = try graph.append(signs, [value], name: "signs")
    let grouped = Convolution(window: Window(kernel: [2, 3], strides: [2, 2]), groups: 2)
    value = try graph.append(
      .integer(.convolution(grouped, zeroPoint: 1, rule(16))), [value, weights(Shape(16, 17, 2, 3))], name: "grouped")
    value = try graph.append(signs, [value], name: "signs")
    value = try graph.append(.reshape([.batch(1), .fixed(16 * 4 * 4)]), [value], name: "flat")
    let reals = SumResult.real(scales: Array(repeating: 0.5, count: 10), offsets: (0..<10).map(Float.init))
    value = try graph.append(.integer(.dense(reals)), [value, weights(Shape(10, 256))], name: "dense")
    graph.outputs = [value]
    return graph
  }

  @Test(
    "A network of signs gives the reference's values by counting bits, on every instruction set",
    arguments: [3, 8, 21, 64], InstructionSet.allCases.filter(\.isAvailable))
  func counts(channels: Int, instructionSet: InstructionSet) throws {
    let graph = try network(channels: channels, seed: UInt64(channels))
    for (batch, threads) in [(1, 1), (3, 2)] {
      var generator = SplitMix64(seed: 5)
      let shape = Shape(batch, channels, 9, 9)
      let codes = (0..<shape.elementCount).map { _ in UInt8(generator.next() >> 40 & 63) }
      let input = AnyTensor.uint8(Tensor(shape: shape, scalars: codes))
      let expected = try GraphEvaluator(graph).outputs([input])
      for preference in WeightedSumPreference.allCases {
        let executor = try Executor(
          graph, batch: batch, threads: threads, instructionSet: instructionSet,
          kernelSelection: KernelSelection(preference))
        #expect(try executor.run([input]) == expected, "\(preference)")
        guard preference == .binary else { continue }
        let methods = executor.schedule.steps.indices.compactMap { executor.kernelChoice(step: $0)?.method }
        #expect(methods == [.binary, .binary, .binary])
      }
    }
  }

  @Test("Weights that are packed are let go; what they were is known")
  func weightsAreReleased() throws {
    let graph = try network(channels: 8, seed: 1)
    let executor = try Executor(graph)
    let summaries = executor.schedule.steps.indices.compactMap { executor.weightSummary(step: $0) }
    #expect(summaries.map(\.byteCount) == [34 * 8 * 9 / 8, 16 * 17 * 6 / 8, 320])
    #expect(summaries.allSatisfy { $0.density == 1 })
    #expect(executor.schedule.graph.constants.isEmpty)
    #expect(graph.constants.count == 3)
  }
}
