import Targets

/// What the functions of an emitted program take before a compiler has seen them: estimates.
public struct CodeEstimate: Sendable, Equatable {
  /// Machine code, without the compiler's routines for 64-bit shifts.
  public var byteCount: Int
  /// Below the caller's frame, at the deepest call.
  public var stackByteCount: Int
}

extension CEmitter {
  /// Bytes of code and stack, from the length of the program's text.
  ///
  /// The bytes per character and the stack were measured on the MLPerf Tiny networks with gcc 12 at -O2: 0.24 to 0.29
  /// for Thumb-2, 0.27 to 0.33 for ARMv6-M and RV32IMC, and 176 to 384 bytes of stack. `-Os` takes a sixth less code.
  public func codeEstimate(_ core: Core) -> CodeEstimate {
    let bytesPerCharacter =
      switch core {
      case .cortexM4, .cortexM33: 0.28
      case .cortexM0Plus, .rv32imc: 0.31
      case .cortexA53, .cortexA72, .cortexA76, .wasm32, .host: 0.4
      }
    return CodeEstimate(byteCount: Int(bytesPerCharacter * Double(codeCharacterCount)), stackByteCount: 512)
  }

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
      (frames[kernel.name] ?? 0) + (kernel.uses.map(depth).max() ?? 0)
    }
    return (frames["run"] ?? 0) + (program.kernels.map(depth).max() ?? 0)
  }
}
