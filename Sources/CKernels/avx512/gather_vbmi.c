/* AVX-512 VBMI: convolution of u8 codes with sparse s8 weights.

   A round is a vpermi2b, which picks four codes for each of 16 outputs from 128 bytes of the window, and a vpdpbusd.
   Up to 8 pixels share its bytes. The window of 128 bytes slides by one table, so that an output that is done with a
   table goes ahead with the next while another is not. Groups of 16 outputs are the outer loop over up to 64 pixels,
   whose codes wait in memory until those of 64 outputs are there, and one vpermb brings them into order. */
#if defined(__x86_64__)
#include "avx512.h"

#define DC_VBMI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,fma")))
#define DC_VBMI_INLINE DC_ALWAYS_INLINE DC_VBMI

enum { most_tile = 8, most_run = 64 };

typedef enum ending { ends_in_codes, ends_in_added_codes, ends_in_values } ending;

/* Up to 64 pixels, and what 64 outputs of them came to: codes, or sums. */
typedef struct pixel_run {
  const uint8_t *input[most_run];
  uint8_t *output[most_run];
  const uint8_t *residual[most_run];
  union {
    uint8_t codes[most_run][64];
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

/* The sums of pixels first..<first + pixels of a run, left as codes or as they are. */
DC_VBMI_INLINE void compute_tile(const int pixels, const int narrow, const int wants_codes, const dc_convolution *c,
                                 int32_t group, pixel_run *run, int32_t first, rule16 rule, limits16 limits) {
  const int32_t lane = group % 4 * 16;
  __m512i acc[most_tile];
  sum_tile(pixels, narrow, &c->window, (const dc_gathered *)c->weights, group, run->input + first, acc);
  UNROLLED for (int p = 0; p < pixels; p++) {
    if (wants_codes) {
      __m128i codes = _mm512_cvtepi32_epi8(requantized(acc[p], rule, limits));
      _mm_store_si128((__m128i *)(void *)(run->by_place.codes[first + p] + lane), codes);
    } else {
      _mm512_store_si512(run->by_place.sums[first + p] + lane, acc[p]);
    }
  }
}

#define TILE(pixels) \
  case pixels: compute_tile(pixels, narrow, wants_codes, c, group, run, first, rule, limits); break;

/* One group, all pixels of a run, in tiles that are about equally large. */
DC_VBMI_INLINE void compute_group(const int narrow, const int wants_codes, const dc_convolution *c, int32_t group,
                                  pixel_run *run, int32_t count, limits16 limits) {
  const int32_t tiles = (count + most_tile - 1) / most_tile, pixels = count / tiles;
  int32_t larger = count % tiles;
  rule16 rule = {0};
  if (wants_codes) rule = rule16_at(&c->requantization, group * 16);
  for (int32_t first = 0, n; first < count; first += n) {
    n = pixels + (larger-- > 0);
    switch (n) { TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7) TILE(8) }
  }
}
#undef TILE

#define GROUP(name, narrow, wants_codes) \
  DC_VBMI static __attribute__((noinline)) void name(const dc_convolution *c, int32_t group, pixel_run *run, \
                                                     int32_t count, const limits16 *limits) { \
    compute_group(narrow, wants_codes, c, group, run, count, *limits); \
  }
GROUP(wide_codes, 0, 1)
GROUP(narrow_codes, 1, 1)
GROUP(wide_sums, 0, 0)
GROUP(narrow_sums, 1, 0)

/* 64 codes with 64 of the residual, by rules of any size. */
DC_VBMI_INLINE __m512i added64(__m512i codes, __m512i other, addition16 rule) {
  if (rule.isShort) return sum64(codes, other, rule);
  uint8_t a[64] __attribute__((aligned(64))), b[64] __attribute__((aligned(64)));
  _mm512_store_si512(a, codes), _mm512_store_si512(b, other);
  for (int i = 0; i < 64; i += 16) {
    __m512i left = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(const void *)(a + i)));
    __m512i right = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(const void *)(b + i)));
    _mm_store_si128((__m128i *)(void *)(a + i), _mm512_cvtepi32_epi8(sum_of_codes(left, right, rule)));
  }
  return _mm512_load_si512(a);
}

