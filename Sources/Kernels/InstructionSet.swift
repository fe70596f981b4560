import CKernels

/// A set of instructions that kernels are written for, simplest first.
///
///     let kernels = KernelTable(.best)            // what this processor does best
///     let twin = KernelTable(.scalar)             // portable C: the same integers
public enum InstructionSet: Int, CaseIterable, Sendable {
  /// Portable C; on every processor.
  case scalar
  /// AVX2 and FMA.
  case avx2
  /// AVX2 and AVX-VNNI, 8-bit dot products of 256 bits.
  case avxVNNI
  /// AVX-512 F, BW, DQ, VL and VNNI.
  case avx512
  /// AVX-512 with VBMI and VPOPCNTDQ, byte permutations and counts of bits.
  case avx512VBMI
  /// AVX-512 with VBMI and BF16, dot products of 16-bit floats.
  case avx512BF16
  /// AArch64: NEON, which all have.
  case neon
  /// NEON with dot products of 8-bit integers.
  case dotProduct
  /// NEON with matrix products of 8-bit integers.
  case i8mm

  /// Whether this processor and this build have it.
  public var isAvailable: Bool { dc_isa_is_available(foreign) != 0 }

  /// The last one that is available.
  public static var best: InstructionSet {
    var best = InstructionSet.scalar
    for candidate in allCases where candidate.isAvailable { best = candidate }
    return best
  }

  /// Its name, as in the names of kernels: `scalar`, `avx2`, `avxvnni`, `avx512`, `avx512vbmi`,
  /// `avx512bf16`, `neon`, `dotprod`, `i8mm`.
  public var name: StaticString {
    switch self {
    case .scalar: "scalar"
    case .avx2: "avx2"
    case .avxVNNI: "avxvnni"
    case .avx512: "avx512"
    case .avx512VBMI: "avx512vbmi"
    case .avx512BF16: "avx512bf16"
    case .neon: "neon"
    case .dotProduct: "dotprod"
    case .i8mm: "i8mm"
    }
  }

  var foreign: dc_isa {
    switch self {
    case .scalar: dc_isa_scalar
    case .avx2: dc_isa_avx2
    case .avxVNNI: dc_isa_avxvnni
    case .avx512: dc_isa_avx512
    case .avx512VBMI: dc_isa_avx512vbmi
    case .avx512BF16: dc_isa_avx512bf16
    case .neon: dc_isa_neon
    case .dotProduct: dc_isa_dotprod
    case .i8mm: dc_isa_i8mm
    }
  }
}
