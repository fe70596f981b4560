/// A processor or board that programs are made for: its memories, its clock, and what work costs on it.
///
///     Target.named("rp2040")?.ramByteCount      // 270336
///
/// Every figure comes from a document in `sources`, by the name of the field it is for; figures that no document gives
/// are estimates and marked so there.
public struct Target: Sendable, Equatable {
  /// As in `--target`; lower-case letters, digits and hyphens.
  public var name: String
  /// For people.
  public var title: String
  public var core: Core
  /// Bytes for program and constants; nil where they do not run short.
  public var flashByteCount: Int?
  /// Bytes for variables and the stack; nil where they do not run short.
  public var ramByteCount: Int?
  /// The highest clock, in hertz; nil if it differs from machine to machine.
  public var clockHertz: Int?
  /// Clock cycles by class of instruction; nil if unknown.
  public var cycles: CycleTable?
  public var energy: EnergyTable?
  public var sources: [Source]

  /// Where figures come from.
  public struct Source: Sendable, Equatable {
    /// The figures, for people.
    public var figures: String
    /// The document's name, or how the figures were estimated.
    public var document: String
    public var isEstimate: Bool

    public init(_ figures: String, _ document: String, isEstimate: Bool = false) {
      self.figures = figures
      self.document = document
      self.isEstimate = isEstimate
    }
  }

  public init(
    name: String, title: String, core: Core, flashByteCount: Int?, ramByteCount: Int?, clockHertz: Int?,
    cycles: CycleTable?, energy: EnergyTable?, sources: [Source]
  ) {
    self.name = name
    self.title = title
    self.core = core
    self.flashByteCount = flashByteCount
    self.ramByteCount = ramByteCount
    self.clockHertz = clockHertz
    self.cycles = cycles
    self.energy = energy
    self.sources = sources
  }

  /// All there are: chips by size, computers, the rest.
  public static let all: [Target] = [
    .stm32f446, .nrf52840, .rp2040, .nrf5340, .stm32l552, .esp32c3, .raspberryPi3, .raspberryPi4, .raspberryPi5, .wasm,
    .host,
  ]

  public static func named(_ name: String) -> Target? { all.first { $0.name == name } }

  /// Seconds that so many cycles take; nil if the clock differs.
  public func seconds(cycles: Double) -> Double? { clockHertz.map { cycles / Double($0) } }

  /// Picojoules of a piece of work; nil if nothing is known of the target's energy.
  ///
  /// - Parameters:
  ///   - mix: the instructions.
  ///   - cycles: the clock cycles they take.
  public func picojoules(_ mix: InstructionMix, cycles: Double) -> Double? { energy?.picojoules(mix, cycles: cycles) }
}

extension Target: CustomStringConvertible {
  /// The name.
  public var description: String { name }
}
