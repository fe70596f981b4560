/* AVX-512 VBMI: convolution of u8 codes with sparse s8 weights.

   A round is a vpermi2b, which picks four codes for each of 16 outputs from 128 bytes of the window, and a vpdpbusd.
   Up to 8 pixels share its bytes. The window of 128 bytes slides by one table, so that an output that is done with a
   table goes ahead with the next while another is not. Groups of 16 outputs are the outer loop over up to 64 pixels,
   whose codes wait in memory until those of 64 outputs are there, and one vpermb brings them into order. */
#if defined(__x86_64__)
#include "avx512.h"

#define DC_VBMI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,fma")))
#define DC_VBMI_INLINE DC_ALWAYS_INLINE DC_VBMI

enum { most_tile = 8, most_run = 64, most_resident = 6 };

typedef enum ending { ends_in_codes, ends_in_added_codes, ends_in_values } ending;

/* Up to 64 pixels in tiles, and what 64 outputs of them came to. */
typedef struct pixel_run {
  /* Eight are written at a time. */
  const uint8_t *input[most_run + 8];
  const uint8_t *output[most_run + 8];
  const uint8_t *residual[most_run + 8];
  int32_t tileCount;
  int32_t tileBegin[most_run / most_tile + 1]; /* tiles are about equally large */
  union {
    uint8_t codes[most_run / most_tile][most_tile / 4][4][64]; /* [tile][four pixels][group], as packing leaves them */
    int32_t sums[most_run][64];
  } by_place __attribute__((aligned(64)));
} pixel_run;

DC_VBMI_INLINE __m512i table_at(const dc_window *w, const dc_gather_table *t, const uint8_t *input) {
  return _mm512_maskz_loadu_epi8(t->mask, input + w->segmentOffsets[t->segment] + t->offset);
}

/* The weights of a round. */
DC_VBMI_INLINE __m512i weights_of(const int narrow, const uint8_t *round, __m512i index, __m512i clear, __m512i set) {
  return narrow ? _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), clear, set) : _mm512_loadu_si512(round + 64);
}

/* The sums of `pixels` pixels with one group. A single pixel has two sums, as one would wait for itself. */
DC_VBMI_INLINE void sum_tile(const int pixels, const int narrow, const dc_window *w, const dc_gathered *g,
                             int32_t group, const uint8_t *const *input, __m512i acc[most_tile]) {
  const uint8_t *rounds = g->rounds + (ptrdiff_t)group * g->tableCount;
  const uint8_t *round = g->data + g->groupOffsets[group];
  const dc_gather_table *table = g->tables, *last = table + g->tableCount - 1;
  const __m512i clear = _mm512_set1_epi8(g->levels[0]), set = _mm512_set1_epi8(g->levels[1]);
  const ptrdiff_t step = narrow ? 64 : 128;
  __m512i here[most_tile], next[most_tile], other = _mm512_setzero_si512();
  UNROLLED for (int p = 0; p < pixels; p++) {
    acc[p] = _mm512_setzero_si512();
    next[p] = table_at(w, table, input[p]);
  }
  for (; table <= last; table++) {
    UNROLLED for (int p = 0; p < pixels; p++) here[p] = next[p];
    if (table < last) {
      const ptrdiff_t offset = w->segmentOffsets[table[1].segment] + table[1].offset;
      const __mmask64 mask = table[1].mask;
      UNROLLED for (int p = 0; p < pixels; p++) next[p] = _mm512_maskz_loadu_epi8(mask, input[p] + offset);
    }
    int n = *rounds++;
    if (pixels == 1)
      for (; n > 1; n -= 2, round += 2 * step) {
        const __m512i a = _mm512_loadu_si512(round), b = _mm512_loadu_si512(round + step);
        acc[0] = _mm512_dpbusd_epi32(acc[0], _mm512_permutex2var_epi8(here[0], a, next[0]),
                                     weights_of(narrow, round, a, clear, set));
        other = _mm512_dpbusd_epi32(other, _mm512_permutex2var_epi8(here[0], b, next[0]),
                                    weights_of(narrow, round + step, b, clear, set));
      }
    for (; n > 0; n--, round += step) {
      const __m512i index = _mm512_loadu_si512(round), weights = weights_of(narrow, round, index, clear, set);
      UNROLLED for (int p = 0; p < pixels; p++)
        acc[p] = _mm512_dpbusd_epi32(acc[p], _mm512_permutex2var_epi8(here[p], index, next[p]), weights);
    }
  }
  if (pixels == 1) acc[0] = _mm512_add_epi32(acc[0], other);
}

