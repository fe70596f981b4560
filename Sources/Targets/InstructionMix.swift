/// How many instructions of each class a piece of work takes.
public struct InstructionMix: Sendable, Equatable {
  public var loads: Double
  public var stores: Double
  /// Additions, shifts, logic, comparisons, moves.
  public var arithmetic: Double
  /// 32-bit products, with or without an addition.
  public var multiplications: Double
  /// Jumps, calls and returns that happen.
  public var branches: Double

  public init(
    loads: Double = 0, stores: Double = 0, arithmetic: Double = 0, multiplications: Double = 0, branches: Double = 0
  ) {
    self.loads = loads
    self.stores = stores
    self.arithmetic = arithmetic
    self.multiplications = multiplications
    self.branches = branches
  }

  public var count: Double { loads + stores + arithmetic + multiplications + branches }

  public static func + (a: InstructionMix, b: InstructionMix) -> InstructionMix {
    InstructionMix(
      loads: a.loads + b.loads, stores: a.stores + b.stores, arithmetic: a.arithmetic + b.arithmetic,
      multiplications: a.multiplications + b.multiplications, branches: a.branches + b.branches)
  }

  public static func * (times: Double, mix: InstructionMix) -> InstructionMix {
    InstructionMix(
      loads: times * mix.loads, stores: times * mix.stores, arithmetic: times * mix.arithmetic,
      multiplications: times * mix.multiplications, branches: times * mix.branches)
  }
}
