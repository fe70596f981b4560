import CKernels
import Graphs
import ModelFormat
import Planning

import struct Kernels.KernelCosts

/// A step with its pointers set: what the executor runs again and again without allocating.
class Job {
  /// Rough time, in units of a product of codes in a convolution (about 2 ps); decides whether threads share the job.
  let work: Int

  init(work: Int) { self.work = work }

  /// Does part `part` of `parts`; all parts together do the whole job, in any order and at the same time.
  func run(part: Int, of parts: Int) {
    preconditionFailure("Every job runs")
  }

  /// The share of `0..<count` that belongs to a part, its bounds multiples of `grain` but for the end.
  static func share(_ count: Int, part: Int, of parts: Int, grain: Int = 1) -> Range<Int> {
    let grains = (count + grain - 1) / grain
    let lower = min(grains * part / parts * grain, count)
    let upper = min(grains * (part + 1) / parts * grain, count)
    return lower..<upper
  }
}

/// What jobs are built from: the kernels of this machine, the arena, and memory that stays.
struct JobBuilder {
  private(set) var schedule: Schedule
  let kernels: dc_kernel_table
  let storage: Storage
  /// Which kernels compute weighted sums, and what they cost.
  let kernelSelection: KernelSelection
  let costs: KernelCosts
  /// Codes that each value can have.
  let codeSets: [CodeSet]
  let arena: UnsafeMutableRawPointer
  /// Weights that stay coded.
  let streams: [ValueID: CodedWeights]
  let streamBuffers = StreamBuffers()

  init(
    schedule: consuming Schedule, kernels: dc_kernel_table, storage: Storage, kernelSelection: KernelSelection,
    costs: KernelCosts, arena: UnsafeMutableRawPointer, streams: [ValueID: CodedWeights]
  ) {
    codeSets = schedule.graph.codeSets
    self.schedule = schedule
    self.kernels = kernels
    self.storage = storage
    self.kernelSelection = kernelSelection
    self.costs = costs
    self.arena = arena
    self.streams = streams
  }

  func pointer(_ id: BufferID) -> UnsafeMutableRawPointer { arena + schedule.arena.offsets[id.index] }

  func layout(_ id: BufferID) -> BufferLayout { schedule.buffers[id.index].layout }

  func map(_ id: BufferID) -> MapLayout {
    guard case .map(let layout) = layout(id) else { preconditionFailure("This step works on maps") }
    return layout
  }

  /// The first pixel of the first image that is not border.
  func interior(_ id: BufferID) -> UnsafeMutableRawPointer { pointer(id) + map(id).interiorOffset }

  /// The jobs of all steps, and what their weights were; after that, `schedule` no longer has those.
  mutating func jobsReleasingWeights() throws(RuntimeError) -> ([Job], [WeightSummary?]) {
    let lastUses = schedule.lastUsesOfConstants
    var jobs: [Job] = []
    var summaries: [WeightSummary?] = []
    for index in schedule.steps.indices {
      let step = schedule.steps[index]
      let job = try job(step)
      jobs.append(job)
      let density = (job as? WeightedSumJob)?.choice?.density
      var weights: ValueID?
      if case .weightedSum(let sum) = step.action { weights = sum.weights }
      summaries.append(weights.flatMap { schedule.graph.constants[$0] }.map { WeightSummary($0, density: density) })
      if let weights, lastUses[weights] == index { schedule.graph.constants[weights] = nil }
    }
    return (jobs, summaries)
  }

  /// The job of `step`.
  func job(_ step: Step) throws(RuntimeError) -> Job {
    switch step.action {
    case .weightedSum(let sum): try weightedSumJob(sum, step)
    case .pooling(let pooling): poolingJob(pooling, step)
    case .addition, .lookup, .binary, .unary, .softmax, .quantize, .dequantize: elementwiseJob(step)
    case .interleave(let rule): interleaveJob(rule, step)
    case .deinterleave(let rule): deinterleaveJob(rule, step)
    case .copy(let regions): copyJob(regions, step)
    case .fillBorder: FillBorderJob(map(step.writes), pointer(step.writes))
    case .fill(let fill): FillJob(map(step.writes), pointer(step.writes), fill)
    case .constant(let id): constantJob(id, step)
    case .reference(let `operator`, let operands): ReferenceJob(self, step, `operator`, operands)
    }
  }
}
