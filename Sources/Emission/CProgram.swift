import Graphs
import Planning
import Tensors

/// The steps of a schedule as calls of C functions, with the constants and functions that they need.
struct CProgram {
  /// As planned, with the scratch memory of kernels.
  private(set) var schedule: Schedule
  let options: CEmitter.Options
  var core: CoreKind { options.core }
  var packsWeights: Bool { options.packsWeights }
  var data: ConstantData
  var kernels: Set<CKernel> = []
  /// Those that each step calls.
  private(set) var stepKernels: [Int: Set<CKernel>] = [:]
  /// For ternary layers by additions: output rows for which a row's places are read once.
  var rowsAtATime: [Int: Int] = [:]
  /// The maps that lie in planes.
  let maps: PlaneMaps
  /// One list of lines per step.
  var calls: [[String]] = []
  /// Layers that have no code.
  var unsupported: [EmissionError.Layer] = []

  /// Arrays stay below this, so that every index fits in 32 bits.
  static let sizeLimit = 1 << 29

  /// Bytes of scratch memory that a step asked for, and where it lies.
  private var scratch: [Int: BufferID] = [:]

  /// The most that a step takes of the memory that others need, to be faster.
  private(set) var scratchLimit = Int.max

  /// Inputs of bytes that may lie in the arena, because that makes it no larger.
  private(set) var placedInputs: [Int] = []

  /// Chooses the most scratch memory among those limits that make the arena smallest.
  init(_ schedule: Schedule, _ options: CEmitter.Options) {
    let maps = PlaneMaps(schedule, options)
    var schedule = schedule
    for index in maps.buffers {
      if let byteCount = maps.byteCount(BufferID(index)) { schedule.buffers[index].lifetime.byteCount = byteCount }
    }
    func program(limit: Int) -> CProgram {
      var first = CProgram(schedule, options, maps, scratch: [:], limit: limit)
      first.plan()
      // The second time, everybody knows where the scratch memory lies.
      var second = CProgram(first.schedule, options, maps, scratch: first.scratch, limit: limit)
      second.placedInputs = first.placedInputs
      return second
    }
    var best = program(limit: .max)
    if best.kernels.contains(where: \.isSparseLayer) {
      for limit in [12 << 10, 8 << 10, 4 << 10] {
        let other = program(limit: limit)
        if other.schedule.arena.byteCount < best.schedule.arena.byteCount { best = other }
      }
    }
    self = best
  }

  /// Plans the arena again, with scratch memory, results that cover operands, and the inputs if there is room.
  private mutating func plan() {
    guard unsupported.isEmpty else { return }
    let sharing = shareableBuffers()
    let without = schedule.buffers.map(\.lifetime)
    schedule.arena = ArenaPlan(without, alignment: 4, sharing: sharing)
    var with = without
    let candidates = schedule.inputs.indices.filter { index in
      let id = schedule.inputs[index]
      guard case .planar(let type, _) = layout(id), type.byteCount == 1 else { return false }
      return schedule.inputs.firstIndex(of: id) == index && !schedule.outputs.contains(id)
    }
    for index in candidates {
      let id = schedule.inputs[index]
      let last = schedule.steps.lastIndex { $0.reads.contains(id) } ?? 0
      with[id.index] = Lifetime(byteCount: layout(id).byteCount, firstStep: 0, lastStep: last)
    }
    let plan = ArenaPlan(with, alignment: 4, sharing: sharing)
    guard !candidates.isEmpty, plan.byteCount <= schedule.arena.byteCount else { return }
    schedule.arena = plan
    for index in candidates.map({ schedule.inputs[$0].index }) { schedule.buffers[index].lifetime = with[index] }
    placedInputs = candidates
  }

  private init(
    _ schedule: Schedule, _ options: CEmitter.Options, _ maps: PlaneMaps, scratch: [Int: BufferID], limit: Int
  ) {
    (self.schedule, self.options, self.maps, self.scratch) = (schedule, options, maps, scratch)
    scratchLimit = limit
    data = ConstantData(prefix: options.name)
    guard schedule.arena.byteCount < Self.sizeLimit,
      schedule.buffers.allSatisfy({ (1..<Self.sizeLimit).contains($0.layout.byteCount) })
    else {
      unsupported = [.init(name: "", reason: "a value is empty or larger than 512 MiB")]
      return
    }
    for step in schedule.steps {
      do throws(NoCode) {
        calls.append(try call(step))
      } catch {
        unsupported.append(.init(name: schedule.graph.nodes[step.node].name, reason: error.reason))
      }
    }
    copySharedOutputs()
    data.fillUp()
  }

