/// Ternary layers on maps of planes, `[rows][channels][columns]`, with columns of padding between the planes.
///
/// A row's list of places serves the whole map, so it is read once.
extension CKernel {
  static let surroundPlanesText = """
    /* Writes what lies between planes, before the first and after the last. */
    static void @_surround_planes(uint8_t *y, int32_t planes, int32_t columns, int32_t pad, int32_t code) {
      int32_t i, plane;
      for (i = 0; i < pad; i++)
        for (plane = 0; plane <= planes; plane++) y[plane * (columns + pad) + i] = (uint8_t)code;
    }
    """

  static func planarPlacesText(_ form: SparseForm) -> String {
    let body: String
    switch form {
    case .bytes, .nibbles:
      body = """
          const int32_t reciprocal = t->reciprocal, rest = t->pitch - t->taps;
          int32_t list;
          for (list = 0; list < 2; list++) {
            uint32_t *place = list == 0 ? places : places + t->positives;
            uint32_t *end;
            int32_t count = *codes++, k = 0;
            if (count & 128) count = (count & 127) << 8 | *codes++;
            counts[list] = count;
            end = place + count;
        \(gaps(form, """
          {
            *place++ = (uint32_t)k + ((uint32_t)k * (uint32_t)reciprocal >> 16) * (uint32_t)rest;
            k++;
          }
          """).indented(by: 4))
          }
        """
    case .trits:
      body = """
          const int32_t taps = t->taps, step = t->pitch - taps;
          uint32_t *positive = places, *negative = places + t->positives;
          uint32_t place = 0;
          int32_t length = t->length, tap = taps;
          while (length > 0) {
            int32_t code = *codes++, rest = length < 5 ? length : 5;
            length -= rest;
            for (; rest > 0; rest--) {
              const int32_t product = code * 3;
              code = product & 255;
              if (product < 256)
                *negative++ = place;
              else if (product >= 512)
                *positive++ = place;
              place++;
              if (--tap == 0) {
                tap = taps;
                place += (uint32_t)step;
              }
            }
          }
          counts[0] = (int32_t)(positive - places);
          counts[1] = (int32_t)(negative - places) - t->positives;
        """
    }
    return """
      /* The places of a row's positive and negative weights; returns where the next row begins. */
      static const uint8_t *@_planar_places_\(form.rawValue)(
          const uint8_t *codes, const @_planar *t, uint32_t *places, int32_t *counts) {
      \(body)
        return codes;
      }
      """
  }

  static let countBeforeText = """
    /* How many of so many ascending places lie before one. */
    static int32_t @_count_before(const uint32_t *list, int32_t count, int32_t place) {
      int32_t first = 0;
      while (first < count) {
        const int32_t middle = (first + count) / 2;
        if ((int32_t)list[middle] < place)
          first = middle + 1;
        else
          count = middle;
      }
      return first;
    }
    """

  // MARK: Sums

  static func planarLanesText(_ core: CoreKind, isProved: Bool, hasSteps: Bool) -> String {
    core.hasDSP
      ? armPlanarLanesText(isProved: isProved, hasSteps: hasSteps)
      : plainPlanarLanesText(core == .armv6m ? 4 : 8, hasSteps: hasSteps)
  }

  private static let planarLanesStart = """
    /* Sums of eight pixels side by side, or of every other one. */
    static void @_planar_lanes(
        const uint8_t *x, int32_t step, const uint32_t *positive, const uint32_t *negative, const int32_t *counts,
        int32_t plus, int32_t minus, int32_t *sums) {
    """