/* 64 codes with 64 of the residual, by rules of any size; saturated when the rule is short, else clamped. */
DC_VBMI_INLINE __m512i added64(__m512i codes, __m512i other, const addition16 *rule) {
  if (rule->isShort) return sum64(codes, other, *rule);
  uint8_t a[64] __attribute__((aligned(64))), b[64] __attribute__((aligned(64)));
  _mm512_store_si512(a, codes), _mm512_store_si512(b, other);
  for (int i = 0; i < 64; i += 16) {
    __m512i left = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(const void *)(a + i)));
    __m512i right = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(const void *)(b + i)));
    _mm_store_si128((__m128i *)(void *)(a + i), _mm512_cvtepi32_epi8(sum_of_codes(left, right, *rule)));
  }
  return _mm512_load_si512(a);
}

/* The limits of both rules. */
typedef struct byte_limits {
  __m512i lowest, highest, lowestSum, highestSum;
} byte_limits;

DC_VBMI_INLINE byte_limits byte_limits_of(const dc_convolution *c) {
  byte_limits l;
  l.lowest = _mm512_set1_epi8((char)c->requantization.lowest);
  l.highest = _mm512_set1_epi8((char)c->requantization.highest);
  l.lowestSum = _mm512_set1_epi8((char)c->residual.rule.lowest);
  l.highestSum = _mm512_set1_epi8((char)c->residual.rule.highest);
  return l;
}

/* Clamps the codes of one pixel, adds the residual, and stores those of the channels that are there. */
DC_VBMI_INLINE void store_pixel(const int adds, __m512i codes, const pixel_run *run, int32_t pixel, int32_t block,
                                __mmask64 mask, byte_limits l, const addition16 *addition) {
  codes = _mm512_min_epu8(_mm512_max_epu8(codes, l.lowest), l.highest);
  if (adds) {
    codes = added64(codes, _mm512_maskz_loadu_epi8(mask, run->residual[pixel] + block), addition);
    codes = _mm512_min_epu8(_mm512_max_epu8(codes, l.lowestSum), l.highestSum);
  }
  _mm512_mask_storeu_epi8((uint8_t *)(uintptr_t)run->output[pixel] + block, mask, codes);
}

/* The same for 16 channels or fewer of four pixels, as packing leaves them. */
DC_VBMI_INLINE void store_four(const int adds, __m512i codes, const pixel_run *run, int32_t first, int32_t pixels,
                               int32_t block, __mmask16 mask, byte_limits l, const addition16 *addition) {
  codes = _mm512_min_epu8(_mm512_max_epu8(codes, l.lowest), l.highest);
  if (adds) {
    __m128i other[4];
    for (int p = 0; p < 4; p++)
      other[p] = p < pixels ? _mm_maskz_loadu_epi8(mask, run->residual[first + p] + block) : _mm_setzero_si128();
    __m512i all = _mm512_castsi128_si512(other[0]);
    all = _mm512_inserti32x4(_mm512_inserti32x4(all, other[1], 1), other[2], 2);
    codes = added64(codes, reordered(_mm512_inserti32x4(all, other[3], 3)), addition);
    codes = _mm512_min_epu8(_mm512_max_epu8(codes, l.lowestSum), l.highestSum);
  }
  codes = reordered(codes);
  const __m128i part[4] = {_mm512_castsi512_si128(codes), _mm512_extracti32x4_epi32(codes, 1),
                           _mm512_extracti32x4_epi32(codes, 2), _mm512_extracti32x4_epi32(codes, 3)};
  for (int p = 0; p < 4; p++)
    if (p < pixels) _mm_mask_storeu_epi8((uint8_t *)(uintptr_t)run->output[first + p] + block, mask, part[p]);
}