  /// Why a step has no code.
  struct NoCode: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
  }

  // MARK: Memory

  /// The first byte of a buffer, in C.
  func address(_ id: BufferID, plus offset: Int = 0) -> String {
    let sum = offset == 0 ? "" : " + " + String(offset)
    if let index = schedule.inputs.firstIndex(of: id) { return "(const uint8_t *)" + inputName(index) + sum }
    if let index = schedule.outputs.firstIndex(of: id) { return "(uint8_t *)" + outputName(index) + sum }
    return "ARENA + " + String(schedule.arena.offsets[id.index] + offset)
  }

  /// Memory that `step` alone uses, in C.
  mutating func scratch(_ byteCount: Int, _ step: Step) -> String {
    if let place = scratch[calls.count] { return address(place) }
    let id = BufferID(schedule.buffers.count)
    schedule.buffers.append(
      Buffer(
        layout: .planar(.uint8, Shape([byteCount])),
        lifetime: Lifetime(byteCount: byteCount, firstStep: calls.count, lastStep: calls.count),
        name: "scratch of " + schedule.graph.nodes[step.node].name))
    scratch[calls.count] = id
    schedule.arena.offsets.append(0)
    return address(id)
  }

  /// Bytes that the present step leaves free of what another step needs.
  func freeByteCount() -> Int {
    let scratchIDs = Set(scratch.values.map(\.index) + schedule.inputs.map(\.index))
    let lifetimes = schedule.buffers.indices.filter { !scratchIDs.contains($0) }.map { schedule.buffers[$0].lifetime }
    let present = lifetimes.filter { $0.firstStep <= calls.count && calls.count <= $0.lastStep }
    return ArenaPlan.lowerBound(lifetimes) - present.reduce(0) { $0 + $1.byteCount }
  }

  func inputName(_ index: Int) -> String { schedule.inputs.count == 1 ? "input" : "input_" + String(index) }

  func outputName(_ index: Int) -> String { schedule.outputs.count == 1 ? "output" : "output_" + String(index) }

  func layout(_ id: BufferID) -> BufferLayout { schedule.buffers[id.index].layout }

  func map(_ id: BufferID) throws(NoCode) -> MapLayout {
    guard case .map(let map) = layout(id) else { throw NoCode("its operands are not maps") }
    return map
  }

  func codeMap(_ id: BufferID) throws(NoCode) -> MapLayout {
    let map = try map(id)
    guard map.elementType == .uint8 else { throw NoCode("it computes with real numbers") }
    return map
  }

  /// Outputs that are inputs, or the same value as an earlier output.
  private mutating func copySharedOutputs() {
    for (index, id) in schedule.outputs.enumerated() {
      let isInput = schedule.inputs.contains(id)
      guard isInput || schedule.outputs.firstIndex(of: id) != index else { continue }
      let size = layout(id).byteCount
      calls.append(["memcpy(" + outputName(index) + ", " + address(id) + ", " + String(size) + ");"])
    }
  }

  // MARK: Calls

  /// A call of a kernel, in lines of bearable length.
  mutating func call(_ kernel: CKernel, _ arguments: [String]) -> [String] {
    kernels.insert(kernel)
    stepKernels[calls.count, default: []].insert(kernel)
    let start = data.prefix + "_" + kernel.name + "("
    let oneLine = start + arguments.joined(separator: ", ") + ");"
    if oneLine.utf8.count <= 112 { return [oneLine] }
    var lines = [start]
    var line = "    "
    for (index, argument) in arguments.enumerated() {
      let text = argument + (index == arguments.count - 1 ? ");" : ", ")
      if line.utf8.count + text.utf8.count > 112 {
        lines.append(line)
        line = "    "
      }
      line += text
    }
    return (lines + [line]).map { $0.hasSuffix(" ") ? String($0.dropLast()) : $0 }
  }

  private mutating func call(_ step: Step) throws(NoCode) -> [String] {
    switch step.action {
    case .weightedSum(let sum): try weightedSum(sum, step)
    case .pooling(let pooling): try self.pooling(pooling, step)
    case .addition(let rule): try addition(rule, step)
    case .lookup(let table): lookup(table, step)
    case .quantize(let scale, let zeroPoint):
      try quantize(
        AffineEncoding(scale: scale, zeroPoint: Int32(zeroPoint), isSigned: false), step, channels: 1,
        pixels: layout(step.writes).byteCount)
    case .dequantize(let scale, let zeroPoint):
      try dequantize(
        AffineEncoding(scale: scale, zeroPoint: Int32(zeroPoint), isSigned: false), step, channels: 1,
        pixels: layout(step.reads[0]).byteCount)
    case .interleave(let rule): try reorder(step, map(step.writes), rule, toPixels: true)
    case .deinterleave(let rule): try reorder(step, map(step.reads[0]), rule, toPixels: false)
    case .copy(let regions): try copy(regions, step)
    case .fill(let fill): self.fill(fill, step)
    case .constant(let id): try constant(id, step)
    case .reference(let `operator`, let operands): try planar(`operator`, operands, step)
    case .binary, .unary, .softmax: throw NoCode("it computes with real numbers")
    case .fillBorder: throw NoCode("it has a border")
    }
  }
}
