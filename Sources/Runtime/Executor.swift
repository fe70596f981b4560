import CKernels
import Graphs
import Kernels
import ModelFormat
import Planning
import Reference
import Tensors

/// A model ready to run: memory planned, weights packed for this machine, threads waiting.
///
///     let executor = try Executor(model)
///     let logits = try executor.run([.float32(image)])[0]
///
/// After the first run nothing is allocated by `run()` itself, unless an operator has no kernel; inputs and outputs
/// are then written and read in place with `withInput` and `withOutput`. Use one executor from one thread at a time.
public final class Executor {
  /// Layouts, steps and memory. Its graph has no longer the weights of weighted sums, which are packed.
  public let schedule: Schedule
  /// The instruction set whose kernels run.
  public let instructionSet: InstructionSet
  /// Threads that share large steps, the caller's included.
  public let threads: Int

  private let storage: Storage
  private let arena: UnsafeMutableRawPointer
  private let jobs: [Job]
  private let summaries: [WeightSummary?]
  private let pool: ThreadPool?
  /// Weights that stay coded.
  private let streams: [ValueID: CodedWeights]

  /// Steps smaller than this run on one thread: handing over costs more than it saves.
  private static let smallestSharedWork = 1 << 22

  /// Makes `graph` ready.
  ///
  /// Weights are let go one by one as they are packed. Where the caller keeps no copy of the graph, they are never in
  /// memory twice.
  ///
  /// - Parameters:
  ///   - graph: well-formed; `Graph.validate` has checked one from a file.
  ///   - batch: items per run, 1...65536.
  ///   - threads: at least 1.
  ///   - instructionSet: kernels to use; nil takes the best that this machine has.
  ///   - memoryLimit: bytes that activations may take; they are refused before they are asked for.
  ///   - kernelSelection: how convolutions and dense layers of codes are computed; results are the same.
  /// - Throws: `RuntimeError`.
  public convenience init(
    _ graph: consuming Graph, batch: Int = 1, threads: Int = 1, instructionSet: InstructionSet? = nil,
    memoryLimit: Int = 1 << 36, kernelSelection: KernelSelection = KernelSelection()
  ) throws(RuntimeError) {
    try self.init(
      consume graph, batch: batch, threads: threads, instructionSet: instructionSet, memoryLimit: memoryLimit,
      kernelSelection: kernelSelection, streaming: [:])
  }

  /// Makes `graph` ready, some of whose layers of codes have their weights in `streams`; see `StreamedSumJob`.
  init(
    _ graph: consuming Graph, batch: Int, threads: Int, instructionSet: InstructionSet?, memoryLimit: Int,
    kernelSelection: KernelSelection, streaming streams: [ValueID: CodedWeights]
  ) throws(RuntimeError) {
    let schedule: Schedule
    do throws(ScheduleError) {
      schedule = try Schedule(consume graph, batch: batch)
    } catch {
      throw .schedule(error)
    }
    guard schedule.arena.byteCount <= memoryLimit else {
      throw .memory(needed: schedule.arena.byteCount, limit: memoryLimit)
    }
    self.instructionSet = instructionSet ?? .best
    guard let kernels = dc_kernels(dc_isa(UInt32(self.instructionSet.rawValue))) else {
      throw .instructionSet(self.instructionSet.name.description)
    }
    self.threads = max(threads, 1)
    storage = Storage()
    arena = storage.allocate(schedule.arena.byteCount)
    var builder = JobBuilder(
      schedule: consume schedule, kernels: kernels.pointee, storage: storage, kernelSelection: kernelSelection,
      costs: kernelSelection.costs ?? .shipped(for: self.instructionSet), arena: arena, streams: streams)
    (jobs, summaries) = try builder.jobsReleasingWeights()
    builder.streamBuffers.allocate(from: storage)
    self.schedule = builder.schedule
    self.streams = streams
    pool = self.threads > 1 ? ThreadPool(threads: self.threads) : nil
  }

  /// Makes a packed model ready.
  public convenience init(
    _ model: consuming PackedModel, batch: Int = 1, threads: Int = 1, instructionSet: InstructionSet? = nil,
    memoryLimit: Int = 1 << 36, kernelSelection: KernelSelection = KernelSelection()
  ) throws(RuntimeError) {
    // Both the model and a graph taken out of it would hold the weights.
    var graph = Graph()
    swap(&graph, &model.graph)
    try self.init(
      consume graph, batch: batch, threads: threads, instructionSet: instructionSet, memoryLimit: memoryLimit,
      kernelSelection: kernelSelection)
  }

