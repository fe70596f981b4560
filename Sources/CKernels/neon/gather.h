/* Convolution of u8 codes with sparse s8 weights in 128 bits: one source for NEON, dot and matrix products.

   A quarter of a round picks four codes for each of 4 outputs: tbl from the 64 bytes of one table, tbx from those of
   the next, and what multiplies in the instruction set adds the products. Two tables are 8 registers: no second pixel
   fits beside them, but up to DC_MOST_GROUPS groups of 16 outputs pick from them. Groups are the outer loop over up to
   64 pixels, whose codes wait in memory until those of a span of outputs are there; tbl then brings them into the order
   of channels.

   The includer defines DC_TARGET, DC_NAME, DC_TILE, DC_MOST_GROUPS and the products (see convolution_u8s8.h). */
#include "neon.h"

enum { most_groups = DC_MOST_GROUPS, most_run = 64 };

typedef enum ending { ends_in_codes, ends_in_added_codes, ends_in_values } ending;

/* Up to 64 pixels, and what a span of outputs came to, by place. */
typedef struct pixel_run {
  dc_cursor at[most_run];
  union {
    uint8_t codes[most_run][DC_GATHER_SPAN];
    int32_t sums[most_run][DC_GATHER_SPAN];
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
DC_NEON_INLINE const uint8_t *add_rounds(const int narrow, int32_t n, const uint8_t *round, levels l, uint8x16x4_t here,
                                         uint8x16x4_t next, int32x4_t acc[4][quarter_registers]) {
  for (; n > 0; n--, round += narrow ? 64 : 128)
    UNROLLED for (int q = 0; q < 4; q++) {
      uint8x16_t index = vld1q_u8(round + 16 * q);
      const int8x16_t weights = weights_of(narrow, round, q, index, l);
      if (narrow) index = vandq_u8(index, vdupq_n_u8(127));
      const uint8x16_t other = veorq_u8(index, vdupq_n_u8(64)); /* of 0...127, those past 63 pick from the next table */
      add_products(acc[q], vqtbx4q_u8(vqtbl4q_u8(here, index), next, other), weights);
    }
  return round;
}

/* The sums of one pixel with `groups` groups from `group` on. */
DC_NEON_INLINE void sum_pixel(const int groups, const int narrow, const dc_window *w, const dc_gathered *g,
                              int32_t group, const uint8_t *input, int32x4_t sums[most_groups][4]) {
  const uint8_t *rounds = g->rounds + (ptrdiff_t)group * g->tableCount, *round[most_groups];
  const levels l = {vdupq_n_s8(g->levels[0]), vdupq_n_s8(g->levels[1])};
  const int32_t last = g->tableCount - 1;
  int32x4_t acc[most_groups][4][quarter_registers];
  UNROLLED for (int i = 0; i < groups; i++) {
    round[i] = g->data + g->groupOffsets[group + i];
    UNROLLED for (int q = 0; q < 4; q++)
      UNROLLED for (int r = 0; r < quarter_registers; r++) acc[i][q][r] = vdupq_n_s32(0);
  }
  uint8x16x4_t a = table_at(&g->tables[0], input + w->segmentOffsets[g->tables[0].segment]), b = a;
  /* Two tables at a time, so that none has to change its registers. */
  for (int32_t t = 0; t <= last; t += 2) {
    if (t < last) b = table_at(&g->tables[t + 1], input + w->segmentOffsets[g->tables[t + 1].segment]);
    UNROLLED for (int i = 0; i < groups; i++)
      round[i] = add_rounds(narrow, rounds[i * (last + 1) + t], round[i], l, a, b, acc[i]);
    if (t == last) break;
    if (t + 1 < last) a = table_at(&g->tables[t + 2], input + w->segmentOffsets[g->tables[t + 2].segment]);
    UNROLLED for (int i = 0; i < groups; i++)
      round[i] = add_rounds(narrow, rounds[i * (last + 1) + t + 1], round[i], l, b, a, acc[i]);
  }
  UNROLLED for (int i = 0; i < groups; i++)
    UNROLLED for (int q = 0; q < 4; q++) sums[i][q] = whole_sums(acc[i][q]);
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

/* So many groups of a run of `count` pixels, left as codes or as sums. */
DC_NEON_INLINE void compute_groups(const int groups, const int narrow, const int wants_codes, const dc_convolution *c,
                                   int32_t group, int32_t count, pixel_run *run) {
  const dc_gathered *g = (const dc_gathered *)c->weights;
  const dc_requantization rule = c->requantization; /* a copy, which a store cannot change */
  int32x4_t start[most_groups][4], sums[most_groups][4];
  UNROLLED for (int i = 0; i < groups; i++) start_sums(narrow, g, group + i, start[i]);
  for (int32_t p = 0; p < count; p++) {
    sum_pixel(groups, narrow, &c->window, g, group, run->at[p].input, sums);
    UNROLLED for (int i = 0; i < groups; i++) {
      const int32_t first = (group + i) * 16 % DC_GATHER_SPAN;
      UNROLLED for (int q = 0; q < 4; q++) sums[i][q] = vaddq_s32(sums[i][q], start[i][q]);
      if (wants_codes) {
        vst1q_u8(run->by_place.codes[p] + first, requantized16(sums[i], &rule, (group + i) * 16));
        continue;
      }
      UNROLLED for (int q = 0; q < 4; q++) vst1q_s32(run->by_place.sums[p] + first + 4 * q, sums[i][q]);
    }
  }
}

typedef void (*group_function)(const dc_convolution *, int32_t group, int32_t count, pixel_run *);
#define GROUPS(name, groups, narrow, wants_codes) \
  DC_TARGET static void name(const dc_convolution *c, int32_t group, int32_t count, pixel_run *run) { \
    compute_groups(groups, narrow, wants_codes, c, group, count, run); \
  }
GROUPS(wide_codes, 1, 0, 1) GROUPS(narrow_codes, 1, 1, 1) GROUPS(wide_sums, 1, 0, 0) GROUPS(narrow_sums, 1, 1, 0)
GROUPS(wide_codes2, 2, 0, 1) GROUPS(narrow_codes2, 2, 1, 1) GROUPS(wide_sums2, 2, 0, 0) GROUPS(narrow_sums2, 2, 1, 0)
#if DC_MOST_GROUPS == 4
GROUPS(wide_codes4, 4, 0, 1) GROUPS(narrow_codes4, 4, 1, 1) GROUPS(wide_sums4, 4, 0, 0) GROUPS(narrow_sums4, 4, 1, 0)
#endif
#undef GROUPS

/* By [ending in values][narrow][1, 2, 4 groups]. */
static const group_function functions[2][2][3] = {
#if DC_MOST_GROUPS == 4
    {{wide_codes, wide_codes2, wide_codes4}, {narrow_codes, narrow_codes2, narrow_codes4}},
    {{wide_sums, wide_sums2, wide_sums4}, {narrow_sums, narrow_sums2, narrow_sums4}}
#else
    {{wide_codes, wide_codes2, 0}, {narrow_codes, narrow_codes2, 0}},
    {{wide_sums, wide_sums2, 0}, {narrow_sums, narrow_sums2, 0}}
#endif
};

/* The codes at 16 places of a span. */
DC_NEON_INLINE uint8x16_t ordered_codes(const uint8_t *codes, int32_t channels, uint8x16_t places) {
  uint8x16_t ordered = vqtbl4q_u8(vld1q_u8_x4(codes), places);
  for (int32_t begin = 64; begin < channels; begin += 64) {
    places = vsubq_u8(places, vdupq_n_u8(64)); /* below 0 becomes more than there are places in 64 */
    ordered = vqtbx4q_u8(ordered, vld1q_u8_x4(codes + begin), places);
  }
  return ordered;
}

/* Stores the codes of a run in the order of channels. */
DC_NEON_INLINE void finish_codes(const int adds, const dc_convolution *c, int32_t block, int32_t channels,
                                 int32_t count, const pixel_run *run) {
  const uint8_t *order = ((const dc_gathered *)c->weights)->order + block;
  const dc_sum_rule addition = c->residual.rule; /* a copy, which a store cannot change */
  for (int32_t p = 0; p < count; p++)
    for (int32_t o = 0; o < channels; o += 16) {
      uint8x16_t codes = ordered_codes(run->by_place.codes[p], channels, vld1q_u8(order + o));
      if (adds)
        codes = sum_of_codes(codes, load_bytes(run->at[p].residual + block + o, channels - o), &addition);
      store_bytes(run->at[p].output + block + o, codes, channels - o);
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
    for (int32_t block = w->channelBegin; block < w->channelEnd; block += DC_GATHER_SPAN) {
      const int32_t channels = dc_minimum(DC_GATHER_SPAN, w->channelEnd - block);
      const group_function *compute = functions[ending == ends_in_values][g->isNarrow != 0];
      for (int32_t group = block / 16, left = (channels + 15) / 16, n; left > 0; left -= n, group += n) {
        n = left >= 4 && most_groups == 4 ? 4 : left >= 2 ? 2 : 1;
        compute[n / 2](c, group, count, &run);
      }
      if (ending == ends_in_values) finish_values(c, block, channels, count, &run);
      else finish_codes(ending == ends_in_added_codes, c, block, channels, count, &run);
    }
  }
}

DC_TARGET void DC_NAME(conv, u8g8u8, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_codes); }
DC_TARGET void DC_NAME(convadd, u8g8u8, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_added_codes); }
DC_TARGET void DC_NAME(conv, u8g8f32, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_values); }
