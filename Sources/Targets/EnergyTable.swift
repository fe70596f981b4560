/// What work costs in energy: by the cycle where a vendor says what current flows, else by the operation.
public enum EnergyTable: Sendable, Equatable {
  /// The whole chip while it computes.
  ///
  /// - milliamperes: at `megahertz` and `volts`.
  case supply(milliamperes: Double, megahertz: Double, volts: Double)
  /// The core and its first memories alone, from Horowitz's figures scaled to another process.
  ///
  /// - nanometers: the process.
  /// - volts: of the core.
  case scaledOperations(nanometers: Double, volts: Double)

  public func picojoules(_ mix: InstructionMix, cycles: Double) -> Double {
    switch self {
    case .supply(let milliamperes, let megahertz, let volts):
      return cycles * milliamperes * volts / megahertz * 1000
    case .scaledOperations(let nanometers, let volts):
      let scale = nanometers / Horowitz.nanometers * (volts * volts) / (Horowitz.volts * Horowitz.volts)
      return scale
        * (mix.count * Horowitz.instruction + mix.arithmetic * Horowitz.add32
          + mix.multiplications * (Horowitz.multiply32 + Horowitz.add32)
          + (mix.loads + mix.stores) * Horowitz.cache8KiB)
    }
  }

  /// Picojoules of operations in a 45 nm process at 0.9 V.
  ///
  /// - Source: M. Horowitz, *Computing's Energy Problem (and what we can do about it)*, ISSCC 2014, figure 1.1.9.
  ///   Scaling here: in proportion to the feature size and to the square of the voltage, a rule of thumb.
  public enum Horowitz {
    public static let nanometers = 45.0
    public static let volts = 0.9
    public static let add8 = 0.03
    public static let add32 = 0.1
    public static let multiply8 = 0.2
    public static let multiply32 = 3.1
    /// 64 bits from a cache of 8 KiB, of 32 KiB, of 1 MiB.
    public static let cache8KiB = 10.0
    public static let cache32KiB = 20.0
    public static let cache1MiB = 100.0
    /// 64 bits, the lower end.
    public static let dram = 1300.0
    /// Fetch, registers and control of one instruction, without its operation and data: 25 for the instruction cache,
    /// 6 for the registers, and control up to 70 in all.
    public static let instruction = 70.0
  }
}
