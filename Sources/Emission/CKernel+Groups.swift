/// Ternary layers from planes to planes, sixteen results at a time: for Arm with DSP, where results are codes made with
/// `BriefRule`.
///
/// A place that is read serves sixteen pixels, side by side or in two rows; the sums stay in registers from the first
/// place to the codes.
extension CKernel {
  static let groupsText: String = {
    // C99 promises strings of 4,095 characters.
    let lines = [sumsAssembly, codesAssembly].flatMap { ["  __asm__ volatile("] + $0 + ["  );"] }
    return """
      /* Groups of sixteen codes, eight at y and eight at v, from the pixels at x and at z. */
      typedef struct {
        const uint32_t *positive, *positive_end, *negative, *negative_end; /* places, 257 in a list at most */
        uint32_t weights, end; /* of positive places, and below it minus that of negative ones; 0 */
        int32_t multiplier, offset, start; /* start: 32768 times the sum of both weights */
        const uint8_t *x, *z;
        uint8_t *y, *v;
        int32_t input_step, output_step, groups; /* from group to group */
        int32_t mode; /* 0; 4: every other pixel, codes 1 and 2 of four changed about; 8: at x alone */
      } @_groups;

      /* Sums begin at -32768, so that a signed number of 16 bits holds them. */
      #if defined(__ARM_FEATURE_DSP) && defined(__thumb2__) && defined(__GNUC__)
      __attribute__((naked, noinline)) static void @_sixteen_codes(__attribute__((unused)) @_groups *g) {
      \(lines.joined(separator: "\n"))
      }
      #else
      static void @_sixteen_codes(@_groups *g) {
        const int32_t plus = (int32_t)(g->weights & 0xffffu), minus = (int32_t)((0x10000u - (g->weights >> 16)) & 0xffffu);
        for (; g->groups > 0; g->groups--) {
          int32_t i;
          for (i = 0; i < (g->mode == 8 ? 8 : 16); i++) {
            const int32_t pixel = g->mode == 4 ? 2 * ((i & 4) | (i & 2) >> 1 | (i & 1) << 1) : i & 7;
            const uint8_t *from = (i < 8 ? g->x : g->z) + pixel;
            const uint32_t *place;
            int32_t sum = 0;
            for (place = g->positive; place != g->positive_end; place++) sum += plus * from[*place];
            for (place = g->negative; place != g->negative_end; place++) sum -= minus * from[*place];
            (i < 8 ? g->y : g->v - 8)[i] = @_requantize_brief_full(sum, g->multiplier, g->offset, NULL);
          }
          g->x += g->input_step;
          g->z += g->input_step;
          g->y += g->output_step;
          g->v += g->output_step;
        }
      }
      #endif
      """
  }()

  /// The function for gcc and clang, as lines of C strings.
  ///
  /// r4...r11 hold sixteen sums of 16 bits; r0 and r12 are x and z, r1 and r2 the rest of a list, r3 and lr what is read.
  private static var sumsAssembly: [String] {
    func sums(_ base: String, _ registers: Int...) -> [String] {
      let turns = ["", ", ror #8"]
      let additions = zip(registers, turns).map { register, turn in "uxtab16 r\(register), r\(register), lr" + turn }
      return ["ldr lr, [\(base), r3]"] + additions
    }
    let place = ["ldr r3, [r1], #4"]
    let next = ["adds r3, #4"]
    let term: [String] = place + sums("r0", 4, 5) + sums("r12", 8, 9) + next + sums("r0", 6, 7) + sums("r12", 10, 11)
    var everyOther = ["10:"] + place
    for word in 0..<4 {
      if word > 0 { everyOther += next }
      everyOther += sums("r0", 4 + word) + sums("r12", 8 + word)
    }
    everyOther += ["cmp r1, r2", "bne 10b", "b 5f"]
    let single: [String] =
      ["11:"] + place + sums("r0", 4, 5) + next + sums("r0", 6, 7) + ["cmp r1, r2", "bne 11b", "b 5f"]
    var start = [
      "push {r4-r11, lr}", "sub sp, #44", "str r0, [sp, #32]", "ldr r3, [r0, #64]", "str r3, [sp, #40]",
      "mov r3, r0", "0: ldrd r0, r12, [r3, #36]", "1: ldrd r1, r2, [r3], #8", "cmp r2, #0", "beq 4f",
      "str r3, [sp, #36]", "stm sp, {r4-r11}", "mov r4, #0x80008000",
    ]
    start += (5...11).map { "mov r\($0), r4" }
    start += ["subs r3, r2, r1", "beq 5f", "ldr lr, [sp, #40]"]
    // A jump into the loop, by what the list's length leaves over, or to the other loops.
    func jump(_ bits: Int, _ labels: [String]) -> [String] {
      let targets = labels + [String](repeating: "10f", count: 4) + [String](repeating: "11f", count: 4)
      return [
        "ubfx r3, r3, #2, #\(bits)", "add r3, lr", "tbb [pc, r3]",
        "6: .byte " + targets.map { "(\($0)-6b)/2" }.joined(separator: ", "),
      ]
    }
    var two: [String] = jump(1, ["2f", "3f", "2f", "2f"]) + everyOther + single
    for label in ["2:", "3:"] { two += [label] + term }
    var four: [String] = jump(2, ["2f", "9f", "8f", "7f"]) + everyOther + single
    for label in ["2:", "7:", "8:", "9:"] { four += [label] + term }
    let last = ["cmp r1, r2", "bne 2b", "5: ldr r3, [sp, #36]", "b 1b"]
    var lines = quoted(start)
    lines += ["#if defined(__OPTIMIZE_SIZE__)"] + quoted(two)
    lines += ["#else"] + quoted(four) + ["#endif"]
    return lines + quoted(last)
  }

