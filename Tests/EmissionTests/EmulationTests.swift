import DeepChip
import Emission
import Foundation
import Graphs
import Tensors
import Testing

/// Emitted programs on emulated chips.
@Suite(.serialized) struct EmulationTests {
  @Test(
    "Chips give the host's bytes in the predicted memory, with the instructions counted before",
    .enabled(if: ModelTests.hasShared && !EmulatedChip.here.isEmpty, Comment(rawValue: EmulatedChip.missing)),
    arguments: EmulatedNetwork.all)
  func equalsTheHost(_ network: EmulatedNetwork) throws {
    let (packed, inputs) = try network.make()
    let executor = try Executor(packed)
    let expected = try inputs.flatMap { try executor.run([$0]).flatMap(\.bytes) }
    for board in EmulatedChip.here {
      let emitter = try CEmitter(packed, options: .init(core: board.core))
      let result = try board.run(emitter, inputs: inputs.flatMap(\.bytes), count: inputs.count)
      #expect(result.outputs == expected, "\(board)")
      #expect(result.constants == emitter.sizes.constantByteCount, "\(board)")
      #expect(result.memory == emitter.sizes.arenaByteCount, "\(board)")
      #expect(result.stack <= emitter.codeEstimate(board.processor).stackByteCount, "\(board)")
      if let before = InstructionCounts.all[network.name]?[board.name],
        InstructionCounts.compilers.contains(result.compiler)
      {
        #expect(result.instructions == before, "\(board)")
      }
      report(network.name, board, emitter, result)
    }
  }

  @Test(
    "LeNet with a random mask takes little flash",
    .enabled(if: ModelTests.hasShared && !EmulatedChip.here.isEmpty, Comment(rawValue: EmulatedChip.missing)),
    arguments: [(0.05, 40 << 10), (0.02, 28 << 10)])
  func sparseNetwork(_ density: Double, _ limit: Int) throws {
    let data = try EmulatedNetwork.set("mnist", "mnist", .train)
    var packed = try EmulatedNetwork.ternary("lenet/lenet-mnist.onnx", calibration: data, end: nil)
    packed.graph = packed.graph.masked(density: density, seed: 3)
    let inputs = try EmulatedNetwork.inputs(packed, data, packed.preprocessing ?? Preprocessing())
    let executor = try Executor(packed)
    let expected = try inputs.flatMap { try executor.run([$0]).flatMap(\.bytes) }
    for board in EmulatedChip.here {
      let emitter = try CEmitter(packed, options: .init(core: board.core))
      let result = try board.run(emitter, inputs: inputs.flatMap(\.bytes), count: inputs.count, optimization: "-Os")
      #expect(result.outputs == expected)
      #expect(result.constants + result.code <= limit)
      report("LeNet at \(density)", board, emitter, result)
    }
  }

  /// A line of the table in the documentation, if asked for.
  private func report(_ name: String, _ board: EmulatedChip, _ emitter: CEmitter, _ result: EmulatedChip.Result) {
    guard ProcessInfo.processInfo.environment["DEEPCHIP_SHOW_COUNTS"] != nil else { return }
    let sizes = emitter.sizes
    let caller = sizes.inputByteCount - sizes.placedInputByteCount + sizes.outputByteCount
    print(
      "| \(name) | \(board) | \(result.instructions) | \(result.constants) | \(result.code) | \(result.memory) | "
        + "\(caller) | \(result.stack) | \(result.compiler)")
  }
}

extension Graph {
  /// The same graph with other ternary weights: each is zero but for `density` of them, with any sign.
  fileprivate func masked(density: Double, seed: UInt64) -> Graph {
    var graph = self
    var random = SplitMix64(seed: seed)
    for (id, constant) in constants.sorted(by: { $0.key.index < $1.key.index }) {
      guard case .coded(var coded) = constant, coded.shape.rank > 1 else { continue }
      coded.codes = Tensor(
        shape: coded.shape,
        scalars: coded.codes.scalars.map { _ in
          Double(random.nextUnit()) >= density ? 0 : random.next() & 1 == 0 ? 1 : -1
        })
      graph.constants[id] = .coded(coded)
    }
    return graph
  }
}
