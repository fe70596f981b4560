/* Convolution of u8 codes with sparse s8 weights in 128 bits: one source for NEON, dot and matrix products.

   A quarter of a round picks four codes for each of 4 outputs: tbl from the 64 bytes of one table, tbx from those of
   the next, and what multiplies in the instruction set adds the products. DC_MOST_PIXELS pixels share the round's
   bytes. Groups of 16 outputs are the outer loop over up to 64 pixels, whose codes wait in memory until those of 64
   outputs are there; tbl then brings them into the order of channels.

   The includer defines DC_TARGET, DC_NAME, DC_TILE, DC_MOST_PIXELS and the products (see convolution_u8s8.h). */
#include "neon.h"

enum { most_tile = DC_MOST_PIXELS, most_run = 64 };

typedef enum ending { ends_in_codes, ends_in_added_codes, ends_in_values } ending;

/* Up to 64 pixels, and what 64 outputs of them came to, by place. */
typedef struct pixel_run {
  dc_cursor at[most_run];
  union {
    uint8_t codes[most_run][64];
    int32_t sums[most_run][64];
  } by_place;
} pixel_run;

/* The last `left` of 16 bytes before the end of something longer, brought to the front, zeros after. */
DC_NEON_INLINE uint8x16_t load_last(const uint8_t *end, int32_t left) {
  static const uint8_t places[32] = {0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  15,
                                     255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  return vqtbl1q_u8(vld1q_u8(end - 16), vld1q_u8(places + 16 - left));
}

/* The bytes of a table, zeros where the mask has none, as codes that are multiplied. */
DC_NEON_INLINE uint8x16x4_t table_at(const dc_gather_table *t, const uint8_t *input) {
  const int32_t length = t->mask ? 64 - __builtin_clzll(t->mask) : 0;
  uint8x16x4_t table;
  input += t->offset;
  if (length == 64) {
    UNROLLED for (int i = 0; i < 4; i++) table.val[i] = vld1q_u8(input + 16 * i);
  } else if (length < 16) {
    table.val[0] = load_bytes(input, length);
    table.val[1] = table.val[2] = table.val[3] = vdupq_n_u8(0);
  } else {
    UNROLLED for (int i = 0; i < 4; i++) {
      const int32_t left = length - 16 * i;
      table.val[i] = left >= 16 ? vld1q_u8(input + 16 * i) : left > 0 ? load_last(input + length, left) : vdupq_n_u8(0);
    }
  }
  UNROLLED for (int i = 0; i < 4; i++) table.val[i] = signed_codes(table.val[i]);
  return table;
}

/* The weights of a narrow round, or of a wide one. */
typedef struct levels {
  int8x16_t clear, set;
} levels;

DC_NEON_INLINE int8x16_t weights_of(const int narrow, const uint8_t *round, int quarter, uint8x16_t index, levels l) {
  if (!narrow) return vreinterpretq_s8_u8(vld1q_u8(round + 64 + 16 * quarter));
  return vbslq_s8(vcltzq_s8(vreinterpretq_s8_u8(index)), l.set, l.clear);
}

/* Adds n rounds that pick from two tables. */
DC_NEON_INLINE const uint8_t *add_rounds(const int pixels, const int narrow, int32_t n, const uint8_t *round, levels l,
                                         const uint8x16x4_t here[most_tile], const uint8x16x4_t next[most_tile],
                                         int32x4_t acc[most_tile][4][quarter_registers]) {
  for (; n > 0; n--, round += narrow ? 64 : 128)
    UNROLLED for (int q = 0; q < 4; q++) {
      uint8x16_t index = vld1q_u8(round + 16 * q);
      const int8x16_t weights = weights_of(narrow, round, q, index, l);
      if (narrow) index = vandq_u8(index, vdupq_n_u8(127));
      const uint8x16_t other = veorq_u8(index, vdupq_n_u8(64)); /* of 0...127, those past 63 pick from the next table */
      UNROLLED for (int p = 0; p < pixels; p++) {
        const uint8x16_t codes = vqtbx4q_u8(vqtbl4q_u8(here[p], index), next[p], other);
        add_products(acc[p][q], codes, weights);
      }
    }
  return round;
}

/* The sums of `pixels` pixels with one group. */
DC_NEON_INLINE void sum_tile(const int pixels, const int narrow, const dc_window *w, const dc_gathered *g,
                             int32_t group, const dc_cursor *at, const int32x4_t start[4],
                             int32x4_t sums[most_tile][4]) {
  const uint8_t *rounds = g->rounds + (ptrdiff_t)group * g->tableCount;
  const uint8_t *round = g->data + g->groupOffsets[group];
  const levels l = {vdupq_n_s8(g->levels[0]), vdupq_n_s8(g->levels[1])};
  int32x4_t acc[most_tile][4][quarter_registers];
  uint8x16x4_t a[most_tile], b[most_tile];
  UNROLLED for (int p = 0; p < pixels; p++) {
    UNROLLED for (int q = 0; q < 4; q++)
      UNROLLED for (int r = 0; r < quarter_registers; r++) acc[p][q][r] = vdupq_n_s32(0);
    a[p] = b[p] = table_at(&g->tables[0], at[p].input + w->segmentOffsets[g->tables[0].segment]);
  }
  /* Two tables at a time, so that none has to change its registers. */
  for (int32_t t = 0; t < g->tableCount; t += 2) {
    if (t + 1 < g->tableCount) {
      const dc_gather_table *table = &g->tables[t + 1];
      UNROLLED for (int p = 0; p < pixels; p++)
        b[p] = table_at(table, at[p].input + w->segmentOffsets[table->segment]);
    }
    round = add_rounds(pixels, narrow, rounds[t], round, l, a, b, acc);
    if (t + 1 == g->tableCount) break;
    if (t + 2 < g->tableCount) {
      const dc_gather_table *table = &g->tables[t + 2];
      UNROLLED for (int p = 0; p < pixels; p++)
        a[p] = table_at(table, at[p].input + w->segmentOffsets[table->segment]);
    }
    round = add_rounds(pixels, narrow, rounds[t + 1], round, l, b, a, acc);
  }
  UNROLLED for (int p = 0; p < pixels; p++)
    UNROLLED for (int q = 0; q < 4; q++) sums[p][q] = vaddq_s32(whole_sums(acc[p][q]), start[q]);
}

/* What the sums of a group begin with. */
DC_NEON_INLINE void start_sums(const int narrow, const dc_gathered *g, int32_t group, int32x4_t start[4]) {
  const uint8_t *rounds = g->rounds + (ptrdiff_t)group * g->tableCount;
  const uint8_t *round = g->data + g->groupOffsets[group];
  const levels l = {vdupq_n_s8(g->levels[0]), vdupq_n_s8(g->levels[1])};
  UNROLLED for (int q = 0; q < 4; q++) start[q] = vdupq_n_s32(0);
#if DC_SUMS_HAVE_START
  for (int32_t t = 0; t < g->tableCount; t++)
    for (int32_t n = rounds[t]; n > 0; n--, round += narrow ? 64 : 128)
      UNROLLED for (int q = 0; q < 4; q++)
        start[q] = add_start(start[q], weights_of(narrow, round, q, vld1q_u8(round + 16 * q), l));
#else
  (void)narrow, (void)rounds, (void)round, (void)l;
#endif
}

/* One group of a run of `count` pixels, left as codes or as sums. */
DC_NEON_INLINE void compute_group(const int narrow, const int wants_codes, const dc_convolution *c, int32_t group,
                                  int32_t count, pixel_run *run) {
  const dc_gathered *g = (const dc_gathered *)c->weights;
  const dc_requantization rule = c->requantization; /* a copy, which a store cannot change */
  int32x4_t start[4], sums[most_tile][4];
  start_sums(narrow, g, group, start);
  for (int32_t first = 0, pixels; first < count; first += pixels) {
    pixels = count - first >= most_tile ? most_tile : 1;
    if (pixels == most_tile) sum_tile(most_tile, narrow, &c->window, g, group, run->at + first, start, sums);
    else sum_tile(1, narrow, &c->window, g, group, run->at + first, start, sums);
    for (int32_t p = 0; p < pixels; p++) {
      if (wants_codes) {
        vst1q_u8(run->by_place.codes[first + p] + group % 4 * 16, requantized16(sums[p], &rule, group * 16));
        continue;
      }
      UNROLLED for (int q = 0; q < 4; q++) vst1q_s32(run->by_place.sums[first + p] + group % 4 * 16 + 4 * q, sums[p][q]);
    }
  }
}

#define GROUP(name, narrow, wants_codes) \
  DC_TARGET static __attribute__((noinline)) void name(const dc_convolution *c, int32_t group, int32_t count, \
                                                       pixel_run *run) { \
    compute_group(narrow, wants_codes, c, group, count, run); \
  }
GROUP(wide_codes, 0, 1)
GROUP(narrow_codes, 1, 1)
GROUP(wide_sums, 0, 0)
GROUP(narrow_sums, 1, 0)
#undef GROUP

/* Stores the codes of a run in the order of channels. */
DC_NEON_INLINE void finish_codes(const int adds, const dc_convolution *c, int32_t block, int32_t channels,
                                 int32_t count, const pixel_run *run) {
  const uint8_t *order = ((const dc_gathered *)c->weights)->order + block;
  const dc_sum_rule addition = c->residual.rule; /* a copy, which a store cannot change */
  for (int32_t p = 0; p < count; p++) {
    const uint8x16x4_t places = vld1q_u8_x4(run->by_place.codes[p]);
    for (int32_t o = 0; o < channels; o += 16) {
      uint8x16_t codes = vqtbl4q_u8(places, vld1q_u8(order + o));
      if (adds)
        codes = sum_of_codes(codes, load_bytes(run->at[p].residual + block + o, channels - o), &addition);
      store_bytes(run->at[p].output + block + o, codes, channels - o);
    }
  }
}

/* Stores the values of a run in the order of channels. */
DC_NEON_INLINE void finish_values(const dc_convolution *c, int32_t block, int32_t channels, int32_t count,
                                  const pixel_run *run) {
  const uint8_t *order = ((const dc_gathered *)c->weights)->order + block;
  for (int32_t p = 0; p < count; p++)
    for (int32_t o = 0; o < channels; o++) {
      const int32_t place = block + order[o];
      const float product = (float)run->by_place.sums[p][order[o]] * c->scales[place];
      ((float *)(void *)run->at[p].output)[block + o] = product + c->biases[place];
    }
}

DC_NEON_INLINE void convolve(const dc_convolution *c, const ending ending) {
  const dc_window *w = &c->window;
  const dc_gathered *g = (const dc_gathered *)c->weights;
  const dc_residual *residual = ending == ends_in_added_codes ? &c->residual : 0;
  pixel_run run;
  dc_cursor cursor = dc_cursor_at(w, residual, w->pixelBegin);
  for (int32_t pixel = w->pixelBegin, count; pixel < w->pixelEnd; pixel += count) {
    count = dc_minimum(most_run, w->pixelEnd - pixel);
    for (int32_t p = 0; p < count; p++) {
      run.at[p] = cursor;
      dc_cursor_advance(&cursor, w, residual);
    }
    for (int32_t block = w->channelBegin; block < w->channelEnd; block += 64) {
      const int32_t channels = dc_minimum(64, w->channelEnd - block);
      for (int32_t group = block / 16; group * 16 < block + channels; group++) {
        if (ending == ends_in_values) (g->isNarrow ? narrow_sums : wide_sums)(c, group, count, &run);
        else (g->isNarrow ? narrow_codes : wide_codes)(c, group, count, &run);
      }
      if (ending == ends_in_values) finish_values(c, block, channels, count, &run);
      else finish_codes(ending == ends_in_added_codes, c, block, channels, count, &run);
    }
  }
}

DC_TARGET void DC_NAME(conv, u8g8u8, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_codes); }
DC_TARGET void DC_NAME(convadd, u8g8u8, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_added_codes); }
DC_TARGET void DC_NAME(conv, u8g8f32, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_values); }
