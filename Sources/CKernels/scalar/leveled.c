/* Convolution with weights of few levels in plain C: the twin of the kernels that unpack them in registers. */
#include "../shared/common.h"

/* Adds up the products of one window with the 16 filters of a block. */
static void sum_levels(const dc_window *w, const dc_leveled *g, const uint8_t *window, const uint8_t *data,
                       int32_t sums[16]) {
  const int32_t steps = 8 / g->bits;
  for (int32_t o = 0; o < 16; o++) sums[o] = 0;
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    const uint8_t *codes = window + w->segmentOffsets[segment];
    for (int32_t i = 0; i < w->segmentLength; i++) {
      const int32_t step = i / 4;
      const uint8_t *bytes = data + (ptrdiff_t)(step / steps) * 64 + i % 4;
      for (int32_t o = 0; o < 16; o++)
        sums[o] += codes[i] * g->levels[bytes[4 * o] >> (g->bits * (step % steps)) & ((1 << g->bits) - 1)];
    }
    data += (ptrdiff_t)(w->segmentLength / 4 + steps - 1) / steps * 64;
  }
}

/* Calls `body` for every pixel and output, with its sum. */
#define FOR_EACH_SUM(c, body) \
  const dc_window *w = &(c)->window; \
  const dc_leveled *g = (const dc_leveled *)(c)->weights; \
  for (int32_t block = w->channelBegin; block < w->channelEnd; block += 16) { \
    const uint8_t *data = g->data + block / 16 * dc_leveled_block_byte_count(w, g->bits); \
    const int32_t end = dc_minimum(block + 16, w->channelEnd); \
    dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin); \
    for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) { \
      int32_t sums[16]; \
      sum_levels(w, g, at.input, data, sums); \
      for (int32_t channel = block; channel < end; channel++) body; \
      dc_cursor_advance(&at, w, 0); \
    } \
  }

void dc_scalar_conv_u8k4u8_1x16(const dc_convolution *c) {
  FOR_EACH_SUM(c, at.output[channel] = dc_requantize(&c->requantization, channel, sums[channel - block]))
}

void dc_scalar_conv_u8k4f32_1x16(const dc_convolution *c) {
  FOR_EACH_SUM(c, {
    const float product = (float)sums[channel - block] * c->scales[channel];
    ((float *)(void *)at.output)[channel] = product + c->biases[channel];
  })
}
