/// What becomes of a sum, in C: the same few lines in every layer.
extension CKernel.ResultKind {
  /// Parameters of a layer, after the weights.
  var parameters: String {
    switch self {
    case .codes(let scaling): Self.parameters(scaling)
    case .added(let scaling, let sum):
      Self.parameters(scaling) + ", const uint8_t *other, "
        + (sum.shift == .word
          ? "const @_sum *sum_rule"
          : "const @_rule *sum_rule,\n    int32_t left, int32_t right, int64_t offset")
    case .reals: "int32_t step,\n    const float *scales, const float *offsets"
    }
  }

  private static func parameters(_ scaling: CKernel.Scaling) -> String {
    scaling.shift == .brief
      ? "const @_rule *rule,\n    const int16_t *results"
      : "const @_rule *rule,\n    const int32_t *multipliers, const int64_t *offsets"
  }

  /// Copies of what the compiler would otherwise read again after every store.
  var setup: String {
    switch self {
    case .codes: "const @_rule r = *rule;"
    case .added(_, let sum):
      "const @_rule r = *rule;\nconst @_\(sum.shift == .word ? "sum" : "rule") sum_r = *sum_rule;"
    case .reals: ""
    }
  }

  /// What is the same for all sums of output channel `m`.
  func constants(_ m: String) -> String {
    switch self {
    case .codes(let scaling), .added(let scaling, _):
      if scaling.shift == .brief {
        "const int32_t multiplier = results[2 * (\(m))]\(scaling.isNarrow ? "" : " * r.shift"), "
          + "bias = results[2 * (\(m)) + 1];"
      } else {
        "const int32_t c = (\(m)) * r.step, multiplier = multipliers[c];\nconst int64_t bias = offsets[c];"
      }
    case .reals: "const int32_t c = (\(m)) * step;"
    }
  }

  /// Stores what becomes of `sum` at place `i`.
  func store(_ sum: String, at i: String) -> String {
    switch self {
    case .codes(let scaling): return "y[\(i)] = \(requantized(sum, scaling));"
    case .added(let scaling, let sumScaling):
      let result =
        sumScaling.shift == .word
        ? "@_requantize\(sumScaling.suffix)(code, other[\(i)], &sum_r)"
        : "@_requantize\(sumScaling.suffix)(\n"
          + "      \(product("code", "left", sumScaling)) + \(product("other[\(i)]", "right", sumScaling)) + offset, "
          + "&sum_r)"
      return """
        {
          const int32_t code = \(requantized(sum, scaling));
          y[\(i)] = \(result);
        }
        """
    case .reals: return "@_store_float(y + 4 * (\(i)), \(sum), scales[c], offsets[c]);"
    }
  }

  private func requantized(_ sum: String, _ scaling: CKernel.Scaling) -> String {
    scaling.shift == .brief
      ? "@_requantize\(scaling.suffix)(\(sum), multiplier, bias, &r)"
      : "@_requantize\(scaling.suffix)(\(product(sum, "multiplier", scaling)) + bias, &r)"
  }

  private func product(_ a: String, _ b: String, _ scaling: CKernel.Scaling) -> String {
    scaling.isNarrow ? "@_product(\(a), \(b))" : "(int64_t)(\(a)) * \(b)"
  }

  /// Bytes of `count` results, in C.
  func step(_ count: String) -> String { self == .reals ? "4 * " + count : count }

  var isAdded: Bool { if case .added = self { true } else { false } }
}
