/// Which borders still hold what was written into them: the maps of a network's stage follow each other at the same
/// places, so that most borders need writing once a run and not once a layer.
struct IntactBorders {
  private var maps: [(offset: Int, layout: MapLayout)] = []

  /// Notes what `step` writes.
  ///
  /// - Parameters:
  ///   - layout: of the buffer that it writes.
  ///   - offset: of that buffer in the arena.
  /// - Returns: false if the step would write a border that is there already.
  mutating func isNeeded(_ step: Step, _ layout: BufferLayout, at offset: Int) -> Bool {
    let bytes = offset..<offset + layout.byteCount
    let map: MapLayout? = if case .map(let map) = layout { map } else { nil }
    var keepsOwnBorder = true
    if case .fill = step.action { keepsOwnBorder = false }
    let isThere = maps.contains { $0.offset == offset && $0.layout == map }
    if case .fillBorder = step.action, isThere { return false }
    maps.removeAll {
      let isOwn = $0.offset == offset && $0.layout == map && keepsOwnBorder
      return !isOwn && ($0.offset..<$0.offset + $0.layout.byteCount).overlaps(bytes)
    }
    if case .fillBorder = step.action, let map { maps.append((offset, map)) }
    return true
  }
}

extension Schedule {
  /// The same schedule without the steps that write a border which an earlier step of the run has left there.
  ///
  /// Steps write pixels of maps, never what is around them, unless they fill a border or a whole buffer.
  func withoutRepeatedBorders() -> Schedule {
    var borders = IntactBorders()
    var result = self
    result.steps = []
    // The place of each step among those that are left, or of the next one.
    var places: [Int] = []
    for step in steps {
      places.append(result.steps.count)
      let id = step.writes.index
      if borders.isNeeded(step, buffers[id].layout, at: arena.offsets[id]) { result.steps.append(step) }
    }
    places.append(result.steps.count)
    for index in buffers.indices {
      let lifetime = buffers[index].lifetime
      let first = places[min(lifetime.firstStep, steps.count)]
      result.buffers[index].lifetime.firstStep = first
      result.buffers[index].lifetime.lastStep = max(first, places[min(lifetime.lastStep, steps.count)])
    }
    return result
  }
}
