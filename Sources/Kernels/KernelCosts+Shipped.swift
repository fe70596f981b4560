extension KernelCosts {
  /// The costs that estimates go by where nobody has measured.
  ///
  /// Those of x86-64 are what `deepchip tune --isa NAME` found on an AMD Zen 5. No AArch64 processor was measured: sets of
  /// the same width stand in for the kernels, but for the one that picks codes: it runs there only when that is asked for or
  /// tuned.
  public static func shipped(for set: InstructionSet) -> KernelCosts {
    switch set {
    case .scalar: .scalar
    case .avx2, .neon: .avx2
    case .avxVNNI, .dotProduct, .i8mm: .avxVNNI
    case .avx512: .avx512
    case .avx512VBMI, .avx512BF16: .avx512VBMI
    }
  }

  private static let scalar = KernelCosts(arrival: Arrival(near: 0.31, shared: 0.31, memory: 0.32)) { method, _ in
    switch method {
    case .dense: Factors(step: 20, block: 16, addition: 10)
    case .gather: scalarGather
    case .packed: Factors(step: 43.5, block: 20, addition: 0)
    case .binary: Factors(step: 700, block: 20, addition: 0)
    case .add: Factors(step: 2.5, block: 20, addition: 10)
    }
  }

  /// Vectors of one or two pixels.
  private static let fewAdded = Factors(step: 0.006, table: 20, block: 120, addition: 10)

  /// Where no instructions pick bytes.
  private static let scalarGather = Factors(step: 64, block: 5, addition: 6)

  private static let avx2 = KernelCosts(arrival: Arrival(near: 0.016, shared: 0.0164, memory: 0.0254)) {
    method, shape in
    switch (method, shape) {
    case (.dense, .fewPixels): Factors(step: 1.06, block: 6, addition: 3.7)
    case (.dense, _): Factors(step: 0.74, block: 4.2, addition: 2.3)
    case (.gather, _): scalarGather
    case (.packed, .fewPixels): Factors(step: 1.58, block: 6.3, addition: 0)
    case (.packed, _): Factors(step: 1.15, block: 4, addition: 0)
    case (.binary, _): Factors(step: 2.3, table: 1, block: 8, addition: 0)
    case (.add, .fewPixels): fewAdded
    case (.add, .upTo16), (.add, .sliding): Factors(step: 0.0064, block: 4.5, addition: 1.7)
    case (.add, .upTo32): Factors(step: 0.006, table: 0.4, block: 4, addition: 1.9)
    case (.add, .more): Factors(step: 0.0062, table: 0.1, block: 4.8, addition: 1.9)
    }
  }

  private static let avxVNNI = KernelCosts(arrival: Arrival(near: 0.0077, shared: 0.0107, memory: 0.0203)) {
    method, shape in
    switch (method, shape) {
    case (.dense, .fewPixels): Factors(step: 0.41, block: 3.5, addition: 3.7)
    case (.dense, _): Factors(step: 0.25, block: 3.8, addition: 2.3)
    case (.gather, _): scalarGather
    case (.packed, .fewPixels): Factors(step: 0.93, block: 1.2, addition: 0)
    case (.packed, _): Factors(step: 0.47, block: 3.5, addition: 0)
    case (.binary, _), (.add, _): avx2[method, shape]
    }
  }

  private static let avx512 = KernelCosts(arrival: Arrival(near: 0.0048, shared: 0.0079, memory: 0.0157)) {
    method, shape in
    switch (method, shape) {
    case (.dense, .fewPixels): Factors(step: 0.3, block: 0, addition: 0.6)
    case (.dense, .upTo16): Factors(step: 0.134, block: 1.22, addition: 0.85)
    case (.dense, .sliding): Factors(step: 0.127, block: 0, addition: 0.61)
    case (.dense, .upTo32): Factors(step: 0.119, block: 0.54, addition: 0.88)
    case (.dense, .more): Factors(step: 0.12, block: 0.5, addition: 0.89)
    case (.gather, _): scalarGather
    case (.packed, .fewPixels): Factors(step: 0.253, block: 4.26, addition: 0)
    case (.packed, .upTo16): Factors(step: 0.199, block: 2.78, addition: 0)
    case (.packed, .sliding): Factors(step: 0.257, block: 0, addition: 0)
    case (.packed, .upTo32): Factors(step: 0.201, block: 2.65, addition: 0)
    case (.packed, .more): Factors(step: 0.23, block: 1.05, addition: 0)
    case (.binary, _): avx2[method, shape]
    case (.add, .fewPixels): fewAdded
    case (.add, .upTo16), (.add, .sliding): Factors(step: 0.0052, block: 2, addition: 0.6)
    case (.add, .upTo32): Factors(step: 0.0052, table: 0.2, block: 1.9, addition: 1.5)
    case (.add, .more): Factors(step: 0.0069, block: 3.2, addition: 2)
    }
  }

  private static let avx512VBMI = KernelCosts(arrival: avx512.arrival) { method, shape in
    switch (method, shape) {
    case (.gather, .fewPixels): Factors(step: 0.444, table: 0.69, block: 8.4, addition: 2.7)
    case (.gather, .upTo16): Factors(step: 0.201, table: 0.185, block: 0.99, addition: 0.76)
    case (.gather, .sliding): Factors(step: 0.217, table: 0.47, block: 0, addition: 0.84)
    case (.gather, .upTo32): Factors(step: 0.22, table: 0.057, block: 0.94, addition: 0.45)
    case (.gather, .more): Factors(step: 0.241, table: 0.037, block: 0.68, addition: 0.49)
    case (.binary, .fewPixels): Factors(step: 0.8, table: 1, block: 3, addition: 0)
    case (.binary, _): Factors(step: 0.42, table: 0.9, block: 3.2, addition: 0)
    case (.dense, _), (.packed, _), (.add, _): avx512[method, shape]
    }
  }
}
