import Emission
import Graphs
import Passes
import Targets

/// A network whose first layers are computed in patches of rows, so that its program needs less memory.
///
///     let patching = try Patching.best(model.packed.graph, options: options)
///     let emitter = try CEmitter(patching?.graph ?? model.packed.graph, options: options)
public struct Patching: Sendable {
  /// The network in patches; every result stays what it was.
  public var graph: Graph
  /// Patches, from top to bottom.
  public var count: Int
  /// The last layer in patches.
  public var lastLayer: String
  /// Bytes of the program's arena, and without patches.
  public var arenaByteCount: Int
  public var wholeArenaByteCount: Int
  /// Products of all layers, and without patches: rows that two patches see are computed twice.
  public var macCount: Int
  public var wholeMACCount: Int

  /// Numbers of patches that are tried.
  public static let counts = [2, 3, 4, 5, 6, 8, 12, 16]

  /// Products that patches may cost, in parts of those without.
  public static let productLimit = 1.5

  /// The patches with which the arena is smallest, within `productLimit`; nil if none make it smaller.
  ///
  /// Every end of the first layers is tried with the middle number, and the two best ends with all numbers.
  ///
  /// - Parameters:
  ///   - graph: packed.
  ///   - options: of the program.
  ///   - counts: numbers of patches to choose from, 2 or more each.
  /// - Throws: `EmissionError` if the network itself has no program.
  public static func best(
    _ graph: Graph, options: CEmitter.Options, counts: [Int] = counts
  ) throws(EmissionError) -> Patching? {
    guard !counts.isEmpty else { return nil }
    let middle = counts[counts.count / 2]
    let whole = try CEmitter(graph, options: options)
    func tried(_ region: PatchableRegion, _ count: Int) -> Patching? {
      guard let patched = graph.inPatches(count, region), let emitter = try? CEmitter(patched, options: options) else {
        return nil
      }
      let patching = Patching(
        graph: patched, count: count, lastLayer: graph.nodes[region.nodes.upperBound - 1].name,
        arenaByteCount: emitter.sizes.arenaByteCount, wholeArenaByteCount: whole.sizes.arenaByteCount,
        macCount: emitter.macCount, wholeMACCount: whole.macCount)
      return Double(patching.macCount) <= Self.productLimit * Double(whole.macCount) ? patching : nil
    }
    func isBetter(_ a: Patching, _ b: Patching) -> Bool {
      (a.arenaByteCount, a.macCount) < (b.arenaByteCount, b.macCount)
    }
    let ends = graph.patchableRegions.filter { $0.nodes.count > 1 }.compactMap { region in
      tried(region, middle).map { (region, $0) }
    }
    let best = ends.sorted { isBetter($0.1, $1.1) }.prefix(2)
    let all = best.map(\.1) + best.flatMap { end in counts.filter { $0 != middle }.compactMap { tried(end.0, $0) } }
    return all.min(by: isBetter).flatMap { $0.arenaByteCount < $0.wholeArenaByteCount ? $0 : nil }
  }
}

extension CEmitter {
  fileprivate var macCount: Int { work(on: .cortexM4).reduce(0) { $0 + $1.macCount } }
}
