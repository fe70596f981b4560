/// Instructions of one inference on emulated chips, on the average of 19 inputs: exact for one compiler.
enum InstructionCounts {
  /// The compiler, and its version, of all counts.
  static let compiler = "12.2.1"

  /// By network and board, at `-O2`. `DEEPCHIP_SHOW_COUNTS=1` makes the tests print new ones.
  static let all: [String: [String: Int]] = [:]
}
