import Graphs
import Tensors

/// Builds a `Schedule`: chooses layouts, puts conversions and borders where they are needed, and fuses additions.
struct Scheduler {
  let graph: Graph
  let batch: Int
  let form: MemoryForm
  let shapes: [Shape]
  /// The border that the consumers of a value ask for, and what it holds, by value.
  let surrounds: [Surround]
  /// The nodes that use each value, by value; an output of the graph counts as one more use.
  let useCounts: [Int]
  /// Index of the node that computes each value, by value.
  let producers: [Int?]
  var buffers: [(layout: BufferLayout, name: String)] = []
  var steps: [Step] = []
  var places: [Place]
  /// The convolution that an addition takes over, by the addition's node.
  var fusedSums: [Int: FusedSum] = [:]
  /// Nodes that another node's step has taken over.
  var isFused: [Bool]
  /// Operands of a concatenation that are in its result already, by the concatenation's node.
  var joined: [Int: Set<ValueID>] = [:]

  /// What the consumers of a value want around it.
  struct Surround {
    var border = Border.none
    var fill: Fill?
  }

  /// Where a value is, as far as it has been computed.
  struct Place {
    var planar: BufferID?
    var map: BufferID?
    /// The value whose planar bytes are this one's too.
    var sameElementsAs: ValueID?
  }

  init(_ graph: Graph, batch: Int, form: MemoryForm) throws(ScheduleError) {
    guard (1...65536).contains(batch) else { throw .batch(batch) }
    self.graph = graph
    self.batch = batch
    self.form = form
    var shapes: [Shape] = []
    for value in graph.values {
      // With room for borders and strides, all byte counts stay far from overflow.
      guard let shape = try? value.type.shape(batch: batch), shape.elementCount < 1 << 40 else {
        throw .tooLarge(value: value.name)
      }
      shapes.append(shape)
    }
    self.shapes = shapes
    surrounds =
      form == .bordered
      ? Self.surrounds(graph, shapes) : [Surround](repeating: Surround(), count: graph.values.count)
    var useCounts = [Int](repeating: 0, count: graph.values.count)
    var producers = [Int?](repeating: nil, count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      for case let id? in node.inputs { useCounts[id.index] += 1 }
      producers[node.output.index] = index
    }
    for id in graph.outputs { useCounts[id.index] += 1 }
    self.useCounts = useCounts
    self.producers = producers
    places = [Place](repeating: Place(), count: graph.values.count)
    isFused = [Bool](repeating: false, count: graph.nodes.count)
  }

  mutating func schedule() -> Schedule {
    chooseFusions()
    var inputs: [BufferID] = []
    for id in graph.inputs {
      let buffer = addBuffer(.planar(graph[id].type.elementType, shapes[id.index]), graph[id].name)
      places[id.index].planar = buffer
      inputs.append(buffer)
    }
    for index in graph.nodes.indices where !isFused[index] {
      add(index)
      if form == .compact { joinEarly(graph.nodes[index].output) }
    }
    let outputs = graph.outputs.map { planar($0, node: producers[$0.index] ?? 0) }
    if form == .compact { computeInPlace(inputs: inputs, outputs: outputs) }
    var lifetimes = lifetimes(inputs: inputs, outputs: outputs)
    if form == .compact { for id in inputs + outputs { lifetimes[id.index].byteCount = 0 } }
    return Schedule(
      graph: graph, batch: batch, form: form,
      buffers: zip(buffers, lifetimes).map { Buffer(layout: $0.layout, lifetime: $1, name: $0.name) },
      steps: steps, inputs: inputs, outputs: outputs,
      arena: ArenaPlan(lifetimes, alignment: form == .bordered ? 64 : 4)
    ).withoutRepeatedBorders()
  }

  /// Gives elementwise results the place of an operand that nobody needs afterwards.
  private mutating func computeInPlace(inputs: [BufferID], outputs: [BufferID]) {
    var lastUse = [Int](repeating: -1, count: buffers.count)
    for (index, step) in steps.enumerated() {
      for id in step.reads + [step.writes] { lastUse[id.index] = index }
    }
    for id in inputs + outputs { lastUse[id.index] = steps.count }
    for index in steps.indices {
      let result = steps[index].writes
      let place = steps[index].replaceableReads.first {
        lastUse[$0.index] == index && buffers[$0.index].layout == buffers[result.index].layout
      }
      guard let place, lastUse[result.index] < steps.count, place != result else { continue }
      for later in index..<steps.count {
        steps[later].reads = steps[later].reads.map { $0 == result ? place : $0 }
        if steps[later].writes == result { steps[later].writes = place }
      }
      lastUse[place.index] = lastUse[result.index]
      lastUse[result.index] = -1
    }
  }

  /// Inputs live from before the first step, outputs until after the last.
  private func lifetimes(inputs: [BufferID], outputs: [BufferID]) -> [Lifetime] {
    var first = [Int](repeating: Int.max, count: buffers.count)
    var last = [Int](repeating: -1, count: buffers.count)
    func touch(_ id: BufferID, _ step: Int) {
      first[id.index] = min(first[id.index], step)
      last[id.index] = max(last[id.index], step)
    }
    for id in inputs { touch(id, 0) }
    for (index, step) in steps.enumerated() {
      touch(step.writes, index)
      for id in step.reads { touch(id, index) }
    }
    for id in outputs { touch(id, steps.count) }
    return buffers.indices.map {
      let isUnused = form == .compact && last[$0] < 0
      return Lifetime(
        byteCount: isUnused ? 0 : buffers[$0].layout.byteCount, firstStep: min(first[$0], max(last[$0], 0)),
        lastStep: max(last[$0], 0))
    }
  }

