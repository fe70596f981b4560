/// A kind of processor core: what a compiler is told, and what the cores of one kind have in common.
public enum Core: Sendable, Equatable, CaseIterable {
  case cortexM0Plus
  case cortexM4
  case cortexM33
  /// With Helium, the vector extension.
  case cortexM55
  /// 32-bit RISC-V with multiplication and compressed instructions.
  case rv32imc
  /// The same with vectors of integers in registers of 128 bits.
  case rv32imcv
  case cortexA53
  case cortexA72
  case cortexA76
  case wasm32
  /// The machine that the command runs on.
  case host

  /// For people.
  public var title: String {
    switch self {
    case .cortexM0Plus: "Cortex-M0+"
    case .cortexM4: "Cortex-M4"
    case .cortexM33: "Cortex-M33"
    case .cortexM55: "Cortex-M55"
    case .rv32imc: "RV32IMC"
    case .rv32imcv: "RV32IMC with Zve32x"
    case .cortexA53: "Cortex-A53"
    case .cortexA72: "Cortex-A72"
    case .cortexA76: "Cortex-A76"
    case .wasm32: "WebAssembly"
    case .host: "this machine"
    }
  }

  /// What stands before `gcc`, `ld` and `size` of the cross compiler; nil if the machine's own will do.
  public var compilerPrefix: String? {
    switch self {
    case .cortexM0Plus, .cortexM4, .cortexM33, .cortexM55: "arm-none-eabi-"
    case .rv32imc, .rv32imcv: "riscv64-unknown-elf-"
    case .cortexA53, .cortexA72, .cortexA76: "aarch64-linux-gnu-"
    case .wasm32, .host: nil
    }
  }

  /// Options that name the core to gcc and clang.
  public var compilerFlags: [String] {
    switch self {
    case .cortexM0Plus: ["-mcpu=cortex-m0plus", "-mthumb"]
    case .cortexM4: ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft"]
    case .cortexM33: ["-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=soft"]
    case .cortexM55: ["-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard"]
    case .rv32imc: ["-march=rv32imc", "-mabi=ilp32", "-msmall-data-limit=0"]
    case .rv32imcv: ["-march=rv32imc_zve32x_zvl128b", "-mabi=ilp32", "-msmall-data-limit=0"]
    case .cortexA53: ["-mcpu=cortex-a53"]
    case .cortexA72: ["-mcpu=cortex-a72"]
    case .cortexA76: ["-mcpu=cortex-a76"]
    case .wasm32, .host: []
    }
  }

  /// The triple under which Embedded Swift knows the core; nil if it runs an operating system.
  ///
  /// Swift has no library for ARMv8-M: a Cortex-M33 or M55 runs the code of ARMv7E-M.
  public var embeddedTriple: String? {
    switch self {
    case .cortexM0Plus: "armv6m-none-none-eabi"
    case .cortexM4, .cortexM33, .cortexM55: "armv7em-none-none-eabi"
    case .rv32imc, .rv32imcv: "riscv32-none-none-eabi"
    case .wasm32: "wasm32-unknown-none-wasm"
    case .cortexA53, .cortexA72, .cortexA76, .host: nil
    }
  }

  /// Whether it runs programs without an operating system here.
  public var isMicrocontroller: Bool {
    switch self {
    case .cortexM0Plus, .cortexM4, .cortexM33, .cortexM55, .rv32imc, .rv32imcv: true
    case .cortexA53, .cortexA72, .cortexA76, .wasm32, .host: false
    }
  }
}
