/// Dense convolutions: the codes of two windows are gathered in the order of the core's instructions, then multiplied
/// with a few rows of weights at a time.
extension CKernel {
  /// Instructions that a tile is written with.
  var tileInstructions: [Instruction] {
    switch self {
    case .channelTile(.armDSP):
      [.load, .evenSigned, .oddSigned, .evenUnsigned, .oddUnsigned, .multiplyLow, .multiplyHigh]
    default: []
    }
  }

  // MARK: Columns

  static func spreadText(_ order: ColumnOrder) -> String {
    let four: String
    switch order {
    case .bytes:
      return """
        static void @_spread_bytes(const uint8_t *x, uint8_t *to, int32_t k, int32_t count) {
          memcpy(to + k, x, (size_t)count);
        }
        """
    case .pairs, .words:
      let step = order.byteCount
      four = """
          for (; k + 4 <= end; k += 4, x += 4) {
            uint8_t *place = to + \(step) * k;
            place[0] = x[0];
            place[\(step)] = x[1];
            place[\(2 * step)] = x[2];
            place[\(3 * step)] = x[3];
          }
        """
    case .blocks:
      return """
        static void @_spread_blocks(const uint8_t *x, uint8_t *to, int32_t k, int32_t count) {
          const int32_t end = k + count;
          for (; (k & 15) == 0 && k + 16 <= end; k += 16, x += 16) memcpy(to + 2 * k, x, 16);
          for (; k < end; k++) to[\(order.slot)] = *x++;
        }
        """
    case .quads:
      four = """
          if ((k & 3) == 0) {
            for (; k + 4 <= end; k += 4, x += 4) {
              const uint32_t codes = @_load4(x);
              @_store4(to + 4 * k, codes & 0xff00ffu);
              @_store4(to + 4 * k + 4, (codes >> 8) & 0xff00ffu);
            }
          }
        """
    }
    return """
      /* Codes to places k and up of a column; the rest of the column is 0 beforehand. */
      static void @_spread_\(order.rawValue)(const uint8_t *x, uint8_t *to, int32_t k, int32_t count) {
        const int32_t end = k + count;
      \(four)
        for (; k < end; k++) to[\(order.slot)] = *x++;
      }
      """
  }

  static func gatherText(_ order: ColumnOrder) -> String {
    """
    static void @_surround_\(order.rawValue)(uint8_t *to, int32_t k, int32_t count, int32_t code) {
      const int32_t end = k + count;
      for (; k < end; k++) to[\(order.slot)] = (uint8_t)code;
    }

    /* A window, kernel row by kernel row; every kernel column is the neighbor of the one before. */
    static void @_gather_\(order.rawValue)(
        const @_window *w, const uint8_t *x, int32_t row, int32_t column, uint8_t *to) {
      const int32_t y0 = row * w->row_stride - w->row_origin, x0 = column * w->column_stride - w->column_origin;
      const int32_t channels = w->channels, taps = w->kernel_columns;
      int32_t before = x0 < 0 ? -x0 : 0, after = x0 + taps > w->columns ? x0 + taps - w->columns : 0, i, k = 0;
      if (before > taps) before = taps;
      if (after > taps) after = taps;
      for (i = 0; i < w->kernel_rows; i++, k += taps * channels) {
        const int32_t y = y0 + i * w->row_dilation;
        if (y < 0 || y >= w->rows || before + after >= taps) {
          @_surround_\(order.rawValue)(to, k, taps * channels, w->outside);
        } else {
          if (before > 0) @_surround_\(order.rawValue)(to, k, before * channels, w->outside);
          @_spread_\(order.rawValue)(
              x + (y * w->columns + x0 + before) * channels, to, k + before * channels,
              (taps - before - after) * channels);
          if (after > 0)
            @_surround_\(order.rawValue)(to, k + (taps - after) * channels, after * channels, w->outside);
        }
      }
    }
    """
  }

  // MARK: Tiles

