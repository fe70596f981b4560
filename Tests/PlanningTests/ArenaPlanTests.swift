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

  @Test("Results keep their distance from the operands they cover", arguments: UInt64(0)..<32)
  func resultsKeepTheirDistance(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let lifetimes = (0..<Int.random(in: 2...20, using: &generator)).map { step in
      Lifetime(
        byteCount: Int.random(in: 1...1000, using: &generator), firstStep: step,
        lastStep: step + Int.random(in: 1...3, using: &generator))
    }
    let sharing = lifetimes.indices.dropLast().filter { lifetimes[$0].lastStep == $0 + 1 }.map {
      Sharing(result: $0 + 1, operand: $0, distance: Int.random(in: 0...500, using: &generator))
    }
    let plan = ArenaPlan(lifetimes, alignment: 8, sharing: sharing)
    for a in lifetimes.indices {
      #expect(plan.offsets[a] % 8 == 0 && plan.offsets[a] + lifetimes[a].byteCount <= plan.byteCount)
      for b in lifetimes.indices where a != b && lifetimes[a].overlaps(lifetimes[b]) {
        let areApart =
          plan.offsets[a] + lifetimes[a].byteCount <= plan.offsets[b]
          || plan.offsets[b] + lifetimes[b].byteCount <= plan.offsets[a]
        let mayShare = sharing.contains { pair in
          [pair.result, pair.operand].sorted() == [a, b].sorted()
            && plan.offsets[pair.result] + pair.distance <= plan.offsets[pair.operand]
        }
        #expect(areApart || mayShare, "seed \(seed), blocks \(a) and \(b)")
      }
    }
    #expect(plan.byteCount <= ArenaPlan(lifetimes, alignment: 8).byteCount)
    #expect(plan == ArenaPlan(lifetimes, alignment: 8, sharing: sharing))
  }

  @Test("A depthwise layer takes little more than one map")
  func coversItsOperand() {
    let lifetimes = (0..<3).map { Lifetime(byteCount: 8000, firstStep: $0, lastStep: $0 + 1) }
    let sharing = (0..<2).map { Sharing(result: $0 + 1, operand: $0, distance: 384) }
    #expect(ArenaPlan(lifetimes, alignment: 16, sharing: sharing).byteCount == 8000 + 2 * 384)
  }

  @Test("A chain of layers takes the two largest neighbors, not the sum")
  func chainReusesMemory() {
    let lifetimes = [64, 128, 64, 32].enumerated().map {
      Lifetime(byteCount: $1, firstStep: $0, lastStep: $0 + 1)
    }
    #expect(ArenaPlan(lifetimes, alignment: 16).byteCount == 192)
  }
}
