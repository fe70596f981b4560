/* Convolution in plain C: one pixel, 16 outputs at a time. The twin of every conv kernel. */
#include "../shared/common.h"

/* Adds up the products of one window with the 16 filters of a block: packed weights [segment][length / 4][16][4]. */
static void sum_codes(const dc_window *w, const uint8_t *window, const int8_t *weights, int32_t sums[16]) {
  for (int32_t o = 0; o < 16; o++) sums[o] = 0;
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    const uint8_t *codes = window + w->segmentOffsets[segment];
    for (int32_t i = 0; i < w->segmentLength; i += 4, weights += 64)
      for (int32_t o = 0; o < 16; o++)
        for (int32_t k = 0; k < 4; k++) sums[o] += codes[i + k] * weights[o * 4 + k];
  }
}

/* Calls `body` for every pixel and block, with its sums, its output and how many of the 16 channels there are. */
#define FOR_EACH_SUM(c, body) \
  for (int32_t channel = (c)->window.channelBegin; channel < (c)->window.channelEnd; channel += 16) { \
    const int8_t *weights = (const int8_t *)(c)->weights + channel / 16 * dc_block_byte_count(&(c)->window, 1); \
    int32_t channels = dc_minimum(16, (c)->window.channelEnd - channel); \
    dc_cursor at = dc_cursor_at(&(c)->window, &(c)->residual, (c)->window.pixelBegin); \
    for (int32_t pixel = (c)->window.pixelBegin; pixel < (c)->window.pixelEnd; pixel++) { \
      int32_t sums[16]; \
      sum_codes(&(c)->window, at.input, weights, sums); \
      for (int32_t o = 0; o < channels; o++) body; \
      dc_cursor_advance(&at, &(c)->window, &(c)->residual); \
    } \
  }

void dc_scalar_conv_u8s8u8_1x16(const dc_convolution *c) {
  FOR_EACH_SUM(c, at.output[channel + o] = dc_requantize(&c->requantization, channel + o, sums[o]))
}

void dc_scalar_convadd_u8s8u8_1x16(const dc_convolution *c) {
  FOR_EACH_SUM(c, {
    uint8_t code = dc_requantize(&c->requantization, channel + o, sums[o]);
    at.output[channel + o] = dc_sum_codes(&c->residual.rule, code, at.residual[channel + o]);
  })
}

void dc_scalar_conv_u8s8s32_1x16(const dc_convolution *c) {
  FOR_EACH_SUM(c, ((int32_t *)(void *)at.output)[channel + o] = sums[o])
}

void dc_scalar_conv_u8s8f32_1x16(const dc_convolution *c) {
  FOR_EACH_SUM(c, {
    float product = (float)sums[o] * c->scales[channel + o];
    ((float *)(void *)at.output)[channel + o] = product + c->biases[channel + o];
  })
}

void dc_scalar_conv_f32f32f32_1x16(const dc_convolution *c) {
  const dc_window *w = &c->window;
  for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel += 16) {
    const float *block = (const float *)c->weights + channel / 16 * dc_block_byte_count(w, 1);
    int32_t channels = dc_minimum(16, w->channelEnd - channel);
    dc_cursor at = dc_cursor_at(w, &c->residual, w->pixelBegin);
    for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) {
      const float *weights = block;
      float sums[16] = {0};
      for (int32_t segment = 0; segment < w->segmentCount; segment++) {
        const float *values = (const float *)(const void *)(at.input + w->segmentOffsets[segment]);
        for (int32_t i = 0; i < w->segmentLength; i++, weights += 16)
          for (int32_t o = 0; o < 16; o++) {
            float product = values[i] * weights[o];
            sums[o] += product;
          }
      }
      for (int32_t o = 0; o < channels; o++) {
        float value = sums[o] + c->biases[channel + o];
        if (at.residual) value += ((const float *)(const void *)at.residual)[channel + o];
        ((float *)(void *)at.output)[channel + o] = dc_clamp(value, c->lowest, c->highest);
      }
      dc_cursor_advance(&at, w, &c->residual);
    }
  }
}
