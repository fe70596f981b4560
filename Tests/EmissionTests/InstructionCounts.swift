/// Instructions of one inference on emulated chips, on the average of 19 inputs: exact for one compiler.
enum InstructionCounts {
  /// Versions of the compilers, for Arm and for RISC-V.
  static let compilers: Set = ["12.2.1", "12.2.0"]

  /// By network and board, at `-O2`. `DEEPCHIP_SHOW_COUNTS=1` makes the tests print new ones.
  static let all: [String: [String: Int]] = [
    "LeNet": [
      "m4": 7_524_615, "m33": 7_730_198, "m55": 7_189_937,
      "m0plus": 17_832_085, "riscv32": 10_914_873, "riscv32v": 10_064_992,
    ],
    "ResNet-8": [
      "m4": 18_085_978, "m33": 18_042_493, "m55": 6_964_786,
      "m0plus": 48_273_945, "riscv32": 41_810_912, "riscv32v": 10_696_732,
    ],
    "keyword spotter": [
      "m4": 6_524_293, "m33": 6_461_997, "m55": 3_791_069,
      "m0plus": 17_198_393, "riscv32": 11_741_251, "riscv32v": 5_725_628,
    ],
    "anomaly auto-encoder": [
      "m4": 439_585, "m33": 436_454, "m55": 146_252,
      "m0plus": 1_119_375, "riscv32": 987_987, "riscv32v": 166_608,
    ],
    "ResNet-20, ternary": [
      "m4": 19_965_549, "m33": 21_186_810, "m55": 19_215_119,
      "m0plus": 61_368_529, "riscv32": 46_170_825, "riscv32v": 44_948_409,
    ],
  ]
}
