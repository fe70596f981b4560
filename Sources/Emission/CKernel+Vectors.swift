/// Tiles of cores with vectors of sixteen bytes: Helium (MVE) by the intrinsics of arm_mve.h, RISC-V's by assembly.
extension CKernel {
  private static let mveHeader = """
    #if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
    #include <arm_mve.h>
    #define @_MVE
    #endif
    """

  /// Sixteen terms of two pixels and four outputs; weights have 128 added, so that all numbers are unsigned.
  static let mveTileText = """
    \(mveHeader)

    static void @_tile(const uint8_t *x, const uint8_t *w, int32_t depth, int32_t *sums) {
      uint32_t \((0..<8).map { "s\($0) = 0" }.joined(separator: ", "));
      for (; depth > 0; depth -= 16, x += 32, w += 64) {
    #if defined(@_MVE)
        const uint8x16_t p = vld1q_u8(x), q = vld1q_u8(x + 16);
        uint8x16_t a = vld1q_u8(w);
    \((0..<4).map { output in
      (output == 0 ? "" : "    a = vld1q_u8(w + \(16 * output));\n")
        + "    s\(output) = vmladavaq_u8(s\(output), p, a);\n"
        + "    s\(output + 4) = vmladavaq_u8(s\(output + 4), q, a);"
    }.joined(separator: "\n"))
    #else
        int32_t i;
        for (i = 0; i < 16; i++) {
          const uint32_t p = x[i], q = x[i + 16];
    \((0..<4).map { output in
      "      s\(output) += p * w[i + \(16 * output)];\n      s\(output + 4) += q * w[i + \(16 * output)];"
    }.joined(separator: "\n"))
        }
    #endif
      }
    \((0..<8).map { "  sums[\($0)] = (int32_t)s\($0);" }.joined(separator: "\n"))
    }

    /* The sums of the codes of both columns. */
    static void @_totals(const uint8_t *x, int32_t depth, int32_t *totals) {
      uint32_t first = 0, second = 0;
      for (; depth > 0; depth -= 16, x += 32) {
    #if defined(@_MVE)
        first = vaddvaq_u8(first, vld1q_u8(x));
        second = vaddvaq_u8(second, vld1q_u8(x + 16));
    #else
        int32_t i;
        for (i = 0; i < 16; i++) {
          first += x[i];
          second += x[i + 16];
        }
    #endif
      }
      totals[0] = (int32_t)first;
      totals[1] = (int32_t)second;
    }
    """

  /// Sixteen terms of one pixel and four outputs; what lies beyond the last code is not read.
  static let mveDenseText = """
    \(mveHeader)

    static int32_t @_total(const uint8_t *x, int32_t length) {
      uint32_t total = 0;
    #if defined(@_MVE)
      for (; length > 0; length -= 16, x += 16) {
        const mve_pred16_t inside = vctp8q((uint32_t)length);
        total = vaddvaq_u8(total, vldrbq_z_u8(x, inside));
      }
    #else
      int32_t i;
      for (i = 0; i < length; i++) total += x[i];
    #endif
      return (int32_t)total;
    }

    static void @_dense_tile(const uint8_t *x, const uint8_t *w, int32_t length, int32_t *sums) {
      uint32_t \((0..<4).map { "s\($0) = 0" }.joined(separator: ", "));
      for (; length > 0; length -= 16, x += 16, w += 64) {
    #if defined(@_MVE)
        const uint8x16_t p = vldrbq_z_u8(x, vctp8q((uint32_t)length));
    \((0..<4).map { "    s\($0) = vmladavaq_u8(s\($0), p, vld1q_u8(w + \(16 * $0)));" }.joined(separator: "\n"))
    #else
        int32_t i;
        for (i = 0; i < 16 && i < length; i++) {
    \((0..<4).map { "      s\($0) += (uint32_t)x[i] * w[i + \(16 * $0)];" }.joined(separator: "\n"))
        }
    #endif
      }
    \((0..<4).map { "  sums[\($0)] = (int32_t)s\($0);" }.joined(separator: "\n"))
    }
    """

  static let mveChannelText = """
    \(mveHeader)

    /* Four channels of a window; weights lie as [kernel rows][kernel columns][4]. */
    static void @_channel_tile(
        const @_window *w, const uint8_t *x, int32_t row_step, int32_t column_step, const int8_t *weights,
        int32_t *sums) {
      int32_t i, j;
    #if defined(@_MVE)
      int32x4_t sum = vdupq_n_s32(0);
      for (i = 0; i < w->kernel_rows; i++, x += row_step) {
        const uint8_t *from = x;
        for (j = w->kernel_columns; j > 0; j--, from += column_step, weights += 4) {
          const int32x4_t codes = vreinterpretq_s32_u32(vldrbq_u32(from));
          sum = vaddq_s32(sum, vmulq_s32(codes, vldrbq_s32(weights)));
        }
      }
      vst1q_s32(sums, sum);
    #else
      sums[0] = sums[1] = sums[2] = sums[3] = 0;
      for (i = 0; i < w->kernel_rows; i++, x += row_step) {
        const uint8_t *from = x;
        for (j = w->kernel_columns; j > 0; j--, from += column_step, weights += 4) {
          int32_t n;
          for (n = 0; n < 4; n++) sums[n] += from[n] * weights[n];
        }
      }
    #endif
    }
    """