  private static func quoted(_ lines: [String]) -> [String] { lines.map { "      \"" + $0 + "\\n\"" } }

  /// The rest: r1 holds both weights, r12 and lr the rule, r3 is where codes go.
  private static var codesAssembly: [String] {
    let start = [
      "4: ldrd r12, lr, [r3], #8", "ldr r0, [r3]", "str r0, [sp, #36]", "ldr r3, [r3, #12]",
    ]
    let end = [
      "ldr r3, [sp, #32]", "ldrd r0, r1, [r3, #52]", "ldrd r4, r5, [r3, #36]", "ldrd r6, r7, [r3, #44]",
      "ldr r2, [r3, #60]", "adds r4, r0", "adds r5, r0", "adds r6, r1", "adds r7, r1", "subs r2, #1",
      "strd r4, r5, [r3, #36]", "strd r6, r7, [r3, #44]", "str r2, [r3, #60]", "bne 0b", "add sp, #44",
      "pop {r4-r11, pc}",
    ]
    return quoted(start + (0..<8).flatMap(results) + end)
  }

  /// Two codes from a word of sums at positive places, which lies on the stack, and one at negative ones.
  private static func results(_ word: Int) -> [String] {
    let (first, sum) = ([0, 1, 4, 5][word % 4], "r\(4 + word)")
    var lines = word == 4 ? ["ldr r3, [sp, #32]", "ldr r3, [r3, #48]"] : []
    // The first word's register keeps the start afterwards.
    let start = word == 0 ? "r0" : "r4"
    lines += ["ldr r2, [sp, #\(4 * word)]", "smlabb r0, r2, r1, \(start)", "smlabt r0, \(sum), r1, r0"]
    lines += ["smmla r0, r0, r12, lr", "usat r0, #8, r0, asr #6", "strb r0, [r3, #\(first)]"]
    lines += word == 0 ? ["ldr r0, [sp, #36]"] : []
    lines += ["smlatb r2, r2, r1, \(start)", "smlatt r2, \(sum), r1, r2"] + (word == 0 ? ["mov r4, r0"] : [])
    return lines + ["smmla r2, r2, r12, lr", "usat r2, #8, r2, asr #6", "strb r2, [r3, #\(first + 2)]"]
  }

  static let addCodesText = """
    /* Rows of codes, with those of another map added. */
    static void @_add_codes(
        const uint8_t *x, int32_t input_step, const uint8_t *other, uint8_t *y, int32_t step, int32_t rows,
        int32_t columns, const @_sum *rule) {
      const @_sum r = *rule;
      for (; rows > 0; rows--, x += input_step - columns, other += step - columns, y += step - columns) {
        int32_t count = columns;
        for (; count >= 4; count -= 4, x += 4, other += 4, y += 4) {
          y[0] = @_requantize_word_full(x[0], other[0], &r);
          y[1] = @_requantize_word_full(x[1], other[1], &r);
          y[2] = @_requantize_word_full(x[2], other[2], &r);
          y[3] = @_requantize_word_full(x[3], other[3], &r);
        }
        for (; count > 0; count--) *y++ = @_requantize_word_full(*x++, *other++, &r);
      }
    }
    """

