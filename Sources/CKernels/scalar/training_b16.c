/* Portable C: bf16, two values in a word of 32 bits; products and sums in f32. */
#include "../shared/common.h"

typedef union word {
  uint32_t bits;
  float value;
} word;

/* The value in the low half, and that in the high one. */
static float low_of(uint32_t pair) { return (word){.bits = pair << 16}.value; }
static float high_of(uint32_t pair) { return (word){.bits = pair & 0xffff0000u}.value; }

static uint32_t narrowed(float x) {
  const uint32_t bits = (word){.value = x}.bits;
  if (x != x) return bits >> 16 | 0x40;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

void dc_scalar_conv_b16b16f32_1x16(const dc_convolution *c) {
  const dc_window *w = &c->window;
  for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel += 16) {
    const uint32_t *block = (const uint32_t *)c->weights + channel / 16 * dc_block_byte_count(w, 1);
    int32_t channels = dc_minimum(16, w->channelEnd - channel);
    dc_cursor at = dc_cursor_at(w, &c->residual, w->pixelBegin);
    for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) {
      const uint32_t *weights = block;
      float sums[16] = {0};
      for (int32_t segment = 0; segment < w->segmentCount; segment++) {
        const uint32_t *values = (const uint32_t *)(const void *)(at.input + w->segmentOffsets[segment]);
        for (int32_t i = 0; i < w->segmentLength; i++, weights += 16)
          for (int32_t o = 0; o < 16; o++) {
            sums[o] += high_of(values[i]) * high_of(weights[o]);
            sums[o] += low_of(values[i]) * low_of(weights[o]);
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

void dc_scalar_filtergradient_b16b16f32_1x16(const dc_filter_gradient *g) {
  const ptrdiff_t stride = (g->outputs + 15) / 16 * 16;
  for (int32_t segment = 0; segment < g->segmentCount; segment++)
    for (int32_t row = 0; row < g->rows; row++)
      for (int32_t column = 0; column < g->columns; column++) {
        const uint32_t *x = (const uint32_t *)(const void *)((const uint8_t *)g->input + g->segmentOffsets[segment] +
                                                             row * g->inputRowStride + column * g->inputColumnStride);
        const uint32_t *dy = (const uint32_t *)(const void *)((const uint8_t *)g->gradient + row * g->gradientRowStride +
                                                              column * g->gradientColumnStride);
        for (int32_t e = 0; e < g->segmentLength; e++) {
          float *sums = g->result + (segment * g->segmentLength + e) * stride;
          for (int32_t o = 0; o < g->outputs; o++) {
            sums[o] += high_of(x[e]) * high_of(dy[o]);
            sums[o] += low_of(x[e]) * low_of(dy[o]);
          }
        }
      }
}

void dc_scalar_narrow_f32b16_1x1(const dc_narrowing *n) {
  for (int32_t row = 0; row < n->rows; row++) {
    const float *first = (const float *)(const void *)((const uint8_t *)n->first + row * n->inputStride);
    const float *second =
        n->second ? (const float *)(const void *)((const uint8_t *)n->second + row * n->inputStride) : 0;
    uint8_t *result = (uint8_t *)n->result + row * n->resultStride;
    for (int32_t i = 0; i < n->count; i++) {
      if (second)
        ((uint32_t *)(void *)result)[i] = narrowed(first[i]) | narrowed(second[i]) << 16;
      else
        ((uint16_t *)(void *)result)[i] = (uint16_t)narrowed(first[i]);
    }
  }
}