/* What sums of `count` pixels come to by the rule, in lanes of 32 bits; some rules leave them to be clamped. */
DC_VBMI_INLINE void requantize_tile(const int count, __m512i *acc, const rule16 *rule, const limits16 *l) {
  if (rule->isReal) {
    UNROLLED for (int p = 0; p < count; p++) acc[p] = floored(acc[p], *rule);
  } else if (l->wide) {
    UNROLLED for (int p = 0; p < count; p++) acc[p] = _mm512_sra_epi32(high_halves(acc[p], *rule), l->shiftHigh);
  } else {
    UNROLLED for (int p = 0; p < count; p++) acc[p] = requantized(acc[p], *rule, *l);
  }
}

DC_VBMI_INLINE limits16 code_limits_of(const dc_convolution *c) {
  return limits16_of(c->requantization.shift, c->requantization.lowest, c->requantization.highest);
}

/* The sums of one tile of a run, left as codes, which are not clamped yet, or as they are. */
DC_VBMI_INLINE void compute_tile(const int pixels, const int narrow, const int wants_codes, const dc_convolution *c,
                                 int32_t group, pixel_run *run, int32_t tile, const rule16 *rule,
                                 const limits16 *limits) {
  const int32_t first = run->tileBegin[tile];
  __m512i acc[most_tile];
  sum_tile(pixels, narrow, &c->window, (const dc_gathered *)c->weights, group, run->input + first, acc);
  if (!wants_codes) {
    UNROLLED for (int p = 0; p < pixels; p++)
      _mm512_store_si512(run->by_place.sums[first + p] + group % 4 * 16, acc[p]);
    return;
  }
  requantize_tile(pixels, acc, rule, limits);
  UNROLLED for (int p = 0; p < pixels; p += 4) {
    const int left = pixels - p;
    const __m512i codes = packed_bytes(acc[p], left > 1 ? acc[p + 1] : acc[p], left > 2 ? acc[p + 2] : acc[p],
                                       left > 3 ? acc[p + 3] : acc[p]);
    _mm512_store_si512(run->by_place.codes[tile][p / 4][group % 4], codes);
  }
}

#define TILE(pixels) \
  case pixels: compute_tile(pixels, narrow, wants_codes, c, group, run, tile, &rule, &limits); break;

/* One group, all tiles of a run. */
DC_VBMI_INLINE void compute_group(const int narrow, const int wants_codes, const dc_convolution *c, int32_t group,
                                  pixel_run *run) {
  rule16 rule = {0};
  limits16 limits;
  if (wants_codes) rule = rule16_at(&c->requantization, group * 16), limits = code_limits_of(c);
  for (int32_t tile = 0; tile < run->tileCount; tile++)
    switch (run->tileBegin[tile + 1] - run->tileBegin[tile]) {
      TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7) TILE(8)
    }
}
#undef TILE