  /// Narrow maps take eight pixels of two rows at a time, where both rows of windows lie on the map.
  static func planarRowsText(_ form: SparseForm, _ needs: PlanarNeeds) -> String {
    let order = """
      if (t->column_stride == 2) {
        for (i = 0; i < 16 * groups; i += 4) {
          const uint8_t code = buffer[i + 1];
          buffer[i + 1] = buffer[i + 2];
          buffer[i + 2] = code;
        }
      }
      """
    let copy = "for (i = 0; i < rows; i++) memcpy(to + i * step, buffer + input_step * i, (size_t)count);"
    let store =
      needs.hasResiduals
      ? """
      if (other != NULL) {
        @_add_codes(buffer, input_step, other + (to - y), to, step, rows, count, sum_rule);
      } else {
        \(copy)
      }
      """ : copy
    let parameters = needs.hasResiduals ? "const uint8_t *other, const @_sum *sum_rule, " : ""
    return """
      static void @_planar_rows_\(form.rawValue)(
          const @_planar *t, const uint8_t *x, uint8_t *y, const uint8_t *codes, int32_t plus, int32_t minus,
          const @_rule *rule, const int16_t *results, \(parameters)uint32_t *places) {
        const int32_t outputs = t->outputs, columns = t->output_columns, pitch = columns + t->pad, step = outputs * pitch;
        const int32_t stride = t->row_stride * t->row_bytes, scale = rule->shift;
        const int32_t narrow = ((columns - 1) & 15) < 8, width = narrow ? 8 : 16, side = 8 * t->column_stride;
        const int32_t direct = columns % width == 0\(needs.hasSteps ? " && t->column_stride == 1" : "")\(needs.hasResiduals ? " && other == NULL" : "");
        int32_t m, row, rows, column, i, counts[2];
        @_groups g;
        uint8_t buffer[128];
        @_surround_planes(y, t->output_rows * outputs, columns, t->pad, t->outside);
        g.weights = ((uint32_t)plus & 0xffffu) | (0u - (uint32_t)minus) << 16;
        g.end = 0;
        g.start = (plus - minus) * 32768;
        x += t->left;
        y += t->pad;
      \(needs.hasResiduals ? "  if (other != NULL) other += t->pad;\n" : "")\
        for (m = 0; m < outputs; m++) {
          g.multiplier = results[2 * m] * scale;
          g.offset = results[2 * m + 1];
          codes = @_planar_places_\(form.rawValue)(codes, t, places, counts);
          for (row = 0; row < t->output_rows; row += rows) {
            const int32_t top = row * t->row_stride - t->row_origin, below = t->rows - t->kernel_rows - top;
            const uint8_t *from = (const uint8_t *)((uintptr_t)x + (uintptr_t)(top * t->row_bytes));
            int32_t second = narrow ? 0 : side, target = 8, pair = 1;
            g.mode = t->column_stride == 2 ? 4 : narrow ? 8 : 0;
            g.positive = places;
            g.negative = places + t->positives;
            g.positive_end = places + counts[0];
            g.negative_end = g.negative + counts[1];
            rows = 1;
            if (below < 0) {
              const int32_t end = (t->rows - top) * t->row_bytes;
              g.positive_end = g.positive + @_count_before(g.positive, counts[0], end);
              g.negative_end = g.negative + @_count_before(g.negative, counts[1], end);
            }
            if (top < 0) {
              const int32_t begin = -top * t->row_bytes;
              g.positive += @_count_before(g.positive, (int32_t)(g.positive_end - g.positive), begin);
              g.negative += @_count_before(g.negative, (int32_t)(g.negative_end - g.negative), begin);
            } else if (below >= t->row_stride) {
              rows = 1 + below / t->row_stride;
              if (rows > t->output_rows - row) rows = t->output_rows - row;
              if (!direct && rows > 8) rows = 8;
              if (narrow && rows > 1) {
                rows &= ~1;
                pair = 2;
                g.mode &= 4;
                second = stride;
                target = step;
              }
            }
            for (column = 0; column < columns; column += width) {
              const int32_t rest = columns - column, count = rest < width ? rest : width;
              const int32_t groups = rows / pair, input_step = 16 / pair;
              uint8_t *to = y + m * pitch + row * step + column;
              g.x = from + column * t->column_stride;
              g.z = g.x + second;
              g.y = direct ? to : buffer;
              g.v = g.mode == 8 ? buffer + 8 : direct ? to + target : buffer + 8;
              g.input_step = stride * pair;
              g.output_step = direct ? step * pair : 16;
              g.groups = groups;
              @_sixteen_codes(&g);
              if (direct) continue;
        \((needs.hasSteps ? order + "\n" : "").indented(by: 8))\(store.indented(by: 8))
            }
          }
        }
      }
      """
  }
}
