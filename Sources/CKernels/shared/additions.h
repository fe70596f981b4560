/* Convolution that adds up codes at listed places: one source for all vectors of bytes.

   The codes of a tile's windows are turned from pixels to planes; then, for each output, the runs of codes at its
   places are added up, `most_vectors` vectors at a time, in two 16-bit sums a vector (`pair`); what they come to is left
   in a plane an output, and 16 of these are turned back to pixels. Windows of neighboring rows lie in one run of bytes,
   with what lies between them computed and left out.

   The includer defines DC_TARGET, DC_NAME, DC_TILE, most_vectors, and

     vector_bytes                  codes in a vector
     bytes, zip_low, zip_high      a vector, and its 16-byte lanes interleaved with those of another
     load_lanes(p, d), store_lanes(p, d, v)   lanes that lie d bytes apart
     pair                          two vectors of 16-bit sums of its codes, in any order
     add_codes(pair, p)            adds the codes of the vector at p
     rule, rule_at(c, a, channel)  how sums of one channel end
     wide, widen(first, second, rule)  what the sums of codes of two levels come to, in 32 bits
     add_wide(a, b)                sums of those
     finish(wide, rule, to)        stores their codes, in the order of the codes that were added up
     sum_rule, sum_rule_of(r), add_run(codes, others, count, rule)
                                   adds to codes, a multiple of 16, others, in place */
#ifndef DC_ADDITIONS_H
#define DC_ADDITIONS_H

/* 128 codes add up to less than 2^15. */
enum { block = 16, most_places = 128, out_pitch = DC_MOST_TILE_BYTES + 64, turned_pixels = vector_bytes };

/* What a tile needs; 84 KB. */
typedef struct added_tile {
  uint8_t planes[DC_MOST_PLANE_BYTES + 64] __attribute__((aligned(64)));
  uint8_t out[block * out_pitch] __attribute__((aligned(64))); /* the planes of 16 outputs */
} added_tile;

/* Exchanges rows and columns of 16 x 16 bytes in every lane: what interleaves the halves, four times. */
DC_ALWAYS_INLINE DC_TARGET void turn(bytes rows[16]) {
  bytes other[16];
  UNROLLED for (int stage = 0; stage < 4; stage++) {
    bytes *from = stage % 2 ? other : rows, *to = stage % 2 ? rows : other;
    UNROLLED for (int i = 0; i < 8; i++) {
      to[2 * i] = zip_low(from[i], from[i + 8]);
      to[2 * i + 1] = zip_high(from[i], from[i + 8]);
    }
  }
}

/* Writes 16 codes each of as many pixels as a vector has bytes to `depth` planes. */
DC_ALWAYS_INLINE DC_TARGET void turn_in(const uint8_t *pixels, ptrdiff_t stride, int32_t depth, uint8_t *planes,
                                        ptrdiff_t planeByteCount) {
  bytes rows[16];
  UNROLLED for (int i = 0; i < 16; i++) rows[i] = load_lanes(pixels + i * stride, 16 * stride);
  turn(rows);
  if (depth == 16) {
    UNROLLED for (int i = 0; i < 16; i++) __builtin_memcpy(planes + i * planeByteCount, &rows[i], vector_bytes);
  } else {
    for (int i = 0; i < depth; i++) __builtin_memcpy(planes + i * planeByteCount, &rows[i], vector_bytes);
  }
}

/* Copies the first `depth` of 16 codes of some pixels. */
DC_ALWAYS_INLINE DC_TARGET void copy_pixels(uint8_t *to, ptrdiff_t toStride, const uint8_t *from, ptrdiff_t fromStride,
                                            int32_t count, int32_t depth) {
  if (depth == 16) {
    for (int32_t i = 0; i < count; i++) __builtin_memcpy(to + i * toStride, from + i * fromStride, 16);
  } else if (depth == 8) {
    for (int32_t i = 0; i < count; i++) __builtin_memcpy(to + i * toStride, from + i * fromStride, 8);
  } else {
    for (int32_t i = 0; i < count; i++)
      for (int32_t c = 0; c < depth; c++) to[i * toStride + c] = from[i * fromStride + c];
  }
}

/* Writes `count` pixels that follow each other to planes, and less than a vector more to each. */
DC_TARGET static void turn_run(const uint8_t *pixels, ptrdiff_t stride, int32_t count, int32_t channels,
                               uint8_t *planes, ptrdiff_t planeByteCount) {
  uint8_t copy[turned_pixels * 16] __attribute__((aligned(64)));
  for (int32_t channel = 0; channel < channels; channel += 16) {
    const int32_t depth = dc_minimum(16, channels - channel);
    uint8_t *to = planes + channel * planeByteCount;
    for (int32_t x = 0; x < count; x += turned_pixels) {
      const uint8_t *from = pixels + x * stride + channel;
      const int32_t n = dc_minimum(turned_pixels, count - x);
      if (n == turned_pixels && depth == 16) {
        turn_in(from, stride, 16, to + x, planeByteCount);
      } else {
        copy_pixels(copy, 16, from, stride, n, depth);
        turn_in(copy, 16, depth, to + x, planeByteCount);
      }
    }
  }
}

