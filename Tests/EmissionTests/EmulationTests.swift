import DeepChip
import Emission
import Foundation
import Graphs
import Synchronization
import Tensors
import Testing

/// Emitted programs on emulated chips.
@Suite(.serialized) struct EmulationTests {
  @Test(
    "Chips give the host's bytes in the predicted memory, with the instructions counted before",
    .enabled(if: ModelTests.hasShared && !EmulatedChip.here.isEmpty, Comment(rawValue: EmulatedChip.missing)),
    arguments: EmulatedNetwork.all)
  func equalsTheHost(_ network: EmulatedNetwork) throws {
    let contents = try network.contents()
    for run in try EmulatedRun.all(contents) {
      let (board, emitter, result) = (run.board, run.emitter, run.result)
      #expect(result.outputs == contents.outputs, "\(board)")
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
    let trained = try EmulatedNetwork.lenet.contents()
    var packed = trained.packed
    packed.graph = packed.graph.masked(density: density, seed: 3)
    let contents = try EmulatedNetwork.Contents(packed, trained.inputs)
    for run in try EmulatedRun.all(contents, optimization: "-Os") {
      #expect(run.result.outputs == contents.outputs)
      #expect(run.result.constants + run.result.code <= limit)
      report("LeNet at \(density)", run.board, run.emitter, run.result)
    }
  }

  @Test(
    "Ternary layers in planes of any size give the definition's bytes on chips with DSP instructions",
    .enabled(if: !EmulatedChip.withDSP.isEmpty, Comment(rawValue: EmulatedChip.missing)),
    arguments: IntegerGraph.all.filter { $0.name.hasPrefix("ternary layers in planes") })
  func planes(_ entry: IntegerGraph) throws {
    let (inputs, expected) = try CEmitterTests.samples(entry.graph)
    let bytes = inputs.flatMap { $0.flatMap(\.bytes) }
    // The assembly differs with the optimization.
    for (index, board) in EmulatedChip.withDSP.enumerated() {
      let optimization = index % 2 == 0 ? "-O2" : "-Os"
      let emitter = try CEmitter(entry.graph, options: .init(core: board.core))
      let result = try board.run(emitter, inputs: bytes, count: inputs.count, optimization: optimization)
      #expect(result.outputs == expected, "\(board)")
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

/// What a network did on a chip.
private struct EmulatedRun: Sendable {
  var board: EmulatedChip
  var emitter: CEmitter
  var result: EmulatedChip.Result

  /// Runs on all chips, as many at a time as there are processors: compilers and emulators are programs of their own.
  static func all(_ contents: EmulatedNetwork.Contents, optimization: String = "-O2") throws -> [EmulatedRun] {
    let boards = EmulatedChip.here
    let bytes = contents.inputs.flatMap(\.bytes)
    let runs = Mutex<[Int: Swift.Result<EmulatedRun, any Error>]>([:])
    DispatchQueue.concurrentPerform(iterations: boards.count) { index in
      let run = Swift.Result {
        let emitter = try CEmitter(contents.packed, options: .init(core: boards[index].core))
        let result = try boards[index].run(
          emitter, inputs: bytes, count: contents.inputs.count, optimization: optimization)
        return EmulatedRun(board: boards[index], emitter: emitter, result: result)
      }
      runs.withLock { $0[index] = run }
    }
    let results = runs.withLock { $0 }
    return try boards.indices.compactMap { try results[$0]?.get() }
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
