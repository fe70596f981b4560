import Graphs
import Planning

/// The step at which an emitted program needs its arena most, and what lies there.
public struct MemoryPeak: Sendable, Equatable {
  /// A value in memory.
  public struct Block: Sendable, Equatable {
    /// The value, for people.
    public var name: String
    public var byteCount: Int
    /// In the arena.
    public var offset: Int
  }

  /// Index of the step.
  public var step: Int
  /// Its layer, for people.
  public var layer: String
  public var kind: Operator.Kind
  /// The values that are needed at that step, largest first.
  public var blocks: [Block]
  /// Bytes that lie in more than one block: a result may cover what a layer has read already.
  public var sharedByteCount: Int
  /// Bytes of the arena in none of the blocks: gaps that no order of placing closed.
  public var gapByteCount: Int
}

extension CEmitter {
  /// The step with the most bytes of the arena in use; nil without an arena.
  public var peak: MemoryPeak? {
    guard sizes.arenaByteCount > 0 else { return nil }
    func alive(_ step: Int) -> [Int] {
      schedule.buffers.indices.filter {
        let lifetime = schedule.buffers[$0].lifetime
        return lifetime.byteCount > 0 && lifetime.firstStep <= step && step <= lifetime.lastStep
      }
    }
    /// Bytes of the arena that are in use.
    func covered(_ step: Int) -> Int {
      var (bytes, end) = (0, 0)
      for block in alive(step).sorted(by: { schedule.arena.offsets[$0] < schedule.arena.offsets[$1] }) {
        let blockEnd = schedule.arena.offsets[block] + schedule.buffers[block].lifetime.byteCount
        bytes += max(0, blockEnd - max(end, schedule.arena.offsets[block]))
        end = max(end, blockEnd)
      }
      return bytes
    }
    var (best, most) = (0, -1)
    for step in schedule.steps.indices {
      let bytes = covered(step)
      if bytes > most { (best, most) = (step, bytes) }
    }
    guard schedule.steps.indices.contains(best) else { return nil }
    let node = schedule.graph.nodes[schedule.steps[best].node]
    let blocks = alive(best).map {
      MemoryPeak.Block(
        name: schedule.buffers[$0].name, byteCount: schedule.buffers[$0].lifetime.byteCount,
        offset: schedule.arena.offsets[$0])
    }
    return MemoryPeak(
      step: best, layer: node.name, kind: node.operator.kind,
      blocks: blocks.sorted { ($1.byteCount, $0.offset) < ($0.byteCount, $1.offset) },
      sharedByteCount: blocks.reduce(-most) { $0 + $1.byteCount }, gapByteCount: sizes.arenaByteCount - most)
  }
}
