import Graphs
import Kernels
import Packing
import Reference
import Runtime
import Tensors
import Testing

extension Graph {
  /// The same graph with 8-bit weights and an encoding on every real value, from what the values are on random data.
  ///
  /// - Parameters:
  ///   - mixesSigned: gives every second activation signed codes.
  ///   - isPruned: gives all layers ternary weights, one in five not zero.
  func encodedForTest(mixesSigned: Bool, isPruned: Bool = false) throws -> Graph {
    var encoded = self
    var ranges: [ValueID: ClosedRange<Float>] = [:]
    let inputs = try self.inputs.map { AnyTensor.float32(Tensor.random(try self[$0].type.shape(batch: 4), seed: 99)) }
    _ = try GraphEvaluator(self).outputs(inputs) { id, tensor in
      guard let scalars = tensor.asFloat32?.scalars else { return }
      ranges[id] = min(scalars.min() ?? 0, 0)...max(scalars.max() ?? 0, 1e-3)
    }
    for (id, range) in ranges where !outputs.contains(id) || id.index % 2 == 0 {
      let scale = (range.upperBound - range.lowerBound) / 255
      let zeroPoint = Int32((-range.lowerBound / scale).rounded())
      let isSigned = mixesSigned && id.index % 2 == 1
      encoded[id].encoding = .affine(
        AffineEncoding(scale: scale, zeroPoint: zeroPoint - (isSigned ? 128 : 0), isSigned: isSigned))
    }
    for node in nodes {
      switch node.operator {
      case .convolution, .dense:
        guard let id = node.inputs[1], case .tensor(.float32(let weights))? = constants[id] else { continue }
        let isTernary = isPruned || node.name == "second"
        encoded.constants[id] = .coded(weights.codedForTest(isTernary: isTernary, isPruned: isPruned))
      default: continue
      }
    }
    return encoded
  }
}

extension Tensor<Float> {
  func codedForTest(isTernary: Bool, isPruned: Bool) -> CodedTensor {
    if isTernary {
      let (upper, lower): (Float, Float) = isPruned ? (0.39, -0.41) : (0.25, -0.3)
      let codes = map { Int8($0 > upper ? 1 : $0 < lower ? -1 : 0) }
      let encoding = TernaryEncoding(positiveLevel: 100, negativeLevel: 127, scales: [0.003], axis: nil)
      return CodedTensor(codes: codes, encoding: .ternary(encoding))
    }
    let row = shape.elementCount / shape[0]
    let scales = (0..<shape[0]).map { channel in
      (scalars[channel * row..<(channel + 1) * row].map { $0.magnitude }.max() ?? 1) / 127
    }
    let codes = scalars.enumerated().map { Int8(max(-127, min(127, ($1 / scales[$0 / row]).rounded()))) }
    return CodedTensor(
      codes: Tensor<Int8>(shape: shape, scalars: codes),
      encoding: .affine(
        AffineEncoding(
          scales: scales, zeroPoints: [Int32](repeating: 0, count: scales.count), axis: 0, bitWidth: 8,
          isSigned: true)))
  }
}

@Suite struct IntegerExecutorTests {
  @Test(
    "Packed networks give the reference's bytes on every instruction set, batch and number of threads",
    arguments: Networks.all.indices, InstructionSet.allCases.filter(\.isAvailable))
  func givesTheBytesOfTheReference(network: Int, instructionSet: InstructionSet) throws {
    for (mixesSigned, isPruned) in [(false, false), (true, false), (true, true)] {
      let encoded = try Networks.all[network].graph.encodedForTest(mixesSigned: mixesSigned, isPruned: isPruned)
      let model = try Packer.pack(encoded)
      try model.graph.validate()
      for (batch, threads) in [(1, 1), (3, 1), (2, 2), (5, 3), (1, 8)] {
        let inputs = try model.graph.inputs.map { id in
          AnyTensor.float32(Tensor.random(try model.graph[id].type.shape(batch: batch), seed: UInt64(batch)))
        }
        let expected = try GraphEvaluator(model.graph).outputs(inputs)
        for preference in WeightedSumPreference.allCases {
          let executor = try Executor(
            model, batch: batch, threads: threads, instructionSet: instructionSet,
            kernelSelection: KernelSelection(preference))
          for _ in 0..<2 {
            #expect(try executor.run(inputs) == expected, "\(preference)")
          }
        }
      }
    }
  }

  @Test("A packed network stays close to the float network", arguments: Networks.all.indices)
  func staysClose(network: Int) throws {
    let graph = Networks.all[network].graph
    let model = try Packer.pack(graph.encodedForTest(mixesSigned: false))
    let inputs = try graph.inputs.map { AnyTensor.float32(Tensor.random(try graph[$0].type.shape(batch: 2), seed: 5)) }
    let (got, want) = (try GraphEvaluator(model.graph).outputs(inputs), try GraphEvaluator(graph).outputs(inputs))
    for (a, b) in zip(got, want) {
      let error = zip(a.doubles, b.doubles).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let power = b.doubles.reduce(0) { $0 + $1 * $1 }
      // The ternary layer of the residual networks is coarse; the others clip what calibration on 4 items did not see.
      #expect(error < power * (Networks.all[network].name.contains("residual") ? 0.5 : 0.05))
    }
    #expect(model.graph.nodes.contains { if case .integer = $0.operator { true } else { false } })
  }
}
