/// Dense layers, one pixel and four outputs at a time, and depthwise ones, one pixel and four channels at a time.
extension CKernel {
  static func denseTileText(_ core: CoreKind) -> String {
    switch core {
    case .portable: ""
    case .armDSP: armDenseText
    case .armv6m: thumbDenseText
    case .riscv32: riscDenseText
    case .armMVE: mveDenseText
    case .riscvVector: vectorDenseText
    }
  }

  /// Four terms of four outputs in 21 instructions.
  private static let armDenseText = """
    static void @_dense_tile(const uint8_t *x, const uint32_t *w, int32_t length, int32_t *sums) {
      int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, i, n;
    #if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
      const uint8_t *end = x + (length & ~3);
      uint32_t a, b, c, e, f;
      if (x != end)
        __asm__ volatile(
            "1: ldr %[f], [%[x]], #4\\n"
            "ldrd %[a], %[b], [%[w]], #8\\n uxtb16 %[e], %[f]\\n uxtb16 %[f], %[f], ror #8\\n"
            \(armDensePair(0, 1))
            "ldrd %[a], %[b], [%[w]], #8\\n"
            \(armDensePair(2, 3))
            "cmp %[x], %[end]\\n bne 1b"
            : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [x] "+r"(x), [w] "+r"(w), [a] "=&r"(a),
              [b] "=&r"(b), [c] "=&r"(c), [e] "=&r"(e), [f] "=&r"(f)
            : [end] "r"(end)
            : "cc", "memory");
    #else
      int32_t k;
      for (k = length >> 2; k > 0; k--, x += 4, w += 4)
        for (i = 0; i < 4; i++) {
          s0 += x[i] * ((int32_t)((w[0] >> 8 * i & 255) ^ 128) - 128);
          s1 += x[i] * ((int32_t)((w[1] >> 8 * i & 255) ^ 128) - 128);
          s2 += x[i] * ((int32_t)((w[2] >> 8 * i & 255) ^ 128) - 128);
          s3 += x[i] * ((int32_t)((w[3] >> 8 * i & 255) ^ 128) - 128);
        }
    #endif
      sums[0] = s0;
      sums[1] = s1;
      sums[2] = s2;
      sums[3] = s3;
      for (i = 0; i < (length & 3); i++)
        for (n = 0; n < 4; n++) sums[n] += x[i] * ((int32_t)((w[n] >> 8 * i & 255) ^ 128) - 128);
    }
    """

  private static func armDensePair(_ first: Int, _ second: Int) -> String {
    [(first, "a"), (second, "b")].map { sum, word in
      "\"sxtb16 %[c], %[\(word)]\\n smlad %[s\(sum)], %[e], %[c], %[s\(sum)]\\n\"\n        "
        + "\"sxtb16 %[\(word)], %[\(word)], ror #8\\n smlad %[s\(sum)], %[f], %[\(word)], %[s\(sum)]\\n\""
    }.joined(separator: "\n        ")
  }

  private static let thumbDenseText = """
    static int32_t @_total(const uint8_t *x, int32_t length) {
      int32_t total = 0, i;
      for (i = 0; i < length; i++) total += x[i];
      return total;
    }

    static void @_dense_tile(const uint8_t *x, const uint8_t *w, int32_t length, int32_t *sums) {
      int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      const uint8_t *end = x + length;
    #if defined(__thumb__) && !defined(__thumb2__) && defined(__GNUC__)
      for (; end - x >= 4; x += 4, w += 16) {
        uint32_t p, q;
        __asm__ volatile(
            ".syntax unified\\n"
            \(thumbDenseTerms)
            : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [p] "=&l"(p), [q] "=&l"(q)
            : [x] "l"(x), [w] "l"(w)
            : "cc", "memory");
      }
    #endif
      for (; x != end; x++, w += 4) {
        s0 += *x * w[0];
        s1 += *x * w[1];
        s2 += *x * w[2];
        s3 += *x * w[3];
      }
      sums[0] = s0;
      sums[1] = s1;
      sums[2] = s2;
      sums[3] = s3;
    }
    """

  private static let thumbDenseTerms = (0..<4).map { term in
    let output = { (index: Int) in
      "ldrb %[q], [%[w], #\(4 * term + index)]\\n muls %[q], %[p], %[q]\\n add %[s\(index)], %[q]\\n"
    }
    return "\"ldrb %[p], [%[x], #\(term)]\\n \(output(0)) \(output(1))\"\n        \"\(output(2)) \(output(3))\""
  }.joined(separator: "\n        ")

