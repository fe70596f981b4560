/* AVX-512 VBMI: convolution of u8 codes with sparse s8 weights.

   Groups of 16 outputs are the outer loop over up to 64 pixels, whose codes wait in memory until those of a span of
   outputs are there; vpermb or vpermi2b brings them into order. */
#if defined(__x86_64__)
#include "gather_sums_vbmi.h"

#include "gather_endings_vbmi.h"

typedef enum ending { ends_in_codes, ends_in_added_codes, ends_in_values } ending;

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
      _mm512_store_si512(run->by_place.sums[first + p] + group * 16 % span, acc[p]);
    return;
  }
  requantize_tile(pixels, acc, rule, limits);
  UNROLLED for (int p = 0; p < pixels; p += 4) {
    const int left = pixels - p;
    const __m512i codes = packed_bytes(acc[p], left > 1 ? acc[p + 1] : acc[p], left > 2 ? acc[p + 2] : acc[p],
                                       left > 3 ? acc[p + 3] : acc[p]);
    _mm512_store_si512(run->by_place.codes[tile][p / 4][group % (span / 16)], codes);
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

/* Neighboring groups of up to four pixels, left as codes. */
DC_VBMI_INLINE void compute_four(const int groups, const int pixels, const dc_convolution *c, int32_t group,
                                 pixel_run *run, int32_t tile, int32_t first, const rule16 *rules,
                                 const limits16 *limits) {
  __m512i acc[most_groups][4];
  sum_groups(groups, pixels, &c->window, (const dc_gathered *)c->weights, group, run->input + first, acc);
  UNROLLED for (int i = 0; i < groups; i++) {
    requantize_tile(pixels, acc[i], &rules[i], limits);
    const __m512i codes = packed_bytes(acc[i][0], pixels > 1 ? acc[i][1] : acc[i][0],
                                       pixels > 2 ? acc[i][2] : acc[i][0], pixels > 3 ? acc[i][3] : acc[i][0]);
    _mm512_store_si512(run->by_place.codes[tile][(first - run->tileBegin[tile]) / 4][(group + i) % (span / 16)], codes);
  }
}

DC_VBMI_INLINE void compute_groups(const int groups, const dc_convolution *c, int32_t group, pixel_run *run) {
  rule16 rules[most_groups];
  UNROLLED for (int i = 0; i < groups; i++) rules[i] = rule16_at(&c->requantization, (group + i) * 16);
  const limits16 limits = code_limits_of(c);
  for (int32_t tile = 0; tile < run->tileCount; tile++)
    for (int32_t first = run->tileBegin[tile]; first < run->tileBegin[tile + 1]; first += 4)
      switch (dc_minimum(run->tileBegin[tile + 1] - first, 4)) {
        case 1: compute_four(groups, 1, c, group, run, tile, first, rules, &limits); break;
        case 2: compute_four(groups, 2, c, group, run, tile, first, rules, &limits); break;
        case 3: compute_four(groups, 3, c, group, run, tile, first, rules, &limits); break;
        default: compute_four(groups, 4, c, group, run, tile, first, rules, &limits); break;
      }
}

DC_VBMI static __attribute__((noinline)) void two_groups(const dc_convolution *c, int32_t group, pixel_run *run) {
  compute_groups(2, c, group, run);
}

DC_VBMI static __attribute__((noinline)) void four_groups(const dc_convolution *c, int32_t group, pixel_run *run) {
  compute_groups(4, c, group, run);
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
    for (int32_t block = w->channelBegin; block < w->channelEnd; block += span) {
      const int32_t channels = dc_minimum(span, w->channelEnd - block);
      if (packs && channels <= 16 && !g->isNarrow) {
        if (ending == ends_in_codes) direct_codes(c, block / 16, &run);
        else direct_added_codes(c, block / 16, &run, &addition);
        continue;
      }
      int32_t group = block / 16;
      if (packs && !g->isNarrow)
      {
        for (; (group + 3) * 16 < block + channels; group += 4) four_groups(c, group, &run);
        for (; (group + 1) * 16 < block + channels; group += 2) two_groups(c, group, &run);
      }
      for (; group * 16 < block + channels; group++) {
        if (packs) (g->isNarrow ? narrow_codes : wide_codes)(c, group, &run);
        else (g->isNarrow ? narrow_sums : wide_sums)(c, group, &run);
      }
      if (packs && channels > 64) finish_span(ending == ends_in_added_codes, c, block, channels, &run, &addition);
      else if (packs) finish_codes(ending == ends_in_added_codes, c, block, channels, &run, &addition);
      else finish_sums(c, block, channels, &run);
    }
  }
}

DC_VBMI void dc_avx512vbmi_conv_u8g8u8_8x64(const dc_convolution *c) { convolve(c, ends_in_codes); }
DC_VBMI void dc_avx512vbmi_convadd_u8g8u8_8x64(const dc_convolution *c) { convolve(c, ends_in_added_codes); }
DC_VBMI void dc_avx512vbmi_conv_u8g8f32_8x64(const dc_convolution *c) { convolve(c, ends_in_values); }
#endif
