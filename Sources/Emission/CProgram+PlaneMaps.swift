import Planning

/// The maps of a program that lie in planes, `[rows][channels][columns + pad]`, after `pad` columns, so that ternary
/// layers read and write them without turning them first.
struct PlaneMaps {
  /// Indices of buffers.
  private(set) var buffers: Set<Int> = []
  /// Columns between planes.
  private(set) var pad = 0
  /// Steps that add up codes from planes to planes.
  private(set) var layers: Set<Int> = []
  private(set) var needs = CKernel.PlanarNeeds()
  /// The code between planes, by buffer; 0 if nobody reads it.
  private var outside: [Int: UInt8] = [:]
  private var byteCounts: [Int: Int] = [:]
  /// By the length of rows: the most positive weights that a row has.
  private var positives: [Int: Int] = [:]

  static let none = PlaneMaps()

  private init() {}

  init(_ schedule: Schedule, _ options: CEmitter.Options) {
    guard options.addsOnlyNonzeros, options.packsWeights else { return }
    var sums: [Int: Sum] = [:]
    for index in schedule.steps.indices {
      if case .weightedSum(let sum) = schedule.steps[index].action {
        sums[index] = Sum(sum, schedule.steps[index], schedule, options)
      }
    }
    guard sums.values.contains(where: \.isLayer) else { return }
    find(schedule, sums)
    layers = Set(sums.keys.filter { sums[$0]?.isLayer == true && buffers.contains(schedule.steps[$0].writes.index) })
    guard !layers.isEmpty else {
      self = .none
      return
    }
    measure(schedule, sums, options.core)
  }

  /// A weighted sum that can take part.
  private struct Sum {
    var sum: WeightedSum
    /// From planes to planes; else only to planes.
    var isLayer: Bool
    var outside: UInt8 = 0
    var length = 0
    var positives = 0
    var negatives = 0
    /// Whether its results can be made sixteen at a time.
    var isGrouped = false
    var input: MapLayout
    var output: MapLayout

    init?(_ sum: WeightedSum, _ step: Step, _ schedule: Schedule, _ options: CEmitter.Options) {
      guard case .map(let input) = schedule.buffers[step.reads[0].index].layout,
        case .map(let output) = schedule.buffers[step.writes.index].layout, input.elementType == .uint8,
        output.elementType == .uint8, sum.groups == 1,
        case .coded(let coded)? = schedule.graph.constants[sum.weights],
        let rows = try? CProgram.rows(sum, coded)
      else { return nil }
      (self.sum, self.input, self.output) = (sum, input, output)
      if case .code(let code) = sum.outside { outside = code }
      if output.rows * output.columns == 1, sum.seesAll(of: input) { return nil }
      if let ternary = TernaryRows(rows.levels) {
        isLayer = true
        let below = (output.rows - 1) * sum.strides.rows + sum.kernel.rows - sum.origin.rows - input.rows
        guard sum.dilations == (1, 1), (1...2).contains(sum.strides.columns),
          outside == 0 || sum.origin.rows == 0 && below <= 0,
          sum.kernel.columns <= input.columns, rows.length * sum.kernel.columns < 65536,
          rows.length < SparseForm.placeLimit
        else { return nil }
        length = rows.length
        for start in stride(from: 0, to: ternary.signs.count, by: length) {
          let row = ternary.signs[start..<start + length]
          positives = max(positives, row.count { $0 > 0 })
          negatives = max(negatives, row.count { $0 < 0 })
        }
        isGrouped = Self.isGrouped(sum, rows, ternary)
      } else {
        isLayer = false
        let codes = LayerCodes(rows.levels, packs: true)
        guard options.core != .portable, codes.form == .bytes, sum.dilations.columns == 1 else { return nil }
      }
    }

    /// Whether codes are made with short numbers, and others added in 32 bits.
    private static func isGrouped(_ sum: WeightedSum, _ rows: WeightRows, _ ternary: TernaryRows) -> Bool {
      guard case .codes(let rule) = sum.result, rule.codeRange == 0...255,
        let brief = BriefRule(rule, outputs: rows.outputs, bound: rows.bound, isFactorAllowed: true),
        max(ternary.plus, ternary.minus) * brief.factor <= Int(Int16.max)
      else { return false }
      switch sum.residual {
      case .none: return true
      case .codes(let addition): return addition.codeRange == 0...255 && WordRule(addition) != nil
      case .float: return false
      }
    }

