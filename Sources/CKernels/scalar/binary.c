/* Convolution with weights of two levels in plain C: the twin of the kernels that count bits. */
#include "../shared/common.h"

/* Adds up the products of one window with the 16 filters of a block. */
static void sum_bits(const dc_window *w, const dc_binary *b, const uint8_t *window, const uint64_t *data,
                     int32_t sums[16]) {
  const uint64_t *mask = b->mask;
  for (int32_t o = 0; o < 16; o++) sums[o] = 0;
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    const uint8_t *codes = window + w->segmentOffsets[segment];
    for (int32_t i = 0; i < w->segmentLength; i++) {
      if (!(mask[i / 64] >> (i % 64) & 1)) continue;
      for (int32_t o = 0; o < 16; o++)
        sums[o] += codes[i] * (data[(ptrdiff_t)(i / 64) * 16 + o] >> (i % 64) & 1 ? b->high : b->low);
    }
    mask += (w->segmentLength + 63) / 64;
    data += (ptrdiff_t)(w->segmentLength + 63) / 64 * 16;
  }
}

/* Calls `body` for every pixel and output, with its sum. */
#define FOR_EACH_SUM(c, body) \
  const dc_window *w = &(c)->window; \
  const dc_binary *b = (const dc_binary *)(c)->weights; \
  for (int32_t block = w->channelBegin; block < w->channelEnd; block += 16) { \
    const uint64_t *data = b->data + (ptrdiff_t)block * b->words; \
    const int32_t end = dc_minimum(block + 16, w->channelEnd); \
    dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin); \
    for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) { \
      int32_t sums[16]; \
      sum_bits(w, b, at.input, data, sums); \
      for (int32_t channel = block; channel < end; channel++) body; \
      dc_cursor_advance(&at, w, 0); \
    } \
  }

void dc_scalar_conv_u8b1u8_1x16(const dc_convolution *c) {
  FOR_EACH_SUM(c, at.output[channel] = dc_requantize(&c->requantization, channel, sums[channel - block]))
}

void dc_scalar_conv_u8b1f32_1x16(const dc_convolution *c) {
  FOR_EACH_SUM(c, {
    const float product = (float)sums[channel - block] * c->scales[channel];
    ((float *)(void *)at.output)[channel] = product + c->biases[channel];
  })
}