/* A layer of at most 16 outputs: codes go from registers to where they belong. */
DC_VBMI_INLINE void compute_direct_tile(const int pixels, const int adds, const dc_convolution *c, int32_t group,
                                        const pixel_run *run, int32_t tile, const rule16 *rule,
                                        const limits16 *codeLimits, const byte_limits limits,
                                        const addition16 *addition) {
  const int32_t first = run->tileBegin[tile];
  __m512i acc[most_tile];
  sum_tile(pixels, 0, &c->window, (const dc_gathered *)c->weights, group, run->input + first, acc);
  requantize_tile(pixels, acc, rule, codeLimits);
  const __mmask16 mask = first16(c->window.channelEnd - group * 16);
  UNROLLED for (int p = 0; p < pixels; p += 4) {
    const int left = pixels - p;
    const __m512i codes = packed_bytes(acc[p], left > 1 ? acc[p + 1] : acc[p], left > 2 ? acc[p + 2] : acc[p],
                                       left > 3 ? acc[p + 3] : acc[p]);
    store_four(adds, codes, run, first + p, left, group * 16, mask, limits, addition);
  }
}

#define TILE(pixels) \
  case pixels: compute_direct_tile(pixels, adds, c, group, run, tile, &rule, &codeLimits, limits, addition); break;

DC_VBMI_INLINE void compute_direct(const int adds, const dc_convolution *c, int32_t group, const pixel_run *run,
                                   const addition16 *addition) {
  const rule16 rule = rule16_at(&c->requantization, group * 16);
  const limits16 codeLimits = code_limits_of(c);
  const byte_limits limits = byte_limits_of(c);
  for (int32_t tile = 0; tile < run->tileCount; tile++)
    switch (run->tileBegin[tile + 1] - run->tileBegin[tile]) {
      TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7) TILE(8)
    }
}
#undef TILE

DC_VBMI static __attribute__((noinline)) void direct_codes(const dc_convolution *c, int32_t group,
                                                           const pixel_run *run) {
  compute_direct(0, c, group, run, 0);
}

DC_VBMI static __attribute__((noinline)) void direct_added_codes(const dc_convolution *c, int32_t group,
                                                                 const pixel_run *run, const addition16 *addition) {
  compute_direct(1, c, group, run, addition);
}

#define GROUP(name, narrow, wants_codes) \
  DC_VBMI static __attribute__((noinline)) void name(const dc_convolution *c, int32_t group, pixel_run *run) { \
    compute_group(narrow, wants_codes, c, group, run); \
  }
GROUP(wide_codes, 0, 1)
GROUP(narrow_codes, 1, 1)
GROUP(wide_sums, 0, 0)
GROUP(narrow_sums, 1, 0)

/* Where vpermb finds each output once four groups' words are exchanged: place 16 g + 4 q + b is at 16 q + 4 g + b. */
DC_VBMI_INLINE __m512i exchanged_places(const uint8_t *order) {
  const __m512i places = _mm512_loadu_si512(order), low = _mm512_set1_epi8(3);
  const __m512i q = _mm512_and_si512(_mm512_srli_epi16(places, 2), low);
  const __m512i g = _mm512_and_si512(_mm512_srli_epi16(places, 4), low);
  return _mm512_or_si512(_mm512_or_si512(_mm512_slli_epi16(q, 4), _mm512_slli_epi16(g, 2)),
                         _mm512_and_si512(places, low));
}

/* Where vpermi2b finds each of 32 outputs of two pixels in two groups' packed codes: place 16 g + 4 q + b of pixel p of
   four is at 64 g + 16 q + 4 p + b. */
DC_VBMI_INLINE __m512i paired_places(const uint8_t *order) {
  const __m512i places = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(const void *)order));
  const __m512i low = _mm512_set1_epi8(3), pixel = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi8(4), 1);
  const __m512i q = _mm512_and_si512(_mm512_srli_epi16(places, 2), low);
  const __m512i g = _mm512_and_si512(_mm512_srli_epi16(places, 4), low);
  return _mm512_or_si512(_mm512_or_si512(_mm512_slli_epi16(g, 6), _mm512_slli_epi16(q, 4)),
                         _mm512_or_si512(pixel, _mm512_and_si512(places, low)));
}

/* Whether pixels of a row are as far apart as they are long, in the result and in the residual. */
DC_VBMI_INLINE int columns_touch(const int adds, const dc_convolution *c, int32_t channels) {
  return c->window.outputColumnStride == channels && (!adds || c->residual.columnStride == channels);
}

