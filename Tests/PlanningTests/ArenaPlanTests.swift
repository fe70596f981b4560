import Planning
import Tensors
import Testing

@Suite struct ArenaPlanTests {
  @Test("Blocks alive at the same step do not share bytes", arguments: UInt64(0)..<32)
  func blocksStayApart(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let lifetimes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
      let first = Int.random(in: 0..<30, using: &generator)
      return Lifetime(
        byteCount: Int.random(in: 0...1000, using: &generator), firstStep: first,
        lastStep: first + Int.random(in: 0...5, using: &generator))
    }
    let plan = ArenaPlan(lifetimes, alignment: 16)
    for a in lifetimes.indices {
      #expect(plan.offsets[a] % 16 == 0)
      #expect(plan.offsets[a] + lifetimes[a].byteCount <= plan.byteCount)
      for b in lifetimes.indices where a < b && lifetimes[a].overlaps(lifetimes[b]) {
        let (startA, endA) = (plan.offsets[a], plan.offsets[a] + lifetimes[a].byteCount)
        let (startB, endB) = (plan.offsets[b], plan.offsets[b] + lifetimes[b].byteCount)
        #expect(endA <= startB || endB <= startA || startA == endA || startB == endB)
      }
    }
    #expect(plan.byteCount >= ArenaPlan.lowerBound(lifetimes))
  }

  @Test("A chain of layers takes the two largest neighbors, not the sum")
  func chainReusesMemory() {
    let lifetimes = [64, 128, 64, 32].enumerated().map {
      Lifetime(byteCount: $1, firstStep: $0, lastStep: $0 + 1)
    }
    #expect(ArenaPlan(lifetimes, alignment: 16).byteCount == 192)
  }
}