  static func tileText(_ core: CoreKind) -> String {
    switch core {
    case .portable: ""
    case .armDSP: armTileText
    case .armv6m: thumbTileText
    case .riscv32: riscTileText
    case .armMVE: mveTileText
    case .riscvVector: vectorTileText
    }
  }

  /// Products of 16 bits in pairs. Sums are those of pixel 0 with weights 0 and 1, then of pixel 1.
  private static let armTileText = """
    static void @_tile(const uint8_t *x, const uint32_t *w, int32_t depth, int32_t *sums) {
      int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    #if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
      const uint8_t *end = x + 4 * depth;
      uint32_t a, b, c, d, e, f;
      __asm__ volatile(
          "1: \(armQuad)\\n"
          "\(armQuad)\\n"
          "cmp %[x], %[end]\\n bne 1b"
          : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [x] "+r"(x), [w] "+r"(w), [a] "=&r"(a),
            [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [e] "=&r"(e), [f] "=&r"(f)
          : [end] "r"(end)
          : "cc", "memory");
    #else
      int32_t k, i;
      for (k = 0; k < depth; k += 4, x += 16, w += 2)
        for (i = 0; i < 4; i++) {
          const int32_t slot = ((i & 1) << 2) + (i & 2), p = x[slot], q = x[slot + 8];
          const int32_t u = (int32_t)((w[0] >> 8 * i & 255) ^ 128) - 128;
          const int32_t v = (int32_t)((w[1] >> 8 * i & 255) ^ 128) - 128;
          s0 += p * u;
          s1 += p * v;
          s2 += q * u;
          s3 += q * v;
        }
    #endif
      sums[0] = s0;
      sums[1] = s1;
      sums[2] = s2;
      sums[3] = s3;
    }
    """

  /// Four terms of two pixels and two outputs in 15 instructions.
  private static let armQuad = [
    "ldrd %[a], %[b], [%[w]], #8", "ldrd %[e], %[f], [%[x]], #8", "sxtb16 %[c], %[a], ror #8", "sxtb16 %[a], %[a]",
    "sxtb16 %[d], %[b], ror #8", "sxtb16 %[b], %[b]", "smlad %[s0], %[e], %[a], %[s0]",
    "smlad %[s1], %[e], %[b], %[s1]", "smlad %[s0], %[f], %[c], %[s0]", "smlad %[s1], %[f], %[d], %[s1]",
    "ldrd %[e], %[f], [%[x]], #8", "smlad %[s2], %[e], %[a], %[s2]", "smlad %[s3], %[e], %[b], %[s3]",
    "smlad %[s2], %[f], %[c], %[s2]", "smlad %[s3], %[f], %[d], %[s3]",
  ].joined(separator: "\\n\"\n      \"")

  /// One product serves two pixels: the upper half of a sum counts the upper products alone, and is subtracted from
  /// the sum of whole products.
  private static let thumbTileText = """
    static void @_tile(const uint8_t *x, const uint8_t *w, int32_t depth, int32_t *sums) {
      uint32_t s0 = 0, h0 = 0, s1 = 0, h1 = 0;
      const uint8_t *end = x + 4 * depth;
      do {
    #if defined(__thumb__) && !defined(__thumb2__) && defined(__GNUC__)
        uint32_t p, q;
        __asm__ volatile(
            ".syntax unified\\n"
            \(thumbTerms)
            : [s0] "+r"(s0), [h0] "+r"(h0), [s1] "+r"(s1), [h1] "+r"(h1), [p] "=&l"(p), [q] "=&l"(q)
            : [x] "l"(x), [w] "l"(w)
            : "cc", "memory");
    #else
        int32_t i;
        for (i = 0; i < 8; i++) {
          const uint32_t p = x[4 * i] + ((uint32_t)x[4 * i + 2] << 16);
          s0 += p * w[2 * i];
          h0 += p * w[2 * i] >> 16;
          s1 += p * w[2 * i + 1];
          h1 += p * w[2 * i + 1] >> 16;
        }
    #endif
        x += 32;
        w += 16;
      } while (x != end);
      sums[0] = (int32_t)(s0 - (h0 << 16));
      sums[1] = (int32_t)(s1 - (h1 << 16));
      sums[2] = (int32_t)h0;
      sums[3] = (int32_t)h1;
    }

    /* The sums of the codes of both columns, 256 or fewer at a time in sums of 16 bits. */
    static void @_totals(const uint8_t *x, int32_t depth, int32_t *totals) {
      int32_t first = 0, second = 0;
      const uint32_t *words = (const uint32_t *)(const void *)x;
      while (depth > 0) {
        const uint32_t *end = words + (depth < 256 ? depth : 256);
        uint32_t both = 0;
        for (; words != end; words += 8) {
          both += words[0] + words[1] + words[2] + words[3];
          both += words[4] + words[5] + words[6] + words[7];
        }
        first += (int32_t)(both & 0xffff);
        second += (int32_t)(both >> 16);
        depth -= 256;
      }
      totals[0] = first;
      totals[1] = second;
    }
    """

