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

  /// What is the same for all sums of output channel `m`.
  func constants(_ m: String) -> String {
    switch self {
    case .codes, .added: "const int32_t c = (\(m)) * rule->step;"
    case .reals: "const int32_t c = (\(m)) * step;"
    }
  }

  /// Stores the result of `sum` at place `i`.
  var store: String {
    switch self {
    case .codes(let scaling):
      "y[i] = @_requantize\(scaling.suffix)((int64_t)sum * multipliers[c] + offsets[c], rule);"
    case .added(let scaling, let sumScaling):
      "const int32_t code = @_requantize\(scaling.suffix)((int64_t)sum * multipliers[c] + offsets[c], rule);\n"
        + "y[i] = @_requantize\(sumScaling.suffix)((int64_t)code * left + (int64_t)other[i] * right + offset, sum_rule);"
    case .reals: "@_store_float(y + 4 * i, sum, scales[c], offsets[c]);"
    }
  }

  /// Bytes of `count` results, in C.
  func step(_ count: String) -> String { self == .reals ? "4 * " + count : count }

  var isAdded: Bool { if case .added = self { true } else { false } }
}
