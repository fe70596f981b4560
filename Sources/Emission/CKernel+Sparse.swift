/// Ternary layers by additions: the codes at positive weights are added up, and those at negative ones.
extension CKernel {
  // MARK: Weights

  /// Reads gaps until `place` is `end`, moves `k` on, and does `use` at every place.
  static func gaps(_ form: SparseForm, _ use: String) -> String {
    switch form {
    case .bytes:
      """
      while (place != end) {
        const int32_t gap = *codes++;
        k += gap;
        if (gap != 255) \(use.indented(by: 2).drop { $0 == " " })
      }
      """
    case .nibbles:
      """
      while (place != end) {
        const int32_t both = *codes++;
        k += both & 15;
        if ((both & 15) != 15) {
      \(use.indented(by: 4))
          if (place == end) break;
        }
        k += both >> 4;
        if (both >> 4 != 15) \(use.indented(by: 2).drop { $0 == " " })
      }
      """
    case .trits: ""
    }
  }

  static func placesText(_ form: SparseForm) -> String {
    let body: String
    switch form {
    case .bytes, .nibbles:
      body = """
          const int32_t reciprocal = t->reciprocal, pitch = t->pitch, taps = t->taps;
          int32_t list;
          (void)length;
          for (list = 0; list < 2; list++) {
            uint32_t *place = list == 0 ? places : places + t->positives;
            uint32_t *end;
            int32_t count = *codes++, k = 0;
            if (count & 128) count = (count & 127) << 8 | *codes++;
            counts[list] = count;
            end = place + count;
        \(gaps(form, """
          {
            const int32_t plane = (int32_t)((uint32_t)k * (uint32_t)reciprocal >> 16);
            *place++ = (uint32_t)(plane * pitch + steps[k - plane * taps]);
            k++;
          }
          """).indented(by: 4))
          }
        """
    case .trits:
      body = """
          uint32_t *positive = places, *negative = places + t->positives;
          const int32_t taps = t->taps, pitch = t->pitch;
          int32_t plane = 0, tap = 0;
          while (length > 0) {
            int32_t code = *codes++, rest = length < 5 ? length : 5;
            length -= rest;
            for (; rest > 0; rest--) {
              const int32_t product = code * 3;
              code = product & 255;
              if (product < 256)
                *negative++ = (uint32_t)(plane + steps[tap]);
              else if (product >= 512)
                *positive++ = (uint32_t)(plane + steps[tap]);
              if (++tap == taps) {
                tap = 0;
                plane += pitch;
              }
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
      body = """
          int32_t place, list;
          (void)length;
          for (list = 0; list < 2; list++) {
            const uint8_t *k = x;
            int32_t end = *codes++, total = 0;
            if (end & 128) end = (end & 127) << 8 | *codes++;
            place = 0;
        \(gaps(form, """
          {
            total += *k++;
            place++;
          }
          """).indented(by: 4))
            totals[list] = total;
          }
        """
    case .trits:
      body = """
          int32_t all = 0, weighted = 0, positive = 0;
          while (length > 0) {
            int32_t code = *codes++, rest = length < 5 ? length : 5;
            length -= rest;
            for (; rest > 0; rest--) {
              const int32_t product = code * 3, x0 = *x++;
              code = product & 255;
              all += x0;
              weighted += (product >> 8) * x0;
              positive += (product >> 9) * x0;
            }
          }
          totals[0] = positive;
          totals[1] = all + positive - weighted;
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
    core.hasDSP ? armLanesText(isProved: isProved) : plainLanesText(core == .armv6m ? 4 : 8)
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
  static let addLanesText: String = {
    let terms = (0..<4).map { term in
      let place = term % 2 == 0 ? "i" : "j"
      let load = term % 2 == 0 ? "ldrd %[i], %[j], [%[place]], #8\\n " : ""
      return "\"\(load)ldr %[u], [%[x], %[\(place)]]\\n ldr %[\(place)], [%[y], %[\(place)]]\\n\"\n          "
        + "\"uxtab16 %[a], %[a], %[u]\\n uxtab16 %[b], %[b], %[u], ror #8\\n\"\n          "
        + "\"uxtab16 %[c], %[c], %[\(place)]\\n uxtab16 %[d], %[d], %[\(place)], ror #8\\n\""
    }.joined(separator: "\n          ")
    return """
      /* Sums of eight codes side by side at up to 257 places: of 0 and 2, 1 and 3, 4 and 6, 5 and 7. */
      static inline void @_add_lanes(const uint8_t *x, const uint32_t *place, int32_t count, uint32_t *sums) {
        const uint32_t *end = place + count;
        uint32_t a = 0, b = 0, c = 0, d = 0;
      #if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
        if (count >= 4) {
          const uint8_t *y = x + 4;
          const uint32_t *last = place + (count & ~3);
          uint32_t i, j, u;
          __asm__ volatile(
              "1:\\n"
              \(terms)
              "cmp %[place], %[last]\\n bne 1b"
              : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [place] "+r"(place), [i] "=&r"(i), [j] "=&r"(j),
                [u] "=&r"(u)
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
        sums[0] = a;
        sums[1] = b;
        sums[2] = c;
        sums[3] = d;
      }
      """
  }()

  /// Eight sums from the lanes of `addLanes` at positive and at negative places.
  static func differences(_ assignment: String) -> String {
    [0, 2, 1, 3, 4, 6, 5, 7].enumerated().map { index, pixel in
      func half(_ word: String) -> String {
        "(int32_t)(" + word + "[\(index / 2)]" + (index % 2 == 0 ? " & 0xffffu)" : " >> 16)")
      }
      return "sums[\(pixel)] \(assignment) \(half("a")) * plus - \(half("b")) * minus;"
    }.joined(separator: "\n")
  }

  private static func armLanesText(isProved: Bool) -> String {
    let difference = differences(isProved ? "=" : "+=")
    let start = """
      /* Sums of eight pixels side by side\(isProved ? "" : ", 256 places at a time"). */
      static void @_\(CKernel.lanes(.armDSP, isProved: isProved).name)(
          const uint8_t *x, const uint32_t *positive, const uint32_t *negative, const int32_t *counts, int32_t plus,
          int32_t minus, int32_t *sums) {
        uint32_t a[4], b[4];
      """
    if isProved {
      return """
        \(start)
          @_add_lanes(x, positive, counts[0], a);
          @_add_lanes(x, negative, counts[1], b);
        \(difference.indented(by: 2))
        }
        """
    }
    return """
      \(start)
        int32_t first = counts[0], second = counts[1];
        memset(sums, 0, 8 * sizeof *sums);
        while (first > 0 || second > 0) {
          const int32_t m = first < 256 ? first : 256, n = second < 256 ? second : 256;
          @_add_lanes(x, positive, m, a);
          @_add_lanes(x, negative, n, b);
      \(difference.indented(by: 4))
          positive += m;
          negative += n;
          first -= m;
          second -= n;
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
