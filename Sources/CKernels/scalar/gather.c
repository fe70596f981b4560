/* Convolution with sparse weights in plain C: the twin of the kernels that pick codes from tables. */
#include "../shared/common.h"

/* The code that a byte of a round picks. */
static int32_t picked(const dc_window *w, const uint8_t *window, const dc_gather_table *table, uint8_t index) {
  table += index >> 6 & 1;
  if (!(table->mask >> (index & 63) & 1)) return 0;
  return window[w->segmentOffsets[table->segment] + table->offset + (index & 63)];
}

/* Adds up the products of one window with the 16 filters of a group. */
static void sum_picked(const dc_window *w, const dc_gathered *g, int32_t group, const uint8_t *window,
                       int32_t sums[16]) {
  const uint8_t *rounds = g->rounds + (ptrdiff_t)group * g->tableCount;
  const uint8_t *round = g->data + g->groupOffsets[group];
  for (int32_t o = 0; o < 16; o++) sums[o] = 0;
  for (int32_t t = 0; t < g->tableCount; t++)
    for (int32_t r = 0; r < rounds[t]; r++, round += g->isNarrow ? 64 : 128)
      for (int32_t i = 0; i < 64; i++) {
        int32_t weight = g->isNarrow ? g->levels[round[i] >> 7] : (int8_t)round[64 + i];
        if (weight != 0) sums[i / 4] += picked(w, window, &g->tables[t], round[i]) * weight;
      }
}

/* Calls `body` for every pixel and output, with its sum, its place (for parameters) and its channel (for maps). */
#define FOR_EACH_SUM(c, body) \
  const dc_window *w = &(c)->window; \
  const dc_gathered *g = (const dc_gathered *)(c)->weights; \
  for (int32_t block = w->channelBegin; block < w->channelEnd; block += DC_GATHER_SPAN) { \
    dc_cursor at = dc_cursor_at(w, &(c)->residual, w->pixelBegin); \
    const int32_t channels = dc_minimum(DC_GATHER_SPAN, w->channelEnd - block); \
    for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) { \
      int32_t sums[DC_GATHER_SPAN]; \
      for (int32_t o = 0; o < channels; o += 16) sum_picked(w, g, (block + o) / 16, at.input, sums + o); \
      for (int32_t channel = block; channel < block + channels; channel++) { \
        const int32_t place = block + g->order[channel], sum = sums[g->order[channel]]; \
        body; \
      } \
      dc_cursor_advance(&at, w, &(c)->residual); \
    } \
  }

void dc_scalar_conv_u8g8u8_1x16(const dc_convolution *c) {
  FOR_EACH_SUM(c, at.output[channel] = dc_requantize(&c->requantization, place, sum))
}

void dc_scalar_convadd_u8g8u8_1x16(const dc_convolution *c) {
  FOR_EACH_SUM(c, {
    uint8_t code = dc_requantize(&c->requantization, place, sum);
    at.output[channel] = dc_sum_codes(&c->residual.rule, code, at.residual[channel]);
  })
}

void dc_scalar_conv_u8g8f32_1x16(const dc_convolution *c) {
  FOR_EACH_SUM(c, {
    float product = (float)sum * c->scales[place];
    ((float *)(void *)at.output)[channel] = product + c->biases[place];
  })
}