  mutating func addBuffer(_ layout: BufferLayout, _ name: String) -> BufferID {
    buffers.append((layout, name))
    return BufferID(buffers.count - 1)
  }

  mutating func emit(_ action: Action, _ reads: [BufferID], _ writes: BufferID, node: Int) {
    steps.append(Step(action: action, reads: reads, writes: writes, node: node))
  }

  func mapLayout(_ id: BufferID) -> MapLayout? {
    if case .map(let layout) = buffers[id.index].layout { layout } else { nil }
  }

  /// The map layout of a value with nothing around it.
  func layout(of id: ValueID) -> MapLayout? { MapLayout(graph[id].type.elementType, shapes[id.index], form: form) }

  // MARK: Results

  /// A new planar buffer for the result `id`.
  mutating func newPlanar(_ id: ValueID) -> BufferID {
    let buffer = addBuffer(.planar(graph[id].type.elementType, shapes[id.index]), graph[id].name)
    places[id.index].planar = buffer
    return buffer
  }

  /// A new map for the result `id`, with the border its consumers want already filled; nil if it has no map layout.
  mutating func newMap(_ id: ValueID, node: Int) -> BufferID? {
    let surround = surrounds[id.index]
    guard
      let layout = MapLayout(
        graph[id].type.elementType, shapes[id.index], border: surround.border, fill: surround.fill, form: form)
    else { return nil }
    let buffer = addMap(layout, graph[id].name, node: node)
    places[id.index].map = buffer
    return buffer
  }

  mutating func addMap(_ layout: MapLayout, _ name: String, node: Int) -> BufferID {
    let buffer = addBuffer(.map(layout), name)
    if layout.border != .none { emit(.fillBorder, [], buffer, node: node) }
    return buffer
  }

  // MARK: Operands

  /// The value, planar.
  mutating func planar(_ id: ValueID, node: Int) -> BufferID {
    if let buffer = places[id.index].planar { return buffer }
    let buffer: BufferID
    if let same = places[id.index].sameElementsAs {
      buffer = planar(same, node: node)
    } else if let map = places[id.index].map, let layout = mapLayout(map) {
      if layout.isPlanar {
        buffer = map
      } else {
        buffer = addBuffer(.planar(graph[id].type.elementType, shapes[id.index]), graph[id].name)
        emit(.deinterleave(nil), [map], buffer, node: node)
      }
    } else if graph.constants[id] != nil {
      buffer = addBuffer(.planar(graph[id].type.elementType, shapes[id.index]), graph[id].name)
      emit(.constant(id), [], buffer, node: node)
    } else {
      preconditionFailure("Operands are computed before their use")
    }
    places[id.index].planar = buffer
    return buffer
  }

  /// The value as a map with at least `border` around it, filled with `fill` if there is any; nil if it has no map
  /// layout or is a constant.
  mutating func map(_ id: ValueID, border: Border = .none, fill: Fill? = nil, node: Int) -> BufferID? {
    guard graph.constants[id] == nil else { return nil }
    if places[id.index].map == nil, let same = places[id.index].sameElementsAs {
      adoptMap(of: same, for: id)
    }
    if let buffer = places[id.index].map, let layout = mapLayout(buffer) {
      if form == .compact || layout.border.covers(border) && (border == .none || layout.fill == fill) { return buffer }
      var wider = layout
      wider.border = border
      wider.fill = fill ?? layout.fill
      let copy = addMap(wider, graph[id].name, node: node)
      emit(.copy([CopyRegion(layout, wider)]), [buffer], copy, node: node)
      return copy
    }
    let surround = surrounds[id.index]
    let isShared = fill == nil || fill == surround.fill
    guard
      let layout = MapLayout(
        graph[id].type.elementType, shapes[id.index], border: isShared ? surround.border.union(border) : border,
        fill: fill ?? surround.fill, form: form)
    else { return nil }
    let source = planar(id, node: node)
    if layout.isPlanar {
      buffers[source.index].layout = .map(layout)
      places[id.index].map = source
      return source
    }
    let buffer = addMap(layout, graph[id].name, node: node)
    emit(.interleave(nil), [source], buffer, node: node)
    places[id.index].map = buffer
    return buffer
  }

  /// `[N, C, 1, 1]` and `[N, C]` have the same map.
  private mutating func adoptMap(of same: ValueID, for id: ValueID) {
    guard let buffer = places[same.index].map, let layout = mapLayout(buffer), layout.border == .none,
      let own = self.layout(of: id), layout == own
    else { return }
    places[id.index].map = buffer
  }
}

extension Schedule {
  /// Makes `graph` ready for `batch` items at a time.
  ///
  /// - Parameters:
  ///   - graph: well-formed.
  ///   - batch: 1...65536.
  ///   - form: `bordered` for the host's kernels, `compact` for chips.
  /// - Throws: `ScheduleError` when the batch is out of range or a value would be too large.
  public init(_ graph: Graph, batch: Int = 1, form: MemoryForm = .bordered) throws(ScheduleError) {
    var scheduler = try Scheduler(graph, batch: batch, form: form)
    self = scheduler.schedule()
  }
}

extension Step {
  /// Operands whose place an element of the result may take as soon as it is computed.
  fileprivate var replaceableReads: [BufferID] {
    switch action {
    case .weightedSum(let sum):
      if case .none = sum.residual { return [] }
      // The convolution reads its map again and again.
      return reads[1] == reads[0] ? [] : [reads[1]]
    case .addition, .lookup, .binary, .unary: return reads
    case .pooling, .softmax, .quantize, .dequantize, .interleave, .deinterleave, .copy, .fillBorder, .fill, .constant,
      .reference:
      return []
    }
  }
}