/* Whether four pixels then lie side by side, be it in two rows. */
DC_VBMI_INLINE int four_touch(const int adds, const pixel_run *run, int32_t first, int32_t channels) {
  const int32_t last = first + 3;
  return run->output[last] - run->output[first] == 3 * channels &&
         (!adds || run->residual[last] - run->residual[first] == 3 * channels);
}

/* Clamps 64 codes that lie together, adds the residual, and stores them. */
DC_VBMI_INLINE void store_64(const int adds, __m512i codes, const uint8_t *output, const uint8_t *residual,
                             byte_limits l, const addition16 *addition) {
  codes = _mm512_min_epu8(_mm512_max_epu8(codes, l.lowest), l.highest);
  if (adds) {
    codes = added64(codes, _mm512_loadu_si512(residual), addition);
    codes = _mm512_min_epu8(_mm512_max_epu8(codes, l.lowestSum), l.highestSum);
  }
  _mm512_storeu_si512((uint8_t *)(uintptr_t)output, codes);
}

/* Stores the packed codes of a run in the order of channels. */
DC_VBMI_INLINE void finish_codes(const int adds, const dc_convolution *c, int32_t block, int32_t channels,
                                 const pixel_run *run, const addition16 *addition) {
  const __m512i places = exchanged_places(((const dc_gathered *)c->weights)->order + block);
  const byte_limits limits = byte_limits_of(c);
  const __mmask64 mask = first64(channels);
  const __m512i pairs = paired_places(((const dc_gathered *)c->weights)->order + block);
  const __m512i otherPairs = _mm512_or_si512(pairs, _mm512_set1_epi8(8));
  const int touches = channels == 32 && columns_touch(adds, c, channels);
  for (int32_t tile = 0; tile < run->tileCount; tile++)
    for (int32_t first = run->tileBegin[tile], end = run->tileBegin[tile + 1], i = 0; first < end; first += 4, i++) {
      const uint8_t(*codes)[64] = run->by_place.codes[tile][i];
      const int32_t pixels = end - first;
      const __m512i a = _mm512_load_si512(codes[0]);
      if (channels <= 16) {
        store_four(adds, a, run, first, pixels, block, (__mmask16)mask, limits, addition);
        continue;
      }
      const __m512i b = _mm512_load_si512(codes[1]);
      if (touches && pixels >= 4 && four_touch(adds, run, first, channels)) {
        const uint8_t *const output = run->output[first] + block;
        const uint8_t *const residual = adds ? run->residual[first] + block : 0;
        store_64(adds, _mm512_permutex2var_epi8(a, pairs, b), output, residual, limits, addition);
        store_64(adds, _mm512_permutex2var_epi8(a, otherPairs, b), output + 64, adds ? residual + 64 : 0, limits,
                 addition);
        continue;
      }
      const __m512i d = channels > 32 ? _mm512_load_si512(codes[2]) : a;
      const __m512i e = channels > 48 ? _mm512_load_si512(codes[3]) : a;
      const __m512i ab01 = _mm512_unpacklo_epi32(a, b), ab23 = _mm512_unpackhi_epi32(a, b);
      const __m512i de01 = _mm512_unpacklo_epi32(d, e), de23 = _mm512_unpackhi_epi32(d, e);
      const __m512i four[4] = {_mm512_unpacklo_epi64(ab01, de01), _mm512_unpackhi_epi64(ab01, de01),
                               _mm512_unpacklo_epi64(ab23, de23), _mm512_unpackhi_epi64(ab23, de23)};
      UNROLLED for (int p = 0; p < 4; p++)
        if (p < pixels)
          store_pixel(adds, _mm512_permutexvar_epi8(places, four[p]), run, first + p, block, mask, limits, addition);
    }
}

