extension KernelCosts {
  /// The costs that estimates go by where nobody has measured.
  public static func shipped(for set: InstructionSet) -> KernelCosts {
    switch set {
    case .avx512VBMI, .avx512BF16: .gathering
    case .scalar, .avx2, .avxVNNI, .avx512, .neon, .dotProduct, .i8mm: .multiplying
    }
  }

  private static let gathering = KernelCosts(arrival: Arrival(near: 0.0067, shared: 0.0125, memory: 0.02)) {
    method, shape in
    switch (method, shape) {
    case (.dense, _): Factors(step: 0.13, block: 0.7, addition: 1)
    case (.gather, .fewPixels): Factors(step: 0.49, table: 1.2, block: 1, addition: 1)
    case (.gather, .upTo16): Factors(step: 0.245, table: 0.07, block: 1.5, addition: 1)
    case (.gather, _): Factors(step: 0.245, table: 0.07, block: 1, addition: 1)
    case (.packed, _): Factors(step: 0.3, block: 0.7, addition: 1)
    }
  }

  private static let multiplying = KernelCosts(arrival: Arrival(near: 0.0067, shared: 0.0125, memory: 0.02)) {
    method, _ in
    switch method {
    case .dense: Factors(step: 0.13, block: 0.7, addition: 1)
    case .gather: Factors(step: 40, table: 10, block: 10, addition: 1)
    case .packed: Factors(step: 0.3, block: 0.7, addition: 1)
    }
  }
}
