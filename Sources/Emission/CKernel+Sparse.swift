/// Ternary layers by additions: the codes at positive weights are added up, and those at negative ones.
extension CKernel {
  // MARK: Weights

  static func placesText(_ form: SparseForm) -> String {
    let body: String
    switch form {
    case .bytes, .nibbles:
      let isByte = form == .bytes
      body = """
          int32_t list;
          (void)length;
          for (list = 0; list < 2; list++) {
            uint32_t *place = list == 0 ? places : places + t->positives;
            int32_t left = *codes++, k = 0\(isByte ? "" : ", i = 0");
            if (left & 128) left = (left & 127) << 8 | *codes++;
            counts[list] = left;
            while (left > 0) {
              const int32_t gap = \(isByte ? "*codes++" : "codes[i >> 1] >> 4 * (i & 1) & 15");
        \(isByte ? "" : "      i++;\n")\
              k += gap;
              if (gap != \(isByte ? 255 : 15)) {
                const int32_t plane = (int32_t)((uint32_t)k * (uint32_t)t->reciprocal >> 16);
                *place++ = (uint32_t)(plane * t->pitch + steps[k - plane * t->taps]);
                k++;
                left--;
              }
            }
        \(isByte ? "" : "    codes += (i + 1) >> 1;\n")\
          }
        """
    case .trits:
      body = """
          uint32_t *positive = places, *negative = places + t->positives;
          int32_t plane = 0, tap = 0, code = 0, rest = 0;
          for (; length > 0; length--) {
            int32_t sign;
            if (rest == 0) {
              code = *codes++;
              rest = 5;
            }
            rest--;
            code *= 3;
            sign = code >> 8;
            code &= 255;
            if (sign != 1) {
              if (sign == 0)
                *negative++ = (uint32_t)(plane + steps[tap]);
              else
                *positive++ = (uint32_t)(plane + steps[tap]);
            }
            if (++tap == t->taps) {
              tap = 0;
              plane += t->pitch;
            }
          }
          counts[0] = (int32_t)(positive - places);
          counts[1] = (int32_t)(negative - places) - t->positives;
        """
    }
    return """
      /* The places of a row's positive and negative weights in the planes; returns where the next row begins. */
      static const uint8_t *@_places_\(form.rawValue)(
          const uint8_t *codes, const @_planes *t, const int32_t *steps, int32_t length, uint32_t *places,
          int32_t *counts) {
      \(body)
        return codes;
      }
      """
  }

  static func rowText(_ form: SparseForm) -> String {
    let body: String
    switch form {
    case .bytes, .nibbles:
      let isByte = form == .bytes
      body = """
          int32_t list;
          (void)length;
          for (list = 0; list < 2; list++) {
            const uint8_t *from = x;
            int32_t left = *codes++, total = 0\(isByte ? "" : ", i = 0");
            if (left & 128) left = (left & 127) << 8 | *codes++;
            while (left > 0) {
              const int32_t gap = \(isByte ? "*codes++" : "codes[i >> 1] >> 4 * (i & 1) & 15");
        \(isByte ? "" : "      i++;\n")\
              from += gap;
              if (gap != \(isByte ? 255 : 15)) {
                total += *from++;
                left--;
              }
            }
        \(isByte ? "" : "    codes += (i + 1) >> 1;\n")\
            totals[list] = total;
          }
        """
    case .trits:
      body = """
          int32_t sums[3] = {0, 0, 0};
          while (length > 0) {
            int32_t code = *codes++, rest = length < 5 ? length : 5;
            length -= rest;
            for (; rest > 0; rest--) {
              code *= 3;
              sums[code >> 8] += *x++;
              code &= 255;
            }
          }
          totals[0] = sums[2];
          totals[1] = sums[0];
        """
    }
    return """
      /* The sums of the codes at a row's positive and negative weights; returns where the next row begins. */
      static const uint8_t *@_row_\(form.rawValue)(
          const uint8_t *codes, const uint8_t *x, int32_t length, int32_t *totals) {
      \(body)
        return codes;
      }
      """
  }

  // MARK: Planes

