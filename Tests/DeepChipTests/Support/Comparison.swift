import DeepChip
import Kernels
import Testing

extension InstructionSet {
  /// Those of this machine.
  static var available: [InstructionSet] { allCases.filter(\.isAvailable) }
}

/// Expects the same bytes from the definitions and from the kernels of every instruction set with 1, 2, 3 and 8 threads.
///
/// - Parameter inputs: each a batch of one.
func expectEqualToTheReference(
  _ packed: PackedModel, _ inputs: [AnyTensor], _ name: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let expected = try inputs.map { try GraphEvaluator(packed.graph).outputs([$0]) }
  for set in InstructionSet.available {
    for threads in [1, 2, 3, 8] {
      let executor = try Executor(packed, threads: threads, instructionSet: set)
      for (index, input) in inputs.enumerated() {
        let isEqual = try executor.run([input]) == expected[index]
        #expect(
          isEqual, "\(name), input \(index), \("\(set.name)"), \(threads) threads", sourceLocation: sourceLocation)
      }
    }
  }
}

extension AnyTensor {
  /// Random elements of a model's input: codes over their whole range, or real numbers in -2...2.
  static func randomInput(_ graph: Graph, seed: UInt64) throws -> AnyTensor {
    let type = graph[graph.inputs[0]].type
    let shape = try type.shape(batch: 1)
    var generator = SplitMix64(seed: seed)
    switch type.elementType {
    case .int8:
      return .int8(
        Tensor(
          shape: shape, scalars: (0..<shape.elementCount).map { _ in Int8.random(in: -128...127, using: &generator) }))
    case .uint8:
      return .uint8(
        Tensor(
          shape: shape, scalars: (0..<shape.elementCount).map { _ in UInt8.random(in: 0...255, using: &generator) }))
    default: return .float32(.random(shape, in: -2...2, seed: seed))
    }
  }

  /// The first largest element of each row.
  var classes: [Int] {
    let values = doubles
    let width = values.count / max(shape.dimensions.first ?? 1, 1)
    return stride(from: 0, to: values.count, by: max(width, 1)).map { start in
      let row = values[start..<start + width]
      return row.firstIndex(of: row.max() ?? 0).map { $0 - start } ?? 0
    }
  }
}
