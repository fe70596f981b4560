/// Instructions of one inference on emulated chips, on the average of 19 inputs: exact for one compiler.
enum InstructionCounts {
  /// Versions of the compilers, for Arm and for RISC-V.
  static let compilers: Set = ["12.2.1", "12.2.0"]

  /// By network and board, at `-O2`. `DEEPCHIP_SHOW_COUNTS=1` makes the tests print new ones.
  static let all: [String: [String: Int]] = [:]
}