  static func planesText(isWordwise: Bool) -> String {
    let fill =
      isWordwise
      ? """
      const uint32_t outside = (uint32_t)w->outside * 0x1010101u;
      for (i = 0; i < t->row_bytes; i += 4) @_store4(to + i, outside);
      """ : "memset(to, w->outside, (size_t)t->row_bytes);"
    let blocks = """
      if (w->column_stride == 1 && (w->channels & 3) == 0) {
        for (; column + 4 <= w->columns; column += 4, from += 4 * w->channels) {
          uint8_t *place = to + t->left + column;
          for (channel = 0; channel < w->channels; channel += 4, place += 4 * t->pitch) {
            const uint8_t *pixel = from + channel;
            const uint32_t a = @_load4(pixel), b = @_load4(pixel + w->channels);
            const uint32_t c = @_load4(pixel + 2 * w->channels), d = @_load4(pixel + 3 * w->channels);
            const uint32_t ab = (a & 0xff00ffu) | (b & 0xff00ffu) << 8, cd = (c & 0xff00ffu) | (d & 0xff00ffu) << 8;
            const uint32_t ef = (a >> 8 & 0xff00ffu) | (b & 0xff00ff00u), gh = (c >> 8 & 0xff00ffu) | (d & 0xff00ff00u);
            @_store4(place, (ab & 0xffffu) | cd << 16);
            @_store4(place + t->pitch, (ef & 0xffffu) | gh << 16);
            @_store4(place + 2 * t->pitch, ab >> 16 | (cd & 0xffff0000u));
            @_store4(place + 3 * t->pitch, ef >> 16 | (gh & 0xffff0000u));
          }
        }
      }
      """
    return """
      /* Rows of a map as planes [rows][channels][column stride][columns], with what lies outside. */
      static void @_spread_planes(
          const @_window *w, const @_planes *t, const uint8_t *x, int32_t row, int32_t rows, uint8_t *to) {
        int32_t column, channel\(isWordwise ? ", i" : "");
        for (; rows > 0; rows--, row++, to += t->row_bytes) {
          const uint8_t *from = x + row * w->columns * w->channels;
          int32_t phase = t->left % w->column_stride, place = t->left / w->column_stride;
      \(fill.indented(by: 4))
          if (row < 0 || row >= w->rows) continue;
          column = 0;
      \(isWordwise ? blocks.indented(by: 4) : "")
          place += column;
          for (; column < w->columns; column++) {
            uint8_t *plane = to + phase * t->phase_bytes + place;
            for (channel = 0; channel < w->channels; channel++, plane += t->pitch) *plane = *from++;
            if (++phase == w->column_stride) {
              phase = 0;
              place++;
            }
          }
        }
      }
      """
  }

  // MARK: Sums

  static func lanesText(_ core: CoreKind, isProved: Bool) -> String {
    core == .armDSP ? armLanesText(isProved: isProved) : plainLanesText(core == .armv6m ? 4 : 8)
  }

  /// Sums of 32 bits, a byte at a time.
  private static func plainLanesText(_ pixels: Int) -> String {
    let lanes = 0..<pixels
    func addition(_ sign: String) -> String {
      lanes.map { "        s\($0) \(sign)= at[\($0)];" }.joined(separator: "\n")
    }
    return """
      /* Sums of eight pixels side by side. */
      static void @_lanes(
          const uint8_t *x, const uint32_t *positive, const uint32_t *negative, const int32_t *counts, int32_t plus,
          int32_t minus, int32_t *sums) {
        int32_t first, list;
        for (first = 0; first < 8; first += \(pixels), x += \(pixels), sums += \(pixels)) {
          for (list = 0; list < 2; list++) {
            const uint32_t *place = list == 0 ? positive : negative, *end = place + counts[list];
            int32_t \(lanes.map { "s\($0) = 0" }.joined(separator: ", "));
            for (; place != end; place++) {
              const uint8_t *at = x + *place;
      \(addition("+"))
            }
            if (list == 0) {
      \(lanes.map { "        sums[\($0)] = s\($0) * plus;" }.joined(separator: "\n"))
            } else {
      \(lanes.map { "        sums[\($0)] -= s\($0) * minus;" }.joined(separator: "\n"))
            }
          }
        }
      }
      """
  }

