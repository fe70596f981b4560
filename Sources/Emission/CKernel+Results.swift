/// What becomes of a sum, in C: the same few lines in every layer.
extension CKernel.ResultKind {
  /// Parameters of a layer, after the weights.
  var parameters: String {
    switch self {
    case .codes: "const @_rule *rule,\n    const int32_t *multipliers, const int64_t *offsets"
    case .added:
      "const @_rule *rule,\n    const int32_t *multipliers, const int64_t *offsets, const uint8_t *other, "
        + "const @_rule *sum_rule,\n    int32_t left, int32_t right, int64_t offset"
    case .reals: "int32_t step,\n    const float *scales, const float *offsets"
    }
  }

  /// Copies of what the compiler would otherwise read again after every store.
  var setup: String {
    switch self {
    case .codes: "const @_rule r = *rule;"
    case .added: "const @_rule r = *rule, sum_r = *sum_rule;"
    case .reals: ""
    }
  }

  /// What is the same for all sums of output channel `m`.
  func constants(_ m: String) -> String {
    switch self {
    case .codes, .added:
      "const int32_t c = (\(m)) * r.step, multiplier = multipliers[c];\nconst int64_t bias = offsets[c];"
    case .reals: "const int32_t c = (\(m)) * step;"
    }
  }

  /// Stores what becomes of `sum` at place `i`.
  func store(_ sum: String, at i: String) -> String {
    switch self {
    case .codes(let scaling): "y[\(i)] = \(requantized(sum, scaling));"
    case .added(let scaling, let sumScaling):
      """
      {
        const int32_t code = \(requantized(sum, scaling));
        y[\(i)] = @_requantize\(sumScaling.suffix)(
            \(product("code", "left", sumScaling)) + \(product("other[\(i)]", "right", sumScaling)) + offset, &sum_r);
      }
      """
    case .reals: "@_store_float(y + 4 * (\(i)), \(sum), scales[c], offsets[c]);"
    }
  }

  private func requantized(_ sum: String, _ scaling: CKernel.Scaling) -> String {
    "@_requantize\(scaling.suffix)(\(product(sum, "multiplier", scaling)) + bias, &r)"
  }

  private func product(_ a: String, _ b: String, _ scaling: CKernel.Scaling) -> String {
    scaling.isNarrow ? "@_product(\(a), \(b))" : "(int64_t)(\(a)) * \(b)"
  }

  /// Bytes of `count` results, in C.
  func step(_ count: String) -> String { self == .reals ? "4 * " + count : count }

  var isAdded: Bool { if case .added = self { true } else { false } }
}