/* Stores the values that sums of a run come to in the order of channels. */
DC_VBMI_INLINE void finish_sums(const dc_convolution *c, int32_t block, int32_t channels, const pixel_run *run) {
  const uint8_t *order = ((const dc_gathered *)c->weights)->order + block;
  for (int32_t p = 0; p < run->tileBegin[run->tileCount]; p++)
    for (int32_t o = 0; o < channels; o++) {
      const int32_t sum = run->by_place.sums[p][order[o]], place = block + order[o];
      const float product = (float)sum * c->scales[place];
      ((float *)(uintptr_t)run->output[p])[block + o] = product + c->biases[place];
    }
}

/* Distances of eight pixels from the first of them. */
DC_VBMI_INLINE __m512i distances(ptrdiff_t stride) {
  return _mm512_mullo_epi64(_mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7), _mm512_set1_epi64(stride));
}

/* Writes where n pixels of a row are, and up to 7 more. */
DC_VBMI_INLINE void write_places(const uint8_t **places, int32_t n, const uint8_t *first, ptrdiff_t stride,
                                 __m512i distances) {
  __m512i at = _mm512_add_epi64(_mm512_set1_epi64((int64_t)(intptr_t)first), distances);
  const __m512i step = _mm512_set1_epi64(8 * stride);
  for (int32_t i = 0; i < n; i += 8, at = _mm512_add_epi64(at, step)) _mm512_storeu_si512(places + i, at);
}

/* Takes the next `count` pixels, and divides them into tiles. */
DC_VBMI static void take_gathered_run(pixel_run *run, int32_t count, dc_cursor *c, const dc_window *w,
                                      const dc_residual *r) {
  const __m512i inputs = distances(w->inputColumnStride), outputs = distances(w->outputColumnStride);
  const __m512i residuals = distances(r ? r->columnStride : 0);
  for (int32_t p = 0; p < count;) {
    const int32_t n = dc_minimum(count - p, w->columns - c->column);
    write_places(run->input + p, n, c->input, w->inputColumnStride, inputs);
    write_places(run->output + p, n, c->output, w->outputColumnStride, outputs);
    if (r) write_places(run->residual + p, n, c->residual, r->columnStride, residuals);
    p += n, c->column += n;
    c->input += n * w->inputColumnStride, c->output += n * w->outputColumnStride;
    if (r) c->residual += n * r->columnStride;
    if (c->column < w->columns) break;
    c->column = 0;
    c->input += w->inputRowStride - w->columns * w->inputColumnStride;
    c->output += w->outputRowStride - w->columns * w->outputColumnStride;
    if (r) c->residual += r->rowStride - w->columns * r->columnStride;
  }
  run->tileCount = (count + most_tile - 1) / most_tile;
  for (int32_t t = 0; t <= run->tileCount; t++) run->tileBegin[t] = count * t / run->tileCount;
}

/* Adds the rounds of a table to the sums of four pixels. */
DC_VBMI_INLINE const uint8_t *add_rounds(int32_t n, const uint8_t *round, const __m512i here[4], const __m512i next[4],
                                         __m512i acc[4]) {
  for (; n > 0; n--, round += 128) {
    const __m512i index = _mm512_loadu_si512(round), weights = _mm512_loadu_si512(round + 64);
    UNROLLED for (int p = 0; p < 4; p++)
      acc[p] = _mm512_dpbusd_epi32(acc[p], _mm512_permutex2var_epi8(here[p], index, next[p]), weights);
  }
  return round;
}

/* The packed codes of four pixels in one group, from tables in registers. */
DC_VBMI_INLINE __m512i codes_of_resident(const int tableCount, const dc_gathered *g, int32_t group,
                                         __m512i tables[most_resident][4], const rule16 *rule, const limits16 *limits) {
  const uint8_t *rounds = g->rounds + group * tableCount, *round = g->data + g->groupOffsets[group];
  __m512i acc[4];
  UNROLLED for (int p = 0; p < 4; p++) acc[p] = _mm512_setzero_si512();
  UNROLLED for (int t = 0; t < tableCount; t++)
    round = add_rounds(rounds[t], round, tables[t], tables[t + 1 < tableCount ? t + 1 : t], acc);
  requantize_tile(4, acc, rule, limits);
  return packed_bytes(acc[0], acc[1], acc[2], acc[3]);
}