  private static let thumbTerms = (0..<8).map { term in
    let output = { (index: Int) in
      "ldrb %[q], [%[w], #\(2 * term + index)]\\n muls %[q], %[p], %[q]\\n add %[s\(index)], %[q]\\n "
        + "lsrs %[q], %[q], #16\\n add %[h\(index)], %[q]\\n"
    }
    return "\"ldr %[p], [%[x], #\(4 * term)]\\n \(output(0))\"\n        \"\(output(1))\""
  }.joined(separator: "\n        ")

  private static let riscTileText = """
    #if defined(__GNUC__)
    /* Keeps loads from being collected until registers run out. */
    #define @_IN_ORDER __asm__ volatile("" ::: "memory")
    #else
    #define @_IN_ORDER
    #endif

    static void @_tile(const uint8_t *x, const int8_t *w, int32_t depth, int32_t *sums) {
      const uint8_t *end = x + 2 * depth;
      int32_t \(sumNames(2).map { $0 + " = 0" }.joined(separator: ", "));
      do {
    \(riscTerm(0))
        @_IN_ORDER;
    \(riscTerm(1))
        @_IN_ORDER;
        x += 4;
        w += 8;
      } while (x != end);
    \((0..<8).map { "  sums[\($0)] = s\($0);" }.joined(separator: "\n"))
    }
    """

  private static func sumNames(_ pixels: Int) -> [String] { (0..<4 * pixels).map { "s\($0)" } }

  private static func riscTerm(_ term: Int) -> String {
    let products = (0..<4).map { "      s\($0) += p * a\($0);\n      s\($0 + 4) += q * a\($0);" }
    return """
          {
            const int32_t p = x[\(2 * term)], q = x[\(2 * term + 1)];
            const int32_t \((0..<4).map { "a\($0) = w[\(4 * term + $0)]" }.joined(separator: ", "));
      \(products.joined(separator: "\n"))
          }
      """
  }

  // MARK: Layers

