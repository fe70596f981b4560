import Targets
import Testing

@Suite struct TargetTests {
  @Test("A target is found by its name, and names are words of a command line", arguments: Target.all)
  func names(_ target: Target) {
    #expect(Target.named(target.name) == target)
    #expect(target.name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 })
  }

  @Test("No two targets share a name, and none is called by another")
  func unique() {
    #expect(Set(Target.all.map(\.name)).count == Target.all.count)
    #expect(Target.named("stm32") == nil)
  }

  @Test("Every chip has memories, clock, cycles and energy, each from a named document", arguments: Target.all)
  func chips(_ target: Target) {
    guard target.core.isMicrocontroller else { return }
    #expect(target.flashByteCount ?? 0 > 0 && target.ramByteCount ?? 0 > 0 && target.clockHertz ?? 0 > 0)
    #expect(target.cycles != nil && target.energy != nil)
    #expect(target.core.compilerPrefix != nil && target.core.embeddedTriple != nil)
    for source in target.sources { #expect(!source.figures.isEmpty && !source.document.isEmpty) }
    #expect(target.sources.contains { !$0.isEstimate })
  }

  @Test("Energy is current times voltage times time")
  func supply() {
    // 10 mA at 2 V are 20 mW; at 100 MHz that is 200 pJ a cycle.
    let table = EnergyTable.supply(milliamperes: 10, megahertz: 100, volts: 2)
    #expect(table.picojoules(InstructionMix(), cycles: 1000) == 200_000)
  }

  @Test("Horowitz's figures stand as printed at 45 nm and 0.9 V")
  func operations() {
    let table = EnergyTable.scaledOperations(nanometers: 45, volts: 0.9)
    #expect(abs(table.picojoules(InstructionMix(arithmetic: 10), cycles: 0) - 701) < 1e-9)
    #expect(abs(table.picojoules(InstructionMix(loads: 1, multiplications: 1), cycles: 0) - 153.2) < 1e-9)
  }

  @Test("Cycles are those of each class, times the stalls")
  func cycles() {
    let table = CycleTable(load: 2, store: 3, arithmetic: 1, multiplication: 5, branch: 7, stalls: 2)
    let mix = InstructionMix(loads: 1, stores: 1, arithmetic: 1, multiplications: 1, branches: 1)
    #expect(table.cycles(mix) == 36)
    #expect(table.cycles(2 * mix + mix) == 108)
  }
}
