/// Clock cycles of an instruction, by class, with operands in the fastest memory; less than 1 where several issue at once.
public struct CycleTable: Sendable, Equatable {
  public var load: Double
  public var store: Double
  public var arithmetic: Double
  public var multiplication: Double
  /// A jump that happens, with the refill of the pipeline.
  public var branch: Double
  /// Factor for all that the classes leave out: wait states of the memory that holds the program.
  public var stalls: Double

  public init(
    load: Double, store: Double, arithmetic: Double, multiplication: Double, branch: Double, stalls: Double = 1
  ) {
    self.load = load
    self.store = store
    self.arithmetic = arithmetic
    self.multiplication = multiplication
    self.branch = branch
    self.stalls = stalls
  }

  public func cycles(_ mix: InstructionMix) -> Double {
    let sum =
      mix.loads * load + mix.stores * store + mix.arithmetic * arithmetic + mix.multiplications * multiplication
      + mix.branches * branch
    return stalls * sum
  }

  /// Cortex-M4 TRM (Arm DDI 0439B), table 3-1: data operations, MUL and MLA 1; LDR and STR 2, following ones pipelined
  /// to 1, so 1.5 and 1 on average (estimate); branches 1 + P, P of 1 to 3.
  public static let cortexM4 = CycleTable(load: 1.5, store: 1, arithmetic: 1, multiplication: 1, branch: 3)

  /// Cortex-M0+ TRM (Arm DDI 0484C), table 3-1: data operations 1, MULS 1 with the fast multiplier, LDR and STR 2,
  /// branches taken 2, BL 3.
  public static let cortexM0Plus = CycleTable(load: 2, store: 2, arithmetic: 1, multiplication: 1, branch: 2.3)

  /// An estimate: Arm prints no table for the Cortex-M33; close to the Cortex-M4 at one instruction a cycle, with some
  /// pairs of 16-bit instructions issued together.
  public static let cortexM33 = CycleTable(load: 1.4, store: 1, arithmetic: 0.95, multiplication: 1, branch: 2.5)

  /// An estimate: one instruction a cycle in four stages, a bubble after half of the loads, two at taken branches.
  public static let rv32 = CycleTable(load: 1.5, store: 1, arithmetic: 1, multiplication: 1, branch: 3)

  /// Estimates for scalar code on cores that issue 2, 3 and 4 instructions at a time.
  public static let cortexA53 = CycleTable(load: 1, store: 1, arithmetic: 0.6, multiplication: 1, branch: 1)
  public static let cortexA72 = CycleTable(load: 0.8, store: 0.8, arithmetic: 0.4, multiplication: 1, branch: 0.8)
  public static let cortexA76 = CycleTable(load: 0.5, store: 0.5, arithmetic: 0.3, multiplication: 0.6, branch: 0.6)
}