  static func tiledLayerText(_ result: ResultKind, _ core: CoreKind, toPlanes: Bool) -> String {
    let (outputs, order) = (core.tileOutputs, core.columnOrder)
    let weights = core == .armDSP ? "weights + m * depth / 4" : "weights + m * depth"
    let isBiased = core.weightBias != 0
    func sum(_ pixel: Int) -> String {
      "sums[\(pixel * outputs) + n]" + (isBiased ? " - \(core.weightBias) * totals[\(pixel)]" : "")
    }
    func place(_ pixel: Int) -> String {
      toPlanes ? "at[\(pixel)] + (m + n) * pitch" : pixel == 0 ? "m + n" : "outputs + m + n"
    }
    let move = "y += \(result.step("count * outputs"));" + (result.isAdded ? "\n      other += count * outputs;" : "")
    return """
      static void @_tiled\(toPlanes ? "_to_planes" : "")_\(result.name)(
          const @_window *w, const uint8_t *x, uint8_t *y, const \(core.weightType) *weights, \(result.parameters),
          uint8_t *columns\(toPlanes ? ", int32_t pad, int32_t outside" : "")) {
      \(result.setup.indented(by: 2))
        const int32_t outputs = w->outputs, pixels = w->output_rows * w->output_columns;
        const int32_t length = w->kernel_rows * w->kernel_columns * w->channels;
        const int32_t depth = (length + \(core.tileDepth - 1)) / \(core.tileDepth) * \(core.tileDepth);
      \(toPlanes ? "  const int32_t pitch = w->output_columns + pad;\n" : "")\
        int32_t image, pixel, m, n, p, sums[\(2 * outputs)]\(isBiased ? ", totals[2]" : "")\(toPlanes ? ", at[2]" : "");
      \(toPlanes ? Self.tiledStart(result).indented(by: 2) + "\n" : "")\
        memset(columns, 0, (size_t)(\(order.byteCount) * depth));
        for (image = 0; image < w->images; image++) {
          int32_t row = 0, column = 0;
          for (pixel = 0; pixel < pixels; pixel += 2) {
            const int32_t count = pixels - pixel > 1 ? 2 : 1;
            for (p = 0; p < count; p++) {
      \(toPlanes ? "        at[p] = row * outputs * pitch + column;\n" : "")\
              @_gather_\(order.rawValue)(w, x, row, column, columns + \(order.pixelStep) * p);
              if (++column == w->output_columns) {
                column = 0;
                row++;
              }
            }
      \(isBiased ? "      @_totals(columns, depth, totals);\n" : "")\
            for (m = 0; m < outputs; m += \(outputs)) {
              @_tile(columns, \(weights), depth, sums);
              for (n = 0; n < \(outputs) && m + n < outputs; n++) {
      \(result.constants("m + n").indented(by: 10))
      \(result.store(sum(0), at: place(0)).indented(by: 10))
                if (count > 1) \(result.store(sum(1), at: place(1)))
              }
            }
      \(toPlanes ? "" : "      " + move + "\n")\
          }
          x += w->rows * w->columns * w->channels;
        }
      }
      """
  }

  /// The columns between planes of a layer's results.
  private static func tiledStart(_ result: ResultKind) -> String {
    "@_surround_planes(y, w->output_rows * outputs, w->output_columns, pad, outside);\ny += pad;"
      + (result.isAdded ? "\nother += pad;" : "")
  }

  static func denseLayerText(_ result: ResultKind, _ core: CoreKind) -> String {
    let weights =
      switch core.weightRun {
      case 1: "weights + m * length"
      case 4: "weights + m * ((length + 3) / 4)"
      case let run: "weights + m * ((length + \(run - 1)) / \(run) * \(run))"
      }
    let isBiased = core.weightBias != 0
    return """
      static void @_dense_\(result.name)(
          const @_window *w, const uint8_t *x, uint8_t *y, const \(core.weightType) *weights, \(result.parameters)) {
      \(result.setup.indented(by: 2))
        const int32_t outputs = w->outputs, length = w->rows * w->columns * w->channels;
        int32_t image, m, n, sums[4];
        for (image = 0; image < w->images; image++) {
      \(isBiased ? "    const int32_t total = \(core.weightBias) * @_total(x, length);\n" : "")\
          for (m = 0; m < outputs; m += 4) {
            @_dense_tile(x, \(weights), length, sums);
            for (n = 0; n < 4 && m + n < outputs; n++) {
      \(result.constants("m + n").indented(by: 8))
      \(result.store(isBiased ? "sums[n] - total" : "sums[n]", at: "m + n").indented(by: 8))
            }
          }
          x += length;
          y += \(result.step("outputs"));\(result.isAdded ? "\n    other += outputs;" : "")
        }
      }
      """
  }
}

extension CoreKind {
  /// Elements of a tile's weights, in C.
  var weightType: String {
    switch self {
    case .portable, .riscv32, .riscvVector: "int8_t"
    case .armDSP: "uint32_t"
    case .armv6m, .armMVE: "uint8_t"
    }
  }
}