/* Where tables lie in a window. */
typedef struct table_places {
  ptrdiff_t offsets[most_resident];
  __mmask64 masks[most_resident];
} table_places;

DC_VBMI_INLINE table_places places_of_tables(const int tableCount, const dc_convolution *c) {
  const dc_gathered *g = (const dc_gathered *)c->weights;
  table_places places;
  for (int t = 0; t < tableCount; t++) {
    places.offsets[t] = c->window.segmentOffsets[g->tables[t].segment] + g->tables[t].offset;
    places.masks[t] = g->tables[t].mask;
  }
  return places;
}

/* Loads the tables of four pixels. */
DC_VBMI_INLINE void load_tables(const int tableCount, const table_places *places, const uint8_t *const *input,
                                __m512i tables[most_resident][4]) {
  UNROLLED for (int t = 0; t < tableCount; t++)
    UNROLLED for (int p = 0; p < 4; p++)
      tables[t][p] = _mm512_maskz_loadu_epi8(places->masks[t], input[p] + places->offsets[t]);
}

/* 64 outputs from six tables, such as 32 channels of two pixels, left for finish_codes(). */
DC_VBMI static __attribute__((noinline)) void resident_groups(const dc_convolution *c, pixel_run *run) {
  const dc_gathered *g = (const dc_gathered *)c->weights;
  const table_places places = places_of_tables(6, c);
  const limits16 codeLimits = code_limits_of(c);
  for (int32_t tile = 0; tile < run->tileCount; tile++)
    for (int32_t first = run->tileBegin[tile], i = 0; first < run->tileBegin[tile + 1]; first += 4, i++) {
      __m512i tables[most_resident][4];
      load_tables(6, &places, run->input + first, tables);
      for (int32_t group = 0; group < 4; group++) {
        const rule16 rule = rule16_at(&c->requantization, group * 16);
        _mm512_store_si512(run->by_place.codes[tile][i][group], codes_of_resident(6, g, group, tables, &rule, &codeLimits));
      }
    }
}

/* 32 outputs from three tables, such as 16 channels of two pixels: both groups while the tables of four pixels are in
   registers. Stores the codes where they belong, which has to be side by side, or leaves them for finish_codes(). */
DC_VBMI_INLINE void compute_resident(const int stores, const dc_convolution *c, pixel_run *run) {
  const dc_gathered *g = (const dc_gathered *)c->weights;
  const rule16 rules[2] = {rule16_at(&c->requantization, 0), rule16_at(&c->requantization, 16)};
  const limits16 codeLimits = code_limits_of(c);
  const __m512i pairs = paired_places(g->order), otherPairs = _mm512_or_si512(pairs, _mm512_set1_epi8(8));
  const byte_limits limits = byte_limits_of(c);
  const table_places places = places_of_tables(3, c);
  for (int32_t tile = 0; tile < run->tileCount; tile++)
    for (int32_t first = run->tileBegin[tile], i = 0; first < run->tileBegin[tile + 1]; first += 4, i++) {
      __m512i tables[most_resident][4];
      load_tables(3, &places, run->input + first, tables);
      const __m512i a = codes_of_resident(3, g, 0, tables, &rules[0], &codeLimits);
      const __m512i b = codes_of_resident(3, g, 1, tables, &rules[1], &codeLimits);
      if (stores) {
        store_64(0, _mm512_permutex2var_epi8(a, pairs, b), run->output[first], 0, limits, 0);
        store_64(0, _mm512_permutex2var_epi8(a, otherPairs, b), run->output[first] + 64, 0, limits, 0);
      } else {
        _mm512_store_si512(run->by_place.codes[tile][i][0], a);
        _mm512_store_si512(run->by_place.codes[tile][i][1], b);
      }
    }
}