    /// Columns of padding that windows see.
    var pad: Int {
      let right = (output.columns - 1) * sum.strides.columns + sum.kernel.columns - sum.origin.columns - input.columns
      return max(sum.origin.columns, right, 0)
    }

    var isProved: Bool { max(positives, negatives) <= 257 }
  }

  // MARK: Choice

  /// The largest set of buffers whose every reader and writer agrees.
  private mutating func find(_ schedule: Schedule, _ sums: [Int: Sum]) {
    buffers = Set(
      schedule.buffers.indices.filter { index in
        guard case .map(let map) = schedule.buffers[index].layout else { return false }
        let id = BufferID(index)
        return map.elementType == .uint8 && map.images == 1 && schedule.buffers[index].lifetime.byteCount > 0
          && !schedule.inputs.contains(id) && !schedule.outputs.contains(id)
      })
    var isSettled = false
    while !isSettled {
      let before = buffers.count
      for (index, step) in schedule.steps.enumerated() {
        buffers.subtract(refused(index, step, schedule, sums).map(\.index))
      }
      isSettled = buffers.count == before
    }
  }

  /// Operands and results of a step that cannot lie in planes if the others lie as they do.
  private mutating func refused(_ index: Int, _ step: Step, _ schedule: Schedule, _ sums: [Int: Sum]) -> [BufferID] {
    let all = step.reads + [step.writes]
    switch step.action {
    case .weightedSum:
      guard let sum = sums[index] else { return all }
      let residuals = step.reads.dropFirst()
      guard buffers.contains(step.writes.index), residuals.allSatisfy({ buffers.contains($0.index) }) else {
        return all
      }
      let input = step.reads[0]
      guard sum.isLayer else { return [input] }
      // Weighted sums write what lies between planes.
      let writer = schedule.steps[..<index].last { $0.writes == input }
      guard buffers.contains(input.index), case .weightedSum? = writer?.action else { return all }
      if let other = outside[input.index], other != sum.outside { return all }
      outside[input.index] = sum.outside
      return []
    case .copy(let regions): return regions.allSatisfy { $0.images == 1 } ? [] : all
    case .fill(.code): return []
    case .pooling(let pooling):
      guard case .map(let input) = schedule.buffers[step.reads[0].index].layout,
        case .map(let output) = schedule.buffers[step.writes.index].layout
      else { return all }
      let isGlobal =
        output.rows * output.columns == 1 && pooling.origin == (0, 0) && pooling.dilations == (1, 1)
        && pooling.kernel.rows <= input.rows && pooling.kernel.columns <= input.columns
      return isGlobal ? [step.writes] : all
    case .addition, .lookup, .binary, .unary, .softmax, .quantize, .dequantize, .interleave, .deinterleave,
      .fillBorder, .fill, .constant, .reference:
      return all
    }
  }

  // MARK: Sizes

  private mutating func measure(_ schedule: Schedule, _ sums: [Int: Sum], _ core: CoreKind) {
    let steps = layers.compactMap { index in sums[index].map { (schedule.steps[index], $0) } }
    needs.isGrouped = core.hasDSP
    for (_, sum) in steps {
      pad = max(pad, sum.pad)
      needs.isProved = needs.isProved && sum.isProved
      needs.hasSteps = needs.hasSteps || sum.sum.strides.columns > 1
      if case .codes = sum.sum.residual { needs.hasResiduals = true }
      needs.isGrouped = needs.isGrouped && sum.isGrouped && sum.isProved
      positives[sum.length] = max(positives[sum.length] ?? 0, sum.positives)
    }
    for index in buffers {
      guard case .map(let map) = schedule.buffers[index].layout else { continue }
      byteCounts[index] = pad + map.rows * map.channels * (map.columns + pad)
    }
    // Eight or sixteen results at a time may see more columns than there are.
    for (step, sum) in steps {
      let map = sum.input
      let group = needs.isGrouped && (sum.output.columns - 1) % 16 >= 8 ? 16 : 8
      let last = map.rows * map.channels - 1
      let columns = (sum.output.columns + group - 1) / group * group
      let seen = (columns - 1) * sum.sum.strides.columns + sum.sum.kernel.columns
      let end = pad - sum.sum.origin.columns + last * (map.columns + pad) + seen + sum.sum.strides.columns - 1
      byteCounts[step.reads[0].index] = max(byteCounts[step.reads[0].index] ?? 0, end)
    }
  }