  /// Two sums of 16 bits in a word; 257 codes do not overflow them.
  private static func armLanesText(isProved: Bool) -> String {
    let terms = (0..<4).map { term in
      let place = term % 2 == 0 ? "i" : "j"
      let load = term % 2 == 0 ? "ldrd %[i], %[j], [%[place]], #8\\n " : ""
      return "\"\(load)ldr %[u], [%[x], %[\(place)]]\\n ldr %[\(place)], [%[y], %[\(place)]]\\n\"\n          "
        + "\"uxtab16 %[a], %[a], %[u]\\n uxtab16 %[b], %[b], %[u], ror #8\\n\"\n          "
        + "\"uxtab16 %[c], %[c], %[\(place)]\\n uxtab16 %[d], %[d], %[\(place)], ror #8\\n\""
    }.joined(separator: "\n          ")
    let chunk = isProved ? "counts[list]" : "counts[list] - done < 256 ? counts[list] - done : 256"
    let order = [0, 2, 1, 3, 4, 6, 5, 7]
    let words = ["a", "b", "c", "d"]
    func each(_ assignment: String, _ factor: String) -> String {
      words.enumerated().map { index, word in
        let (low, high) = (order[2 * index], order[2 * index + 1])
        return "        sums[\(low)] \(assignment) (int32_t)(\(word) & 0xffffu) * \(factor);\n"
          + "        sums[\(high)] \(assignment) (int32_t)(\(word) >> 16) * \(factor);"
      }.joined(separator: "\n")
    }
    let sum = """
          const uint32_t *place = \(isProved ? "list == 0 ? positive : negative" : "(list == 0 ? positive : negative) + done");
          const uint32_t *end = place + (\(chunk));
          uint32_t a = 0, b = 0, c = 0, d = 0;
      #if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
          if (end - place >= 4) {
            const uint8_t *y = x + 4;
            const uint32_t *last = place + ((end - place) & ~3);
            uint32_t i, j, u;
            __asm__ volatile(
                "1:\\n"
                \(terms)
                "cmp %[place], %[last]\\n bne 1b"
                : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [place] "+r"(place), [i] "=&r"(i),
                  [j] "=&r"(j), [u] "=&r"(u)
                : [x] "r"(x), [y] "r"(y), [last] "r"(last)
                : "cc", "memory");
          }
      #endif
          for (; place != end; place++) {
            const uint32_t u = @_load4(x + *place), v = @_load4(x + *place + 4);
            a = @_add_even(a, u);
            b = @_add_odd(b, u);
            c = @_add_even(c, v);
            d = @_add_odd(d, v);
          }
      """
    let name = CKernel.lanes(.armDSP, isProved: isProved).name
    let start = """
      /* Sums of eight pixels side by side, two in a word\(isProved ? "" : ", 256 codes at a time"). */
      static void @_\(name)(
          const uint8_t *x, const uint32_t *positive, const uint32_t *negative, const int32_t *counts, int32_t plus,
          int32_t minus, int32_t *sums) {
        int32_t list\(isProved ? "" : ", done");
      """
    if isProved {
      return """
        \(start)
          for (list = 0; list < 2; list++) {
        \(sum)
            if (list == 0) {
        \(each("=", "plus"))
            } else {
        \(each("-=", "minus"))
            }
          }
        }
        """
    }
    return """
      \(start)
        memset(sums, 0, 8 * sizeof *sums);
        for (list = 0; list < 2; list++) {
          const int32_t factor = list == 0 ? plus : -minus;
          for (done = 0; done < counts[list]; done += 256) {
      \(sum.indented(by: 2).replacing("  #", with: "#"))
      \(each("+=", "factor"))
          }
        }
      }
      """
  }

  // MARK: Layers

  static func sparseLayerText(
    _ name: String, _ result: ResultKind, _ form: SparseForm, lanes: String
  ) -> String {
    """
    static void @_\(name)(
        const @_window *w, const uint8_t *x, uint8_t *y, const uint8_t *codes, const @_planes *t, const int32_t *steps,
        int32_t plus, int32_t minus, \(result.parameters), uint32_t *places) {
    \(result.setup.indented(by: 2))
      const int32_t outputs = w->outputs, length = w->kernel_rows * w->kernel_columns * w->channels;
      uint8_t *planes = (uint8_t *)(places + t->places);
      int32_t image, first, m, row, column, i, counts[2], sums[8];
      for (image = 0; image < w->images; image++) {
        for (first = 0; first < w->output_rows; first += t->rows) {
          const int32_t rows = w->output_rows - first < t->rows ? w->output_rows - first : t->rows;
          const uint8_t *next = codes;
          @_spread_planes(
              w, t, x, first * w->row_stride - w->row_origin, (rows - 1) * w->row_stride + w->kernel_rows, planes);
          for (m = 0; m < outputs; m++) {
    \(result.constants("m").indented(by: 8))
            int32_t place = first * w->output_columns * outputs + m;
            next = @_places_\(form.rawValue)(next, t, steps, length, places, counts);
            for (row = 0; row < rows; row++) {
              const uint8_t *from = planes + row * w->row_stride * t->row_bytes;
              for (column = 0; column < w->output_columns; column += 8) {
                const int32_t rest = w->output_columns - column, count = rest < 8 ? rest : 8;
                @_\(lanes)(from + column, places, places + t->positives, counts, plus, minus, sums);
                for (i = 0; i < count; i++, place += outputs) {
    \(result.store("sums[i]", at: "place").indented(by: 14))
                }
              }
            }
          }
        }
        x += w->rows * w->columns * w->channels;
        y += \(result.step("w->output_rows * w->output_columns * outputs"));
          }
    }
    """
  }

  static func sparseDenseText(_ result: ResultKind, _ form: SparseForm) -> String {
    """
    static void @_sparse_dense_\(result.name)_\(form.rawValue)(
        const @_window *w, const uint8_t *x, uint8_t *y, const uint8_t *codes, int32_t plus, int32_t minus,
        \(result.parameters)) {
    \(result.setup.indented(by: 2))
      const int32_t outputs = w->outputs, length = w->rows * w->columns * w->channels;
      int32_t image, m, totals[2];
      for (image = 0; image < w->images; image++) {
        const uint8_t *next = codes;
        for (m = 0; m < outputs; m++) {
    \(result.constants("m").indented(by: 6))
          next = @_row_\(form.rawValue)(next, x, length, totals);
    \(result.store("totals[0] * plus - totals[1] * minus", at: "m").indented(by: 6))
        }
        x += length;
        y += \(result.step("outputs"));\(result.isAdded ? "\n    other += outputs;" : "")
      }
    }
    """
  }
}