  // MARK: RISC-V

  /// Old compilers know no vector registers, and use none.
  private static let vectorHeader = """
    #if defined(__riscv_v_min_vlen) && defined(__GNUC__)
    #if __riscv_v_min_vlen >= 128
    #define @_VECTORS
    #endif
    #endif
    #if defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 14)
    #define @_VECTOR_REGISTERS , \((0..<32).map { "\"v\($0)\"" }.joined(separator: ", "))
    #else
    #define @_VECTOR_REGISTERS
    #endif
    """

  private static func lines(_ lines: [String]) -> String {
    lines.map { "\"\($0)\\n\"" }.joined(separator: "\n    ")
  }

  private static let clearSums = ["vsetivli zero, 16, e32, m4, ta, ma"] + (4..<8).map { "vmv.v.i v\(4 * $0), 0" }

  /// Totals of sixteen partial sums each.
  private static let storeSums =
    ["vsetivli zero, 16, e32, m4, ta, ma", "vmv.s.x v0, zero"]
    + (0..<4).flatMap { ["vredsum.vs v1, v\(16 + 4 * $0), v0", "vmv.x.s %[t], v1", "sw %[t], \(4 * $0)(%[sums])"] }

  /// Four sums by a loop over x, up to `end`, and w.
  private static func loop(_ term: [String]) -> String {
    """
    __asm__ volatile(
        \(lines(clearSums + term + storeSums))
        : [x] "+r"(x), [w] "+r"(w), [t] "=&r"(t)
        : [end] "r"(end), [sums] "r"(sums)
        : "memory" @_VECTOR_REGISTERS);
    """
  }

  /// Sixteen terms of two pixels and two outputs.
  static let vectorTileText: String = {
    let term =
      ["1: vsetivli zero, 16, e8, m1, ta, ma"]
      + [("v0", "x"), ("v1", "x"), ("v2", "w"), ("v3", "w")].flatMap {
        ["vle8.v \($0.0), (%[\($0.1)])", "addi %[\($0.1)], %[\($0.1)], 16"]
      } + ["vwmulsu.vv v4, v2, v0", "vwmulsu.vv v6, v3, v0", "vwmulsu.vv v8, v2, v1", "vwmulsu.vv v10, v3, v1"]
      + ["vsetivli zero, 16, e16, m2, ta, ma"]
      + (0..<4).map { "vwadd.wv v\(16 + 4 * $0), v\(16 + 4 * $0), v\(4 + 2 * $0)" } + ["bne %[x], %[end], 1b"]
    return """
      \(vectorHeader)

      static void @_tile(const uint8_t *x, const int8_t *w, int32_t depth, int32_t *sums) {
      #if defined(@_VECTORS)
        const uint8_t *end = x + 2 * depth;
        int32_t t;
      \(loop(term).indented(by: 2))
      #else
        sums[0] = sums[1] = sums[2] = sums[3] = 0;
        for (; depth > 0; depth -= 16, x += 32, w += 32) {
          int32_t i;
          for (i = 0; i < 16; i++) {
            sums[0] += x[i] * w[i];
            sums[1] += x[i] * w[i + 16];
            sums[2] += x[i + 16] * w[i];
            sums[3] += x[i + 16] * w[i + 16];
          }
        }
      #endif
      }
      """
  }()

  /// Sixteen terms of one pixel and four outputs, and the rest in plain C.
  static let vectorDenseText: String = {
    let term =
      ["1: vsetivli zero, 16, e8, m1, ta, ma", "vle8.v v0, (%[x])", "addi %[x], %[x], 16"]
      + (0..<4).flatMap { ["vle8.v v\(1 + $0), (%[w])", "addi %[w], %[w], 16"] }
      + (0..<4).map { "vwmulsu.vv v\(8 + 2 * $0), v\(1 + $0), v0" } + ["vsetivli zero, 16, e16, m2, ta, ma"]
      + (0..<4).map { "vwadd.wv v\(16 + 4 * $0), v\(16 + 4 * $0), v\(8 + 2 * $0)" } + ["bne %[x], %[end], 1b"]
    return """
      \(vectorHeader)

      static void @_dense_tile(const uint8_t *x, const int8_t *w, int32_t length, int32_t *sums) {
        int32_t i, n;
        sums[0] = sums[1] = sums[2] = sums[3] = 0;
      #if defined(@_VECTORS)
        if (length >= 16) {
          const uint8_t *end = x + (length & ~15);
          int32_t t;
      \(loop(term).indented(by: 4))
          length &= 15;
        }
      #endif
        for (; length > 0; length -= 16, x += 16, w += 64)
          for (n = 0; n < 4; n++)
            for (i = 0; i < 16 && i < length; i++) sums[n] += x[i] * w[i + 16 * n];
      }
      """
  }()
}
