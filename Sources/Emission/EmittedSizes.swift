import Planning

/// Bytes of an emitted program's constants and memory, the same for every target and language.
public struct EmittedSizes: Sendable, Equatable {
  /// Static memory, all of it in one array.
  public var arenaByteCount: Int
  /// Constants: weights, tables and values of the graph.
  public var constantByteCount: Int
  public var weightByteCount: Int
  /// Constant values of the graph that are no weights.
  public var valueByteCount: Int
  /// What the caller keeps.
  public var inputByteCount: Int
  /// Of these, what may lie in the arena instead.
  public var placedInputByteCount: Int
  public var outputByteCount: Int

  /// Windows, rules, multipliers, levels and lookup tables.
  public var tableByteCount: Int { constantByteCount - weightByteCount - valueByteCount }

  init(_ program: CProgram) {
    let schedule = program.schedule
    arenaByteCount = (schedule.arena.byteCount + 3) & ~3
    constantByteCount = program.data.entries.reduce(0) { $0 + $1.byteCount }
    weightByteCount = program.data.entries.filter(\.isWeights).reduce(0) { $0 + $1.byteCount }
    valueByteCount = program.data.entries.filter { $0.kind == "constant" }.reduce(0) { $0 + $1.byteCount }
    inputByteCount = schedule.inputs.reduce(0) { $0 + schedule.buffers[$1.index].layout.byteCount }
    placedInputByteCount = program.placedInputs.reduce(0) {
      $0 + schedule.buffers[schedule.inputs[$1].index].layout.byteCount
    }
    outputByteCount = schedule.outputs.reduce(0) { $0 + schedule.buffers[$1.index].layout.byteCount }
  }
}