  private static func plainPlanarLanesText(_ pixels: Int, hasSteps: Bool) -> String {
    let lanes = 0..<pixels
    func loop(_ step: Int) -> String {
      """
      for (; place != end; place++) {
        const uint8_t *at = x + *place;
      \(lanes.map { "  s\($0) += at[\($0 * step)];" }.joined(separator: "\n"))
      }
      """
    }
    let loops =
      hasSteps
      ? """
      if (step == 1) {
      \(loop(1).indented(by: 2))
      } else {
      \(loop(2).indented(by: 2))
      }
      """ : loop(1)
    return """
      \(planarLanesStart)
        int32_t first, list;
        for (first = 0; first < 8; first += \(pixels), x += \(pixels) * step, sums += \(pixels)) {
          for (list = 0; list < 2; list++) {
            const uint32_t *place = list == 0 ? positive : negative, *end = place + counts[list];
            int32_t \(lanes.map { "s\($0) = 0" }.joined(separator: ", "));
      \(loops.indented(by: 6))
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

  /// Sums of eight codes, each two apart from the next, in the order of `addLanes`.
  private static let addStepsText = """
    static void @_add_steps(const uint8_t *x, int32_t step, const uint32_t *place, int32_t count, uint32_t *sums) {
      if (step == 1) {
        @_add_lanes(x, place, count, sums);
      } else {
        const uint32_t *end = place + count;
        uint32_t a = 0, b = 0, c = 0, d = 0;
        for (; place != end; place++) {
          const uint8_t *at = x + *place;
          a = @_add_even(a, @_load4(at));
          b = @_add_even(b, @_load4(at + 4));
          c = @_add_even(c, @_load4(at + 8));
          d = @_add_even(d, @_load4(at + 12));
        }
        sums[0] = (a & 0xffffu) | b << 16;
        sums[1] = a >> 16 | (b & 0xffff0000u);
        sums[2] = (c & 0xffffu) | d << 16;
        sums[3] = c >> 16 | (d & 0xffff0000u);
      }
    }


    """

  private static func armPlanarLanesText(isProved: Bool, hasSteps: Bool) -> String {
    func add(_ list: String, _ count: String, _ sums: String) -> String {
      hasSteps
        ? "@_add_steps(x, step, \(list), \(count), \(sums));" : "@_add_lanes(x, \(list), \(count), \(sums));"
    }
    let simple = """
      \(add("positive", "counts[0]", "a"))
      \(add("negative", "counts[1]", "b"))
      \(differences("="))
      """
    let body =
      isProved
      ? simple.indented(by: 2)
      : """
        if (counts[0] <= 257 && counts[1] <= 257) {
      \(simple.indented(by: 4))
        } else {
          int32_t first = counts[0], second = counts[1];
          memset(sums, 0, 8 * sizeof *sums);
          while (first > 0 || second > 0) {
            const int32_t m = first < 256 ? first : 256, n = second < 256 ? second : 256;
            \(add("positive", "m", "a"))
            \(add("negative", "n", "b"))
      \(differences("+=").indented(by: 6))
            positive += m;
            negative += n;
            first -= m;
            second -= n;
          }
        }
      """
    return """
      \(hasSteps ? addStepsText : "")\(planarLanesStart)
        uint32_t a[4], b[4];
      \(hasSteps ? "" : "  (void)step;\n")\(body)
      }
      """
  }

  // MARK: Layers

  static func planarLayerText(_ name: String, _ result: ResultKind, _ form: SparseForm) -> String {
    """
    static void @_\(name)(
        const @_planar *t, const uint8_t *x, uint8_t *y, const uint8_t *codes, int32_t plus, int32_t minus,
        \(result.parameters), uint32_t *places) {
    \(result.setup.indented(by: 2))
      const int32_t outputs = t->outputs, pitch = t->output_columns + t->pad;
      int32_t m, row, column, i, counts[2], sums[8];
      @_surround_planes(y, t->output_rows * outputs, t->output_columns, t->pad, t->outside);
      x += t->left;
      y += t->pad;\(result.isAdded ? "\n  other += t->pad;" : "")
      for (m = 0; m < outputs; m++) {
    \(result.constants("m").indented(by: 4))
        int32_t place = m * pitch;
        codes = @_planar_places_\(form.rawValue)(codes, t, places, counts);
        for (row = 0; row < t->output_rows; row++, place += outputs * pitch) {
          const int32_t top = row * t->row_stride - t->row_origin;
          const uint8_t *from = (const uint8_t *)((uintptr_t)x + (uintptr_t)(top * t->row_bytes));
          const uint32_t *positive = places, *negative = places + t->positives;
          int32_t inside[2];
          inside[0] = counts[0];
          inside[1] = counts[1];
          if (top + t->kernel_rows > t->rows) {
            inside[0] = @_count_before(positive, inside[0], (t->rows - top) * t->row_bytes);
            inside[1] = @_count_before(negative, inside[1], (t->rows - top) * t->row_bytes);
          }
          if (top < 0) {
            const int32_t first = @_count_before(positive, inside[0], -top * t->row_bytes);
            const int32_t second = @_count_before(negative, inside[1], -top * t->row_bytes);
            positive += first;
            negative += second;
            inside[0] -= first;
            inside[1] -= second;
          }
          for (column = 0; column < t->output_columns; column += 8) {
            const int32_t rest = t->output_columns - column, count = rest < 8 ? rest : 8;
            @_planar_lanes(from + column * t->column_stride, t->column_stride, positive, negative, inside, plus, minus, sums);
            for (i = 0; i < count; i++) {
    \(result.store("sums[i]", at: "place + column + i").indented(by: 10))
            }
          }
        }
      }
    }
    """
  }
}