DC_VBMI static __attribute__((noinline)) void resident_codes(const dc_convolution *c, pixel_run *run) {
  compute_resident(1, c, run);
}

DC_VBMI static __attribute__((noinline)) void resident_places(const dc_convolution *c, pixel_run *run) {
  compute_resident(0, c, run);
}

/* Whether compute_resident() can take a run, all its tiles being of 8 pixels. */
DC_VBMI_INLINE int is_resident(const dc_convolution *c, int32_t count) {
  const dc_gathered *g = (const dc_gathered *)c->weights;
  return c->window.channelEnd == 32 && g->tableCount == 3 && !g->isNarrow && count % most_tile == 0;
}

/* Whether every four pixels of a run lie side by side. */
DC_VBMI_INLINE int all_touch(const dc_convolution *c, const pixel_run *run, int32_t count) {
  int touch = columns_touch(0, c, 32);
  for (int32_t first = 0; first < count; first += 4) touch &= four_touch(0, run, first, 32);
  return touch;
}

DC_VBMI_INLINE void convolve(const dc_convolution *c, const ending ending) {
  const dc_window *w = &c->window;
  const dc_gathered *g = (const dc_gathered *)c->weights;
  const dc_residual *residual = ending == ends_in_added_codes ? &c->residual : 0;
  const int packs = ending != ends_in_values;
  pixel_run run;
  addition16 addition;
  if (ending == ends_in_added_codes) addition = addition16_of(&c->residual.rule);
  dc_cursor cursor = dc_cursor_at(w, residual, w->pixelBegin);
  for (int32_t pixel = w->pixelBegin, count; pixel < w->pixelEnd; pixel += count) {
    count = dc_minimum(most_run, w->pixelEnd - pixel);
    take_gathered_run(&run, count, &cursor, w, residual);
    if (packs && is_resident(c, count)) {
      if (ending == ends_in_codes && all_touch(c, &run, count)) {
        resident_codes(c, &run);
      } else {
        resident_places(c, &run);
        finish_codes(ending == ends_in_added_codes, c, 0, 32, &run, &addition);
      }
      continue;
    }
    if (packs && w->channelEnd == 64 && g->tableCount == 6 && !g->isNarrow && count % most_tile == 0) {
      resident_groups(c, &run);
      finish_codes(ending == ends_in_added_codes, c, 0, 64, &run, &addition);
      continue;
    }
    for (int32_t block = w->channelBegin; block < w->channelEnd; block += 64) {
      const int32_t channels = dc_minimum(64, w->channelEnd - block);
      if (packs && channels <= 16 && !g->isNarrow) {
        if (ending == ends_in_codes) direct_codes(c, block / 16, &run);
        else direct_added_codes(c, block / 16, &run, &addition);
        continue;
      }
      for (int32_t group = block / 16; group * 16 < block + channels; group++) {
        if (packs) (g->isNarrow ? narrow_codes : wide_codes)(c, group, &run);
        else (g->isNarrow ? narrow_sums : wide_sums)(c, group, &run);
      }
      if (packs) finish_codes(ending == ends_in_added_codes, c, block, channels, &run, &addition);
      else finish_sums(c, block, channels, &run);
    }
  }
}

DC_VBMI void dc_avx512vbmi_conv_u8g8u8_8x64(const dc_convolution *c) { convolve(c, ends_in_codes); }
DC_VBMI void dc_avx512vbmi_convadd_u8g8u8_8x64(const dc_convolution *c) { convolve(c, ends_in_added_codes); }
DC_VBMI void dc_avx512vbmi_conv_u8g8f32_8x64(const dc_convolution *c) { convolve(c, ends_in_values); }
#endif