/* Lays out what the windows of `count` rows of outputs from `row` on see. Rows come in order: what one writes too much,
   the next overwrites. */
DC_TARGET static void fill_planes(const dc_window *w, const dc_added *a, int32_t row, int32_t count, uint8_t *planes) {
  const ptrdiff_t pixelStride = w->inputColumnStride / a->columnStride;
  const int32_t segments = w->segmentCount / a->rows; /* of a row of the window */
  for (int32_t down = 0; down < dc_minimum(a->rowStride, a->rows); down++)
    for (int32_t right = 0; right < dc_minimum(a->columnStride, a->columns); right++) {
      int32_t rows = count + (a->rows - 1 - down) / a->rowStride;
      int32_t columns = w->columns + (a->columns - 1 - right) / a->columnStride;
      if (w->inputRowStride == a->pitch * w->inputColumnStride) columns += (rows - 1) * a->pitch, rows = 1;
      uint8_t *plane = planes + (ptrdiff_t)(down * a->columnStride + right) * a->channels * a->planeByteCount;
      const uint8_t *from = (const uint8_t *)w->input + w->segmentOffsets[down * segments] + right * pixelStride;
      for (int32_t y = 0; y < rows; y++)
        turn_run(from + (row + y) * w->inputRowStride, w->inputColumnStride, columns, a->channels, plane + y * a->pitch,
                 a->planeByteCount);
    }
}

/* The sums of the codes at some places, of `vectors` vectors. */
DC_ALWAYS_INLINE DC_TARGET void sum_places(const int vectors, const uint8_t *codes, const uint16_t *places,
                                           const uint16_t *end, pair *sums) {
  pair acc[most_vectors];
  UNROLLED for (int k = 0; k < vectors; k++) acc[k] = (pair){{0}, {0}};
  for (; places < end; places++) {
    const uint8_t *at = codes + *places;
    UNROLLED for (int k = 0; k < vectors; k++) acc[k] = add_codes(acc[k], at + k * vector_bytes);
  }
  UNROLLED for (int k = 0; k < vectors; k++) sums[k] = acc[k];
}

/* The codes of one output in `vectors` vectors from `codes` on. */
DC_ALWAYS_INLINE DC_TARGET void compute(const int vectors, const dc_added *a, int32_t output, const uint8_t *codes,
                                        const rule *r, uint8_t *to) {
  const uint16_t *first = a->places + (output ? a->ends[2 * output - 1] : 0);
  const uint16_t *firstEnd = a->places + a->ends[2 * output];
  const uint16_t *second = firstEnd, *secondEnd = a->places + a->ends[2 * output + 1];
  pair sums[2][most_vectors];
  if (firstEnd - first <= most_places && secondEnd - second <= most_places) {
    sum_places(vectors, codes, first, firstEnd, sums[0]);
    sum_places(vectors, codes, second, secondEnd, sums[1]);
    UNROLLED for (int k = 0; k < vectors; k++) finish(widen(sums[0][k], sums[1][k], r), r, to + k * vector_bytes);
    return;
  }
  wide total[most_vectors];
  for (int isFirst = 1; first < firstEnd || second < secondEnd; isFirst = 0) {
    const uint16_t *some = firstEnd - first > most_places ? first + most_places : firstEnd;
    const uint16_t *others = secondEnd - second > most_places ? second + most_places : secondEnd;
    sum_places(vectors, codes, first, some, sums[0]);
    sum_places(vectors, codes, second, others, sums[1]);
    first = some, second = others;
    for (int k = 0; k < vectors; k++) {
      const wide now = widen(sums[0][k], sums[1][k], r);
      total[k] = isFirst ? now : add_wide(total[k], now);
    }
  }
  for (int k = 0; k < vectors; k++) finish(total[k], r, to + k * vector_bytes);
}

typedef void (*compute_function)(const dc_added *, int32_t, const uint8_t *, const rule *, uint8_t *);
#define COMPUTE(vectors) \
  DC_TARGET static void compute_##vectors(const dc_added *a, int32_t output, const uint8_t *codes, const rule *r, \
                                          uint8_t *to) { \
    compute(vectors, a, output, codes, r, to); \
  }
COMPUTE(1) COMPUTE(2) COMPUTE(3) COMPUTE(4) COMPUTE(5) COMPUTE(6)
#if DC_MOST_VECTORS >= 8
COMPUTE(7) COMPUTE(8)
#endif
#if DC_MOST_VECTORS >= 12
COMPUTE(9) COMPUTE(10) COMPUTE(11) COMPUTE(12)
#endif
#undef COMPUTE
static const compute_function functions[] = {0, compute_1, compute_2, compute_3, compute_4, compute_5, compute_6,
#if DC_MOST_VECTORS >= 8
                                             compute_7, compute_8,
#endif
#if DC_MOST_VECTORS >= 12
                                             compute_9, compute_10, compute_11, compute_12
#endif
};