  func contains(_ id: BufferID) -> Bool { buffers.contains(id.index) }

  /// Bytes of a map in planes.
  func byteCount(_ id: BufferID) -> Int? { byteCounts[id.index] }

  /// The code around a map in planes.
  func outside(_ id: BufferID) -> UInt8 { outside[id.index] ?? 0 }

  /// The most positive weights of a row of `length`.
  func positives(length: Int) -> Int { positives[length] ?? 0 }
}

extension CProgram {
  /// The call of a ternary layer from planes to planes.
  mutating func planarCall(
    _ sum: WeightedSum, _ step: Step, _ rows: WeightRows, input: MapLayout, output: MapLayout,
    result: CKernel.ResultKind,
    factor: Int, following: [String]
  ) throws(NoCode) -> [String] {
    guard let ternary = TernaryRows(rows.levels) else { throw NoCode("its weights are not ternary") }
    let signs = ternary.inPlanes(rows, kernelColumns: sum.kernel.columns)
    let (form, codes) = smallest(signs, length: rows.length)
    let pitch = input.columns + maps.pad
    let taps = sum.kernel.columns
    let positives = maps.positives(length: rows.length)
    var negatives = 0
    for start in stride(from: 0, to: signs.count, by: rows.length) {
      negatives = max(negatives, signs[start..<start + rows.length].count { $0 < 0 })
    }
    let fields = [
      input.rows, output.rows, output.columns, rows.outputs, sum.kernel.rows, sum.strides.rows, sum.strides.columns,
      sum.origin.rows, maps.pad - sum.origin.columns, rows.length, input.channels * pitch, pitch, taps,
      (65536 + taps - 1) / taps, positives, maps.pad, Int(maps.outside(step.writes)),
    ]
    let places = "(uint32_t *)(void *)(" + scratch(4 * (positives + negatives), step) + ")"
    if maps.needs.isGrouped {
      let missing = maps.needs.hasResiduals && !result.isAdded ? ["NULL", "NULL"] : []
      return call(
        .planarRows(form, maps.needs),
        [
          data.structure("planar", fields), address(step.reads[0]), address(step.writes),
          data.array("weights", codes, isWeights: true), String(ternary.plus * factor), String(ternary.minus * factor),
        ] + following + missing + [places])
    }
    return call(
      .planarLayer(result, form, core, maps.needs),
      [
        data.structure("planar", fields), address(step.reads[0]), address(step.writes),
        data.array("weights", codes, isWeights: true), String(ternary.plus * factor), String(ternary.minus * factor),
      ] + following + [places])
  }

  /// A copy that begins or ends in planes.
  func planarCopy(_ region: CopyRegion, _ source: BufferID, _ destination: BufferID) throws(NoCode) -> Rearrangement {
    let from = try axes(region.source, source)
    let to = try axes(region.destination, destination)
    return Rearrangement(
      [
        .init(count: region.rows, source: from.row, destination: to.row),
        .init(count: region.byteCount, source: from.channel, destination: to.channel),
        .init(count: region.columns, source: from.column, destination: to.column),
      ], run: 1, source: from.offset, destination: to.offset)
  }

  private func axes(
    _ strides: CopyRegion.Strides, _ id: BufferID
  ) throws(NoCode) -> (offset: Int, row: Int, channel: Int, column: Int) {
    guard maps.contains(id) else { return (strides.offset, strides.row, 1, strides.column) }
    let map = try map(id)
    let (pitch, channels) = (map.columns + maps.pad, map.channels)
    let row = map.columns * channels
    let plane = strides.offset / row * channels + strides.offset % channels
    return (
      maps.pad + plane * pitch + strides.offset % row / channels, strides.row / row * channels * pitch, pitch,
      strides.column / channels
    )
  }
}
