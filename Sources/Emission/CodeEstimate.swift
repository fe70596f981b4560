import Targets

/// What the functions of an emitted program take before a compiler has seen them: estimates.
public struct CodeEstimate: Sendable, Equatable {
  /// Machine code, without the compiler's routines for 64-bit shifts.
  public var byteCount: Int
  /// Below the caller's frame, at the deepest call; more than compilers need.
  public var stackByteCount: Int
}

extension CEmitter {
  /// Bytes of code and stack, from the length of the program's text.
  ///
  /// The bytes per character were measured on the MLPerf Tiny networks with gcc 12 at -O2: 0.23 to 0.28 on Cortex-M4 and
  /// M33, 0.23 to 0.3 on M0+, 0.35 to 0.4 on RV32IMC; the text holds the twins in plain C, which few compile. `-Os` takes
  /// a sixth less code.
  public func codeEstimate(_ core: Core) -> CodeEstimate {
    let bytesPerCharacter =
      switch (options.core, core) {
      case (.armDSP, _): 0.25
      case (.armv6m, _): 0.265
      case (.riscv32, _): 0.38
      case (.armMVE, _): 0.25
      case (.riscvVector, _): 0.29
      case (.portable, .cortexM4), (.portable, .cortexM33), (.portable, .cortexM55): 0.28
      case (.portable, .cortexM0Plus), (.portable, .rv32imc), (.portable, .rv32imcv): 0.31
      case (.portable, _): 0.4
      }
    return CodeEstimate(
      byteCount: Int(bytesPerCharacter * Double(codeCharacterCount)), stackByteCount: stackEstimate(core))
  }

  /// The deepest chain of calls, with a frame for each function as large as the largest of its kind that was measured;
  /// whatever compilers inline adds up to less.
  private func stackEstimate(_ core: Core) -> Int {
    func frame(_ kernel: CKernel) -> Int {
      switch kernel {
      case .layer(let result, _, _), .tiledLayer(let result, _), .planarTiledLayer(let result, _),
        .denseLayer(let result, _),
        .channelLayer(let result, _), .sparseDense(let result, _):
        result.isAdded ? 336 : 256
      case .sparseLayer(let result, _, _, _), .planarLayer(let result, _, _, _): result.isAdded ? 448 : 336
      case .planarRows: 608
      case .tile, .denseTile, .channelTile, .maximumPooling, .averagePooling, .multiply, .rearrange, .softmax: 128
      case .sum, .gather, .spread, .places, .row, .planes, .lanes, .addLanes, .planarPlaces, .planarLanes,
        .sixteenCodes, .addCodes, .locate,
        .quantize, .dequantize, .add:
        96
      case .loadFloat, .storeFloat, .product, .requantize, .dot, .total, .instruction, .lookup, .fill, .countBefore,
        .surroundPlanes:
        32
      }
    }
    func depth(_ kernel: CKernel) -> Int { frame(kernel) + (kernel.uses.map(depth).max() ?? 0) }
    let deepest = 64 + Self.routineByteCount + (program.kernels.map(depth).max() ?? 0)
    switch core {
    // ARMv6-M computes with eight registers; RISC-V saves up to twelve at a call, at whole 16 bytes.
    // Helium's registers are saved too.
    case .cortexM0Plus, .cortexM55, .rv32imc, .rv32imcv: return (deepest * 5 / 4 + 15) / 16 * 16
    case .cortexM4, .cortexM33, .wasm32, .host: return (deepest + 15) / 16 * 16
    case .cortexA53, .cortexA72, .cortexA76: return 2 * deepest
    }
  }

  /// Stack of memcpy or the compiler's own routines.
  private static let routineByteCount = 32

  /// Characters of functions and calls, without comments and indentation.
  private var codeCharacterCount: Int {
    let kernels = CKernel.closure(program.kernels).map(\.text)
    let lines = (kernels.flatMap { $0.split(separator: "\n") } + program.calls.joined().map { $0[...] })
    return lines.reduce(0) { sum, line in
      let text = line.drop { $0 == " " }
      return text.hasPrefix("/*") ? sum : sum + text.utf8.count + 1
    }
  }
}

extension CEmitter {
  /// The bound on the stack that frames of single functions give: no function calls itself, so it is the deepest chain.
  ///
  /// - Parameter frames: bytes by function, without the prefix; functions that were inlined are missing.
  public func stackByteCount(frames: [String: Int]) -> Int {
    func depth(_ kernel: CKernel) -> Int {
      max(frames[kernel.name] ?? 0, kernel.assemblyFrame) + (kernel.uses.map(depth).max() ?? 0)
    }
    return (frames["run"] ?? 0) + (program.kernels.map(depth).max() ?? 0)
  }
}

extension CKernel {
  /// Stack of a function that is all assembly where its core runs it: no compiler counts it.
  fileprivate var assemblyFrame: Int { self == .sixteenCodes ? 80 : 0 }
}
