import Targets

/// What the inner loops of an emitted program are written for.
///
/// Every kernel has a twin in plain C beside the instructions of its core, so that any program compiles, and gives the
/// same integers, on any little-endian machine.
public enum CoreKind: String, Sendable, Hashable, CaseIterable {
  /// Any processor, of any byte order.
  case portable
  /// Arm with the DSP instructions: Cortex-M4, M7, M33.
  case armDSP
  /// ARMv6-M and ARMv8-M Baseline: Cortex-M0, M0+, M23. Few registers, and products of 32 bits at most.
  case armv6m
  /// RV32IM and up.
  case riscv32
  /// Arm with Helium, the vector extension of ARMv8.1-M: Cortex-M55, M85. It has the DSP instructions too.
  case armMVE
  /// RV32IM with vectors of 128 bits or more (Zve32x, Zvl128b).
  case riscvVector

  /// What programs for `core` run best.
  public init(_ core: Core) {
    self =
      switch core {
      case .cortexM4, .cortexM33: .armDSP
      case .cortexM0Plus: .armv6m
      case .cortexM55: .armMVE
      case .rv32imc: .riscv32
      case .rv32imcv: .riscvVector
      case .cortexA53, .cortexA72, .cortexA76, .wasm32, .host: .portable
      }
  }

  /// In commands: of the smallest processor of the kind.
  public var name: String {
    switch self {
    case .portable: "portable"
    case .armDSP: "cortex-m4"
    case .armv6m: "cortex-m0plus"
    case .riscv32: "riscv32"
    case .armMVE: "cortex-m55"
    case .riscvVector: "riscv32v"
    }
  }

  /// Whether there are instructions on the two halves of a word, and `SMMLA`.
  var hasDSP: Bool {
    switch self {
    case .armDSP, .armMVE: true
    case .portable, .armv6m, .riscv32, .riscvVector: false
    }
  }

  /// Output channels of a tile of a convolution; a tile has two pixels.
  var tileOutputs: Int {
    switch self {
    case .portable, .armDSP, .armv6m, .riscvVector: 2
    case .riscv32, .armMVE: 4
    }
  }

  /// Terms in a turn of a tile's inner loop: the length of a row of weights is a multiple of it.
  var tileDepth: Int {
    switch self {
    case .portable, .armDSP, .armv6m: 8
    case .riscv32: 2
    case .armMVE, .riscvVector: 16
    }
  }

  /// Terms of a row of weights that lie side by side, in tiles and in dense layers.
  var weightRun: Int {
    switch self {
    case .portable, .armv6m, .riscv32: 1
    case .armDSP: 4
    case .armMVE, .riscvVector: 16
    }
  }

  /// How a tile reads its two columns of codes.
  var columnOrder: ColumnOrder {
    switch self {
    case .portable: .bytes
    case .armDSP: .quads
    case .armv6m: .words
    case .riscv32: .pairs
    case .armMVE, .riscvVector: .blocks
    }
  }

  /// What is added to a weight of a tile, so that it is unsigned.
  var weightBias: Int {
    switch self {
    case .armv6m, .armMVE: 128
    case .portable, .armDSP, .riscv32, .riscvVector: 0
    }
  }

  /// Output channels of a tile of a dense layer; it has one pixel.
  static let denseOutputs = 4
}

/// Where the codes of two windows stand, one after the other.
enum ColumnOrder: String, CaseIterable {
  /// Of one window only, side by side.
  case bytes
  /// Both of a place side by side.
  case pairs
  /// Both of a place in a word, 16 bits each.
  case words
  /// Four of one window, 16 bits each, in the order 0 2 1 3 of `UXTB16`; then four of the other.
  case quads
  /// Sixteen of one window, then sixteen of the other.
  case blocks

  /// Byte offset of place `k`, in C.
  var slot: String {
    switch self {
    case .bytes: "k"
    case .pairs: "2 * k"
    case .words: "4 * k"
    case .quads: "16 * (k >> 2) + ((k & 1) << 2) + (k & 2)"
    case .blocks: "32 * (k >> 4) + (k & 15)"
    }
  }

  /// Bytes from the first window's code to the second's.
  var pixelStep: Int {
    switch self {
    case .bytes: 0
    case .pairs: 1
    case .words: 2
    case .quads: 8
    case .blocks: 16
    }
  }

  /// Bytes of a place, of both windows.
  var byteCount: Int {
    switch self {
    case .bytes: 1
    case .pairs, .blocks: 2
    case .words, .quads: 4
    }
  }
}
