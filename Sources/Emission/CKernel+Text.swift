extension CKernel {
  /// The definition in C99. `WEIGHTS`, `ARGUMENTS`, `WEIGHT` and `FORM` depend on the form of the weights.
  var text: String {
    switch self {
    case .loadFloat: Self.loadFloatText
    case .storeFloat: Self.storeFloatText
    case .product: Self.productText
    case .requantize(let scaling): Self.requantizeText(scaling)
    case .locate: Self.locateText
    case .dot(let form): Self.fill(Self.dotText, form)
    case .total(let form): Self.fill(Self.totalText, form)
    case .sum(.convolution, let form): Self.fill(Self.convolutionText, form)
    case .sum(.depthwise, let form): Self.fill(Self.depthwiseText, form)
    case .layer(let result, let sum, let form): Self.fill(Self.layerText(result), form, sum)
    case .instruction(let instruction): instruction.text
    case .spread(let order): Self.spreadText(order)
    case .gather(let order): Self.gatherText(order)
    case .tile(let core): Self.tileText(core)
    case .tiledLayer(let result, let core): Self.tiledLayerText(result, core, toPlanes: false)
    case .denseTile(let core): Self.denseTileText(core)
    case .denseLayer(let result, let core): Self.denseLayerText(result, core)
    case .channelTile(let core): Self.channelTileText(core)
    case .channelLayer(let result, let core): Self.channelLayerText(result, core)
    case .places(let form): Self.placesText(form)
    case .row(let form): Self.rowText(form)
    case .planes(let isWordwise): Self.planesText(isWordwise: isWordwise)
    case .addLanes: Self.addLanesText
    case .lanes(let core, let isProved): Self.lanesText(core, isProved: isProved)
    case .sparseLayer(let result, let form, _, let isProved):
      Self.sparseLayerText(name, result, form, lanes: CKernel.lanes(.portable, isProved: isProved).name)
    case .sparseDense(let result, let form): Self.sparseDenseText(result, form)
    case .surroundPlanes: Self.surroundPlanesText
    case .planarPlaces(let form): Self.planarPlacesText(form)
    case .countBefore: Self.countBeforeText
    case .planarLanes(let core, let isProved, let hasSteps):
      Self.planarLanesText(core, isProved: isProved, hasSteps: hasSteps)
    case .planarLayer(let result, let form, _, _): Self.planarLayerText(name, result, form)
    case .sixteenCodes: Self.groupsText
    case .addCodes: Self.addCodesText
    case .planarRows(let form, let needs): Self.planarRowsText(form, needs)
    case .planarTiledLayer(let result, let core): Self.tiledLayerText(result, core, toPlanes: true)
    case .maximumPooling: Self.maximumText
    case .averagePooling: Self.averageText
    case .add: Self.addText
    case .multiply: Self.multiplyText
    case .lookup: Self.lookupText
    case .softmax: Self.softmaxText
    case .quantize: Self.quantizeText
    case .dequantize: Self.dequantizeText
    case .rearrange: Self.rearrangeText
    case .fill: Self.fillText
    }
  }

  private static func fill(_ text: String, _ form: WeightForm, _ sum: SumKind = .convolution) -> String {
    text.replacing("WEIGHTS", with: form.parameters).replacing("ARGUMENTS", with: form.arguments)
      .replacing("WEIGHT", with: form.weight).replacing("FORM", with: form.suffix)
      .replacing("SUM", with: sum.rawValue)
  }

  // MARK: Numbers

  private static let loadFloatText = """
    static float @_load_float(const uint8_t *x) {
      float value;
      memcpy(&value, x, sizeof value);
      return value;
    }
    """

  /// The volatile product keeps compilers from contracting it with the sum.
  private static let storeFloatText = """
    /* Stores x * scale + offset, rounded once after each operation. */
    static void @_store_float(uint8_t *y, int32_t x, float scale, float offset) {
      volatile float product = (float)x * scale;
      const float value = product + offset;
      memcpy(y, &value, sizeof value);
    }
    """

  private static let productText = """
    /* a * b. */
    static inline int64_t @_product(int32_t a, int32_t b) {
      const int32_t a0 = a & 0xffff, b0 = b & 0xffff;
      const int32_t a1 = a < 0 ? ~(~a >> 16) : a >> 16, b1 = b < 0 ? ~(~b >> 16) : b >> 16;
      const uint32_t low = (uint32_t)a0 * (uint32_t)b0;
      const int32_t t = a1 * b0 + (int32_t)(low >> 16), u = a0 * b1 + (t & 0xffff);
      const int32_t high = a1 * b1 + (t < 0 ? ~(~t >> 16) : t >> 16) + (u < 0 ? ~(~u >> 16) : u >> 16);
      const uint64_t bits = (uint64_t)(uint32_t)high << 32 | (uint32_t)u << 16 | (low & 0xffff);
      int64_t product;
      memcpy(&product, &bits, 8);
      return product;
    }
    """

  private static func requantizeText(_ scaling: Scaling) -> String {
    let (code, comment): (String, String)
    switch scaling.shift {
    case .any:
      comment = "(sum + half) >> shift rounded down, in the rule's range; half is in the sum already"
      code = """
          /* One arithmetic shift, written for compilers that shift negative numbers otherwise. */
          const int64_t code = sum < 0 ? ~(~sum >> rule->shift) : sum >> rule->shift;
        """
    case .high:
      comment = "the shift is 32 and the rule's"
      code = """
          const uint32_t bits = (uint32_t)((uint64_t)sum >> 32);
          int32_t code;
          memcpy(&code, &bits, 4);
          code = code < 0 ? ~(~code >> rule->shift) : code >> rule->shift;
        """
    case .low:
      comment = "the shift is 1 to 31, the code fits in 32 bits"
      code = """
          const uint32_t upper = (uint32_t)((uint64_t)sum >> 32), lower = (uint32_t)((uint64_t)sum & 0xffffffffu);
          const uint32_t bits = upper << (32 - rule->shift) | lower >> rule->shift;
          int32_t code;
          memcpy(&code, &bits, 4);
        """
    case .brief: return briefText(scaling)
    case .word: return wordText(scaling)
    }
    let range = scaling.isFull ? ("0", "255") : ("rule->lowest", "rule->highest")
    return """
      /* The code of a sum: \(comment). */
      static inline uint8_t @_requantize\(scaling.suffix)(int64_t sum, const @_rule *rule) {
      \(code)
        return (uint8_t)(code < \(range.0) ? \(range.0) : code > \(range.1) ? \(range.1) : code);
      }
      """
  }

  private static func clamped(_ scaling: Scaling) -> String {
    let range = scaling.isFull ? ("0", "255") : ("rule->lowest", "rule->highest")
    return "(uint8_t)(code < \(range.0) ? \(range.0) : code > \(range.1) ? \(range.1) : code)"
  }

  /// `BriefRule` in C; `multiplier` is `constants(_:)`'s.
  private static func briefText(_ scaling: Scaling) -> String {
    let product =
      scaling.isNarrow
      ? """
        const int32_t high = sum < 0 ? ~(~sum >> 16) : sum >> 16, low = (sum & 0xffff) * multiplier;
        const int32_t product = high * multiplier + (low < 0 ? ~(~low >> 16) : low >> 16);
        const int32_t scaled = (product < 0 ? ~(~product >> rule->shift) : product >> rule->shift) + offset;
      """ : "  const int32_t scaled = @_multiply_top(sum, multiplier, offset);"
    let parts = """
        const int32_t code = scaled < 0 ? ~(~scaled >> 6) : scaled >> 6;
        return \(clamped(scaling));
      """
    return """
      /* The code of a sum: sum * multiplier in 64ths of a code, plus the offset in such, rounded down. */
      static inline uint8_t @_requantize\(scaling.suffix)(
          int32_t sum, int32_t multiplier, int32_t offset, const @_rule *rule) {
      \(product)
        (void)rule;
      \(scaling.isFull && !scaling.isNarrow ? "  return @_saturate_parts(scaled);" : parts)
      }
      """
  }

  /// `WordRule` in C.
  private static func wordText(_ scaling: Scaling) -> String {
    """
    /* The code of two codes. */
    static inline uint8_t @_requantize\(scaling.suffix)(int32_t a, int32_t b, const @_sum *rule) {
      const int32_t sum = (b * rule->right + rule->offset) + a * rule->left;
      const int32_t code = sum < 0 ? ~(~sum >> rule->shift) : sum >> rule->shift;
      return \(scaling.isFull && !scaling.isNarrow ? "@_saturate(code)" : clamped(scaling));
    }
    """
  }

  // MARK: Windows

  private static let locateText = """
    /* The part of a window that lies on the map: taps from ..._begin up to ..._end, all empty if one is. */
    typedef struct {
      const uint8_t *x; /* under the first of them */
      int32_t row_begin, row_end, column_begin, column_end;
    } @_place;

    static int32_t @_begin(int32_t start, int32_t step) { return start < 0 ? (step - 1 - start) / step : 0; }

    static int32_t @_end(int32_t start, int32_t step, int32_t extent, int32_t count) {
      const int32_t end = extent > start ? (extent - start + step - 1) / step : 0;
      return end < count ? end : count;
    }

    static @_place @_locate(const @_window *w, const uint8_t *x, int32_t row, int32_t column) {
      const int32_t y0 = row * w->row_stride - w->row_origin;
      const int32_t x0 = column * w->column_stride - w->column_origin;
      @_place p;
      p.row_begin = @_begin(y0, w->row_dilation);
      p.row_end = @_end(y0, w->row_dilation, w->rows, w->kernel_rows);
      p.column_begin = @_begin(x0, w->column_dilation);
      p.column_end = @_end(x0, w->column_dilation, w->columns, w->kernel_columns);
      if (p.row_begin >= p.row_end || p.column_begin >= p.column_end) {
        p.x = x;
        p.row_begin = p.row_end = p.column_begin = p.column_end = 0;
      } else {
        p.x = x
            + ((y0 + p.row_begin * w->row_dilation) * w->columns + x0 + p.column_begin * w->column_dilation)
                  * w->channels;
      }
      return p;
    }
    """

  private static let dotText = """
    static int32_t @_dot_FORM(const uint8_t *x, WEIGHTS, int32_t i, int32_t count) {
      const int32_t end = i + count;
      int32_t sum = 0;
      for (; i < end; i++) sum += (int32_t)*x++ * WEIGHT;
      return sum;
    }
    """

  private static let totalText = """
    static int32_t @_total_FORM(WEIGHTS, int32_t i, int32_t count) {
      const int32_t end = i + count;
      int32_t sum = 0;
      for (; i < end; i++) sum += WEIGHT;
      return sum;
    }
    """

  private static let convolutionText = """
    /* Output channel m at a place. Weights lie as [outputs][kernel rows][kernel columns][channels of the group]. */
    static int32_t @_sum_convolve_FORM(const @_window *w, const @_place *p, WEIGHTS, int32_t m) {
      const int32_t channels = w->group_channels;
      const int32_t columns = p->column_end - p->column_begin;
      const int32_t length = w->kernel_rows * w->kernel_columns * channels;
      const uint8_t *x = p->x;
      int32_t sum = 0, row, column;
      if (w->group_outputs < w->outputs) x += m / w->group_outputs * channels;
      for (row = p->row_begin; row < p->row_end; row++) {
        const uint8_t *line = x + (row - p->row_begin) * w->row_step;
        const int32_t i = m * length + (row * w->kernel_columns + p->column_begin) * channels;
        if (w->column_step == channels) {
          sum += @_dot_FORM(line, ARGUMENTS, i, columns * channels);
        } else {
          for (column = 0; column < columns; column++)
            sum += @_dot_FORM(line + column * w->column_step, ARGUMENTS, i + column * channels, channels);
        }
      }
      if (w->outside != 0 && (p->row_end - p->row_begin) * columns < w->kernel_rows * w->kernel_columns) {
        int32_t rest = @_total_FORM(ARGUMENTS, m * length, length);
        for (row = p->row_begin; row < p->row_end; row++)
          rest -= @_total_FORM(
              ARGUMENTS, m * length + (row * w->kernel_columns + p->column_begin) * channels, columns * channels);
        sum += w->outside * rest;
      }
      return sum;
    }
    """

  private static let depthwiseText = """
    /* Channel m at a place. Weights lie as [channels][kernel rows][kernel columns]. */
    static int32_t @_sum_depthwise_FORM(const @_window *w, const @_place *p, WEIGHTS, int32_t m) {
      const int32_t columns = p->column_end - p->column_begin;
      const int32_t length = w->kernel_rows * w->kernel_columns;
      const uint8_t *x = p->x + m;
      int32_t sum = 0, inside = 0, row;
      for (row = p->row_begin; row < p->row_end; row++) {
        const uint8_t *line = x + (row - p->row_begin) * w->row_step;
        int32_t i = m * length + row * w->kernel_columns + p->column_begin;
        const int32_t end = i + columns;
        for (; i < end; i++, line += i < end ? w->column_step : 0) {
          const int32_t weight = WEIGHT;
          sum += *line * weight;
          inside += weight;
        }
      }
      if (w->outside != 0 && (p->row_end - p->row_begin) * columns < length)
        sum += w->outside * (@_total_FORM(ARGUMENTS, m * length, length) - inside);
      return sum;
    }
    """

  /// Loops over all places of a window; `y` moves on by `step` bytes after each.
  private static func windows(_ body: String, step: String) -> String {
    """
      for (image = 0; image < w->images; image++) {
        for (row = 0; row < w->output_rows; row++)
          for (column = 0; column < w->output_columns; column++) {
            const @_place p = @_locate(w, x, row, column);
    \(body.indented(by: 8))
            y += \(step);
          }
        x += w->rows * w->columns * w->channels;
      }
    """
  }

  private static func layerText(_ result: ResultKind) -> String {
    let body = """
      for (m = 0; m < w->outputs; m++) {
        const int32_t sum = @_sum_SUM_FORM(w, &p, ARGUMENTS, m);
      \(result.constants("m").indented(by: 2))
      \(result.store("sum", at: "m").indented(by: 2))
      }
      """
    return """
      static void @_SUM_\(result.name)_FORM(
          const @_window *w, const uint8_t *x, uint8_t *y, WEIGHTS, \(result.parameters)) {
      \(result.setup.indented(by: 2))
        int32_t image, row, column, m;
      \(windows(body + (result.isAdded ? "\nother += w->outputs;" : ""), step: result.step("w->outputs")))
      }
      """
  }

  // MARK: Pooling

  private static func poolingText(_ name: String, _ parameters: String, start: String, step: String, end: String)
    -> String
  {
    let body = """
      const int32_t rows = p.row_end - p.row_begin, columns = p.column_end - p.column_begin;
      for (channel = 0; channel < w->channels; channel++) {
        \(start)
        for (i = 0; i < rows; i++)
          for (j = 0; j < columns; j++) {
            const int32_t code = p.x[i * w->row_step + j * w->column_step + channel];
            \(step)
          }
        \(end)
      }
      """
    return """
      static void @_\(name)(const @_window *w, const uint8_t *x, uint8_t *y\(parameters)) {
        int32_t image, row, column, channel, i, j;
      \(windows(body, step: "w->channels"))
      }
      """
  }

  private static let maximumText = poolingText(
    "maximum", "", start: "int32_t largest = 0;", step: "if (code > largest) largest = code;",
    end: "y[channel] = (uint8_t)largest;")

  private static let averageText = poolingText(
    "average", ", const @_rule *rule, int32_t multiplier, int64_t offset",
    start: "int32_t sum = (w->kernel_rows * w->kernel_columns - rows * columns) * w->outside;", step: "sum += code;",
    end: "y[channel] = @_requantize((int64_t)sum * multiplier + offset, rule);")

  // MARK: Elementwise

  private static let addText = """
    static void @_add(
        const uint8_t *a, const uint8_t *b, uint8_t *y, int32_t count, const @_rule *rule, int32_t left, int32_t right,
        int64_t offset) {
      int32_t i;
      for (i = 0; i < count; i++) y[i] = @_requantize((int64_t)a[i] * left + (int64_t)b[i] * right + offset, rule);
    }
    """

  private static let multiplyText = """
    /* Results lie one after the other; the steps of an operand are 0 where it is stretched. */
    static void @_multiply(
        const @_walk *w, const uint8_t *a, const uint8_t *b, uint8_t *y, int32_t left, int32_t right,
        const @_rule *rule, int32_t multiplier, int64_t offset) {
    \(walk("*y++ = @_requantize((int64_t)((a[first] - left) * (b[second] - right)) * multiplier + offset, rule);"))
    }
    """

  /// Five loops, with the offset on either side.
  private static func walk(_ body: String) -> String {
    let loops = (0..<Rearrangement.axisLimit).map { axis in
      String(repeating: "  ", count: axis + 1) + "for (i[\(axis)] = 0; i[\(axis)] < w->count[\(axis)]; i[\(axis)]++)"
    }
    let inner = """
      {
        int32_t first = 0, second = 0, axis;
        for (axis = 0; axis < \(Rearrangement.axisLimit); axis++) {
          first += i[axis] * w->first[axis];
          second += i[axis] * w->second[axis];
        }
        \(body)
      }
      """
    return "  int32_t i[\(Rearrangement.axisLimit)];\n" + loops.joined(separator: "\n") + " "
      + String(inner.indented(by: 2 * Rearrangement.axisLimit).drop { $0 == " " })
  }

  private static let lookupText = """
    static void @_lookup(const uint8_t *x, uint8_t *y, int32_t count, const uint8_t *table) {
      int32_t i;
      for (i = 0; i < count; i++) y[i] = table[x[i]];
    }
    """

  private static let softmaxText = """
    /* Along the middle one of three axes. */
    static void @_softmax(
        const uint8_t *x, uint8_t *y, int32_t outer, int32_t extent, int32_t inner, const uint32_t *exponentials,
        uint32_t range) {
      int32_t i, j, k;
      for (i = 0; i < outer; i++) {
        for (j = 0; j < inner; j++) {
          const uint8_t *from = x + i * extent * inner + j;
          uint8_t *to = y + i * extent * inner + j;
          uint8_t largest = 0;
          uint64_t sum = 0;
          for (k = 0; k < extent; k++)
            if (from[k * inner] > largest) largest = from[k * inner];
          for (k = 0; k < extent; k++) sum += exponentials[largest - from[k * inner]];
          for (k = 0; k < extent; k++) {
            const uint64_t power = exponentials[largest - from[k * inner]];
            const uint64_t code = (power * range + sum / 2) / sum;
            to[k * inner] = (uint8_t)(code > 255 ? 255 : code);
          }
        }
      }
    }
    """

  // MARK: Borders

  private static let quantizeText = """
    /* Floats in planes to codes in pixels: x / scale, halves to even, plus the code of zero, in a range. */
    static void @_quantize(
        const uint8_t *x, uint8_t *y, int32_t images, int32_t channels, int32_t pixels, float scale, int32_t zero,
        int32_t lowest, int32_t highest) {
      int32_t image, channel, pixel;
      for (image = 0; image < images; image++)
        for (channel = 0; channel < channels; channel++)
          for (pixel = 0; pixel < pixels; pixel++) {
            const int32_t from = (image * channels + channel) * pixels + pixel;
            volatile float quotient = @_load_float(x + 4 * from) / scale;
            const float steps = quotient;
            int32_t code = 0;
            if (steps >= 1024) {
              code = 1024;
            } else if (steps <= -1024) {
              code = -1024;
            } else if (steps == steps) {
              float rest;
              code = (int32_t)steps;
              rest = steps - (float)code;
              if (rest > 0.5f || (rest == 0.5f && code % 2 != 0)) code++;
              if (rest < -0.5f || (rest == -0.5f && code % 2 != 0)) code--;
            }
            code += zero;
            code = code < lowest ? lowest : code > highest ? highest : code;
            y[(image * pixels + pixel) * channels + channel] = (uint8_t)(code & 255);
          }
    }
    """

  private static let dequantizeText = """
    /* Codes in pixels to floats in planes; the sign is 128 for signed codes, else 0. */
    static void @_dequantize(
        const uint8_t *x, uint8_t *y, int32_t images, int32_t channels, int32_t pixels, float scale, int32_t zero,
        int32_t sign) {
      int32_t image, channel, pixel;
      for (image = 0; image < images; image++)
        for (channel = 0; channel < channels; channel++)
          for (pixel = 0; pixel < pixels; pixel++) {
            const int32_t code = (x[(image * pixels + pixel) * channels + channel] ^ sign) - sign;
            @_store_float(y + 4 * ((image * channels + channel) * pixels + pixel), code - zero, scale, 0.0f);
          }
    }
    """

  // MARK: Memory

  private static let rearrangeText = """
    static void @_rearrange(const @_walk *w, const uint8_t *x, uint8_t *y, size_t run) {
      const int32_t count = w->count[4], first = w->first[4], second = w->second[4];
      int32_t i[4], k;
      for (i[0] = 0; i[0] < w->count[0]; i[0]++)
        for (i[1] = 0; i[1] < w->count[1]; i[1]++)
          for (i[2] = 0; i[2] < w->count[2]; i[2]++)
            for (i[3] = 0; i[3] < w->count[3]; i[3]++) {
              int32_t from = 0, to = 0;
              for (k = 0; k < 4; k++) {
                from += i[k] * w->first[k];
                to += i[k] * w->second[k];
              }
              for (k = 0; k < count; k++, from += first, to += second) {
                if (run == 1)
                  y[to] = x[from];
                else
                  memcpy(y + to, x + from, run);
              }
            }
    }
    """

  private static let fillText = """
    static void @_fill(uint8_t *y, int32_t count, uint32_t bits) {
      int32_t i;
      for (i = 0; i < count; i++) memcpy(y + 4 * i, &bits, 4);
    }
    """
}
