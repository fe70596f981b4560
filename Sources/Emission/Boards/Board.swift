import Targets

/// A board, or an emulated one, for which a whole program can be made: startup, linker script, `main`.
///
/// Boards are data: memories, and C text for what differs between them.
public struct Board: Sendable, Equatable {
  /// As in `--board`.
  public var name: String
  /// For people.
  public var title: String
  /// Name of the target that it carries; nil for emulated machines.
  public var target: String?
  public var core: Core
  /// Where program and constants lie.
  var flash: Region
  var ram: Region
  /// Text of `board.c`: `board_start` and `board_show`, and what `Device` needs if it has a serial port.
  var text: String
  /// Whether `board.c` has a serial port and a clock, as the device program needs.
  public var hasSerialPort: Bool
  /// Whether the program is loaded into RAM and begins with code rather than with vectors.
  var startsInRAM = false
  /// Where constants in flash are read, if not where code runs.
  var constantsOrigin: Int?
  /// Words at the beginning of the flash, before code, that the chip's loader looks for.
  var magic: [UInt32] = []
  /// The command that runs a program under emulation, up to the file's name; nil for real boards.
  public var emulator: [String]?

  struct Region: Sendable, Equatable {
    var origin: Int
    var byteCount: Int
  }

  public static let all: [Board] = [
    .nucleoF446RE, .nrf52840DK, .nrf5340DK, .nucleoL552ZEQ, .raspberryPiPico, .mps2AN386, .mps2AN385, .mps2AN505,
    .riscvVirt, .esp32C3DevKitM1,
  ]

  public static func named(_ name: String) -> Board? { all.first { $0.name == name } }
}

extension Board: CustomStringConvertible {
  /// The name.
  public var description: String { name }
}