  /// Runs on what lies in the inputs.
  public func run() throws(RuntimeError) {
    for index in jobs.indices { try run(step: index) }
  }

  /// Runs one step of the schedule; all steps in order are a run.
  public func run(step index: Int) throws(RuntimeError) {
    let job = jobs[index]
    if let pool, job.work >= Self.smallestSharedWork {
      pool.run(job)
    } else {
      job.run(part: 0, of: 1)
    }
    if schedule.steps[index].isReference, let error = (job as? ReferenceJob)?.error {
      throw .evaluation(node: schedule.graph.nodes[schedule.steps[index].node].name, error)
    }
    if !streams.isEmpty, let error = (job as? StreamedSumJob)?.error {
      throw .weights(name: schedule.graph.nodes[schedule.steps[index].node].name, error)
    }
  }

  /// True if a step decodes its weights in every run.
  public func isStreamed(step index: Int) -> Bool { jobs[index] is StreamedSumJob }

  /// Which kernel computes a step's weighted sum, and why; nil for other steps, and where there is no choice.
  public func kernelChoice(step index: Int) -> KernelChoice? { (jobs[index] as? WeightedSumJob)?.choice }

  /// What the weights of a step's weighted sum were; nil for other steps.
  public func weightSummary(step index: Int) -> WeightSummary? { summaries[index] }

  /// Runs on `inputs` and returns the outputs, both in graph order.
  ///
  /// - Throws: `RuntimeError` when number, element types or shapes differ from the model's.
  public func run(_ inputs: [AnyTensor]) throws(RuntimeError) -> [AnyTensor] {
    let graph = schedule.graph
    guard inputs.count == graph.inputs.count else {
      throw .inputCount(expected: graph.inputs.count, found: inputs.count)
    }
    for (index, tensor) in inputs.enumerated() {
      let value = graph[graph.inputs[index]]
      guard let shape = try? value.type.shape(batch: schedule.batch), shape == tensor.shape,
        value.type.elementType == tensor.elementType
      else {
        throw .input(
          name: value.name, expected: value.type, found: TensorType(tensor.elementType, tensor.shape))
      }
      tensor.copyBytes(to: pointer(schedule.inputs[index]))
    }
    try run()
    return schedule.outputs.indices.map { output($0) }
  }

  /// A copy of output `index`.
  public func output(_ index: Int) -> AnyTensor {
    let type = schedule.graph[schedule.graph.outputs[index]].type
    let shape = (try? type.shape(batch: schedule.batch)) ?? .scalar
    return AnyTensor(copying: pointer(schedule.outputs[index]), type.elementType, shape)
  }

  /// Gives access to input `index`: its bytes, row-major. The arena reuses them: write all of them before each run.
  public func withInput<Result>(_ index: Int, _ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
    let id = schedule.graph.inputs[index]
    return body(
      UnsafeMutableRawBufferPointer(start: pointer(schedule.inputs[index]), count: byteCount(id)))
  }

  /// Gives access to output `index`: its bytes, row-major, valid until the next run.
  public func withOutput<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let id = schedule.graph.outputs[index]
    return body(UnsafeRawBufferPointer(start: pointer(schedule.outputs[index]), count: byteCount(id)))
  }

  /// Bytes of activations, inputs and outputs included.
  public var arenaByteCount: Int { schedule.arena.byteCount }

  /// Bytes of everything this executor holds: arena, packed weights, tables, weights that stay coded.
  public var byteCount: Int { storage.byteCount + streams.values.reduce(0) { $0 + $1.payload.count } }

  private func byteCount(_ id: ValueID) -> Int {
    let type = schedule.graph[id].type
    return ((try? type.shape(batch: schedule.batch))?.elementCount ?? 0) * type.elementType.byteCount
  }

  private func pointer(_ id: BufferID) -> UnsafeMutableRawPointer { arena + schedule.arena.offsets[id.index] }
}

extension Step {
  fileprivate var isReference: Bool {
    if case .reference = action { true } else { false }
  }
}