/* Brings `count` pixels of a row of a block of outputs where they belong. */
DC_TARGET static void store_run(const dc_convolution *c, int32_t row, int32_t column, int32_t count, int32_t channel,
                                uint8_t *codes, const sum_rule *adds) {
  const dc_window *w = &c->window;
  const int32_t depth = dc_minimum(16, w->channelEnd - channel);
  if (adds) {
    const dc_residual *r = &c->residual;
    const uint8_t *others = (const uint8_t *)r->input + row * r->rowStride + column * r->columnStride + channel;
    uint8_t copy[turned_pixels * 16] __attribute__((aligned(64)));
    if (depth < 16 || r->columnStride != 16) {
      copy_pixels(copy, 16, others, r->columnStride, count, depth);
      others = copy;
    }
    add_run(codes, others, count * 16, adds);
  }
  uint8_t *to = (uint8_t *)w->output + row * w->outputRowStride + column * w->outputColumnStride + channel;
  copy_pixels(to, w->outputColumnStride, codes, 16, count, depth);
}

/* Turns the planes of a block of outputs, `length` codes of each, back to pixels: those of begin..<end, from `row`
   on. */
DC_TARGET static void store_block(const dc_convolution *c, const uint8_t *planes, int32_t length, int32_t row,
                                  int32_t channel, int32_t begin, int32_t end, const sum_rule *adds) {
  const int32_t columns = c->window.columns, pitch = ((const dc_added *)c->weights)->pitch;
  uint8_t pixels[turned_pixels * 16] __attribute__((aligned(64)));
  for (int32_t at = 0, x = 0; at < length; at += turned_pixels) {
    bytes rows[16];
    UNROLLED for (int i = 0; i < 16; i++) __builtin_memcpy(&rows[i], planes + i * out_pitch + at, vector_bytes);
    turn(rows);
    UNROLLED for (int i = 0; i < 16; i++) store_lanes(pixels + 16 * i, 256, rows[i]);
    /* Runs of pixels, each with what lies between its row and the next. */
    for (int32_t i = 0, n; i < turned_pixels && at + i < length; i += n) {
      n = dc_minimum(pitch - x, turned_pixels - i);
      const int32_t first = dc_maximum(x, begin - row * columns);
      const int32_t last = dc_minimum(dc_minimum(x + n, columns), end - row * columns);
      if (first < last) store_run(c, row, first, last - first, channel, pixels + 16 * (i + first - x), adds);
      x += n;
      if (x == pitch) x = 0, row++;
    }
  }
}

/* The rows row..<row + count of a block of outputs: the pixels begin..<end of them. */
DC_TARGET static void compute_block(const dc_convolution *c, int32_t row, int32_t count, int32_t channel, int32_t begin,
                                    int32_t end, const sum_rule *adds, added_tile *tile) {
  const dc_added *a = (const dc_added *)c->weights;
  const int32_t length = (count - 1) * a->pitch + c->window.columns;
  const int32_t vectors = (length + vector_bytes - 1) / vector_bytes;
  const int32_t runs = (vectors + most_vectors - 1) / most_vectors;
  for (int32_t o = 0; o < dc_minimum(block, c->window.channelEnd - channel); o++) {
    const rule r = rule_at(c, a, channel + o);
    for (int32_t run = 0, at = 0, n; run < runs; run++, at += n * vector_bytes) {
      n = vectors / runs + (run < vectors % runs);
      functions[n](a, channel + o, tile->planes + at, &r, tile->out + o * out_pitch + at);
    }
  }
  store_block(c, tile->out, length, row, channel, begin, end, adds);
}

DC_TARGET static void convolve(const dc_convolution *c, const dc_residual *residual) {
  const dc_window *w = &c->window;
  const dc_added *a = (const dc_added *)c->weights;
  if (w->pixelBegin >= w->pixelEnd) return;
  const int32_t lastRow = (w->pixelEnd - 1) / w->columns + 1;
  added_tile tile;
  sum_rule adds;
  if (residual) adds = sum_rule_of(&residual->rule);
  for (int32_t row = w->pixelBegin / w->columns; row < lastRow; row += a->tileRows) {
    const int32_t count = dc_minimum(a->tileRows, lastRow - row);
    fill_planes(w, a, row, count, tile.planes);
    for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel += block)
      compute_block(c, row, count, channel, w->pixelBegin, w->pixelEnd, residual ? &adds : 0, &tile);
  }
}

DC_TARGET void DC_NAME(conv, u8a2u8, DC_TILE)(const dc_convolution *c) { convolve(c, 0); }
DC_TARGET void DC_NAME(convadd, u8a2u8, DC_TILE)(const dc_convolution *c) { convolve(c, &c->residual); }

#endif