/* Brings what 64 outputs of a run came to into the order of channels, and stores it. */
DC_VBMI_INLINE void finish(const ending ending, const dc_convolution *c, int32_t block, int32_t channels,
                           const pixel_run *run, int32_t count, addition16 addition) {
  const uint8_t *order = ((const dc_gathered *)c->weights)->order + block;
  if (ending == ends_in_values) {
    for (int32_t p = 0; p < count; p++)
      for (int32_t o = 0; o < channels; o++) {
        const float product = (float)run->by_place.sums[p][order[o]] * c->scales[block + order[o]];
        ((float *)(void *)run->output[p])[block + o] = product + c->biases[block + order[o]];
      }
    return;
  }
  const __m512i places = _mm512_loadu_si512(order);
  const __m512i lowest = _mm512_set1_epi8((char)c->residual.rule.lowest);
  const __m512i highest = _mm512_set1_epi8((char)c->residual.rule.highest);
  const __mmask64 mask = first64(channels);
  for (int32_t p = 0; p < count; p++) {
    __m512i codes = _mm512_permutexvar_epi8(places, _mm512_load_si512(run->by_place.codes[p]));
    if (ending == ends_in_added_codes) {
      codes = added64(codes, _mm512_maskz_loadu_epi8(mask, run->residual[p] + block), addition);
      codes = _mm512_min_epu8(_mm512_max_epu8(codes, lowest), highest);
    }
    if (channels >= 64) _mm512_storeu_si512(run->output[p] + block, codes);
    else _mm512_mask_storeu_epi8(run->output[p] + block, mask, codes);
  }
}

static void take_run(pixel_run *run, int32_t count, dc_cursor *cursor, const dc_window *w, const dc_residual *r) {
  for (int32_t p = 0; p < count; p++) {
    run->input[p] = cursor->input, run->output[p] = cursor->output, run->residual[p] = cursor->residual;
    dc_cursor_advance(cursor, w, r);
  }
}

DC_VBMI_INLINE void convolve(const dc_convolution *c, const ending ending) {
  const dc_window *w = &c->window;
  const dc_gathered *g = (const dc_gathered *)c->weights;
  const dc_residual *residual = ending == ends_in_added_codes ? &c->residual : 0;
  pixel_run run;
  limits16 limits;
  addition16 addition;
  if (ending != ends_in_values)
    limits = limits16_of(c->requantization.shift, c->requantization.lowest, c->requantization.highest);
  if (ending == ends_in_added_codes) addition = addition16_of(&c->residual.rule);
  dc_cursor cursor = dc_cursor_at(w, residual, w->pixelBegin);
  for (int32_t pixel = w->pixelBegin, count; pixel < w->pixelEnd; pixel += count) {
    count = dc_minimum(most_run, w->pixelEnd - pixel);
    take_run(&run, count, &cursor, w, residual);
    for (int32_t block = w->channelBegin; block < w->channelEnd; block += 64) {
      const int32_t channels = dc_minimum(64, w->channelEnd - block);
      for (int32_t group = block / 16; group * 16 < block + channels; group++) {
        if (ending != ends_in_values) (g->isNarrow ? narrow_codes : wide_codes)(c, group, &run, count, &limits);
        else (g->isNarrow ? narrow_sums : wide_sums)(c, group, &run, count, &limits);
      }
      finish(ending, c, block, channels, &run, count, addition);
    }
  }
}

DC_VBMI void dc_avx512vbmi_conv_u8g8u8_8x64(const dc_convolution *c) { convolve(c, ends_in_codes); }
DC_VBMI void dc_avx512vbmi_convadd_u8g8u8_8x64(const dc_convolution *c) { convolve(c, ends_in_added_codes); }
DC_VBMI void dc_avx512vbmi_conv_u8g8f32_8x64(const dc_convolution *c) { convolve(c, ends_in_values); }
#endif
