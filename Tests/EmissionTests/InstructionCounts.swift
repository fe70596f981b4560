/// Instructions of one inference on emulated chips, on the average of 19 inputs: exact for one compiler.
enum InstructionCounts {
  /// Versions of the compilers, for Arm and for RISC-V.
  static let compilers: Set = ["12.2.1", "12.2.0"]

  /// By network and board, at `-O2`. `DEEPCHIP_SHOW_COUNTS=1` makes the tests print new ones.
  static let all: [String: [String: Int]] = [
    "LeNet": ["m4": 7_524_615, "m33": 7_730_196, "m0plus": 17_832_085, "riscv32": 10_914_873],
    "ResNet-8": ["m4": 18_085_970, "m33": 18_041_273, "m0plus": 48_273_944, "riscv32": 41_810_909],
    "keyword spotter": ["m4": 6_512_564, "m33": 6_450_443, "m0plus": 17_194_638, "riscv32": 11_753_795],
    "anomaly auto-encoder": ["m4": 439_585, "m33": 436_454, "m0plus": 1_119_375, "riscv32": 987_987],
    "ResNet-20, ternary": ["m4": 20_038_723, "m33": 21_230_170, "m0plus": 60_937_795, "riscv32": 46_055_531],
  ]
}