  private static let riscDenseText = """
    static void @_dense_tile(const uint8_t *x, const int8_t *w, int32_t length, int32_t *sums) {
      int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      const uint8_t *end = x + (length & ~3);
      for (; x != end; x += 4, w += 16) {
    \((0..<4).map(riscDenseTerm).joined(separator: "\n"))
      }
      for (end += length & 3; x != end; x++, w += 4) {
    \(riscDenseTerm(0))
      }
      sums[0] = s0;
      sums[1] = s1;
      sums[2] = s2;
      sums[3] = s3;
    }
    """

  private static func riscDenseTerm(_ term: Int) -> String {
    (0..<4).map { "    s\($0) += x[\(term)] * w[\(4 * term + $0)];" }.joined(separator: "\n")
  }

  // MARK: Depthwise

  static func channelTileText(_ core: CoreKind) -> String {
    let body: String
    switch core {
    case .armDSP:
      body = """
              const uint32_t codes = @_load4(from), word = *weights++;
              const uint32_t even = @_even_u(codes), odd = @_odd_u(codes);
              const uint32_t even_w = @_even_s(word), odd_w = @_odd_s(word);
              s0 = @_multiply_low(even, even_w, s0);
              s1 = @_multiply_low(odd, odd_w, s1);
              s2 = @_multiply_high(even, even_w, s2);
              s3 = @_multiply_high(odd, odd_w, s3);
        """
    case .armMVE: return mveChannelText
    case .portable, .armv6m, .riscv32, .riscvVector:
      body = (0..<4).map { "      s\($0) += from[\($0)] * weights[\($0)];\n" }.joined() + "      weights += 4;"
    }
    return """
      /* Four channels of a window; weights lie as [kernel rows][kernel columns][4]. */
      static void @_channel_tile(
          const @_window *w, const uint8_t *x, int32_t row_step, int32_t column_step, const \(core.channelWeightType) *weights,
          int32_t *sums) {
        int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, i, j;
        for (i = 0; i < w->kernel_rows; i++, x += row_step) {
          const uint8_t *from = x;
          for (j = w->kernel_columns; j > 0; j--, from += column_step) {
      \(body)
          }
        }
        sums[0] = s0;
        sums[1] = s1;
        sums[2] = s2;
        sums[3] = s3;
      }
      """
  }

  static func channelLayerText(_ result: ResultKind, _ core: CoreKind) -> String {
    let weights = core == .armDSP ? "weights + m / 4 * taps" : "weights + m * taps"
    return """
      static void @_channels_\(result.name)(
          const @_window *w, const uint8_t *x, uint8_t *y, const \(core.channelWeightType) *weights, \(result.parameters),
          uint8_t *columns) {
      \(result.setup.indented(by: 2))
        const int32_t channels = w->channels, taps = w->kernel_rows * w->kernel_columns;
        int32_t image, row, column, m, n, sums[4];
        for (image = 0; image < w->images; image++) {
          for (row = 0; row < w->output_rows; row++)
            for (column = 0; column < w->output_columns; column++) {
              const int32_t y0 = row * w->row_stride - w->row_origin;
              const int32_t x0 = column * w->column_stride - w->column_origin;
              const uint8_t *from = columns;
              int32_t row_step = w->kernel_columns * channels, column_step = channels;
              if (y0 >= 0 && y0 + (w->kernel_rows - 1) * w->row_dilation < w->rows && x0 >= 0
                  && x0 + w->kernel_columns <= w->columns) {
                from = x + (y0 * w->columns + x0) * channels;
                row_step = w->row_step;
                column_step = w->column_step;
              } else {
                @_gather_bytes(w, x, row, column, columns);
              }
              for (m = 0; m < channels; m += 4) {
                @_channel_tile(w, from + m, row_step, column_step, \(weights), sums);
                for (n = 0; n < 4; n++) {
      \(result.constants("m + n").indented(by: 12))
      \(result.store("sums[n]", at: "m + n").indented(by: 12))
                }
              }
              y += \(result.step("channels"));\(result.isAdded ? "\n        other += channels;" : "")
            }
          x += w->rows * w->columns * channels;
        }
      }
      """
  }
}

extension CoreKind {
  /// Elements of the weights of a depthwise layer, in C.
  var channelWeightType: String { self == .armDSP ? "uint32_t" : "int8_t" }
}
