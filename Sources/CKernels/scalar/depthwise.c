/* Depthwise convolution in plain C: each channel has its own filter, and each segment is one tap. */
#include "../shared/common.h"

void dc_scalar_depthwise_u8s8u8_1x1(const dc_convolution *c) {
  const dc_window *w = &c->window;
  int32_t groups = (w->segmentCount + 3) / 4;
  dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin);
  for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) {
    for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel++) {
      int32_t sum = 0;
      for (int32_t tap = 0; tap < w->segmentCount; tap++)
        sum += at.input[w->segmentOffsets[tap] + channel] *
               ((const int8_t *)c->weights)[dc_depthwise_index(channel, tap, groups)];
      at.output[channel] = dc_requantize(&c->requantization, channel, sum);
    }
    dc_cursor_advance(&at, w, 0);
  }
}

void dc_scalar_depthwise_f32f32f32_1x1(const dc_convolution *c) {
  const dc_window *w = &c->window;
  dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin);
  for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) {
    for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel++) {
      ptrdiff_t at16 = (ptrdiff_t)(channel / 16) * w->segmentCount * 16 + channel % 16;
      float sum = 0;
      for (int32_t tap = 0; tap < w->segmentCount; tap++) {
        const float *values = (const float *)(const void *)(at.input + w->segmentOffsets[tap]);
        float product = values[channel] * ((const float *)c->weights)[at16 + tap * 16];
        sum += product;
      }
      ((float *)(void *)at.output)[channel] = dc_clamp(sum + c->biases[channel], c->lowest, c->highest);
    }
    dc_cursor_advance(&at, w, 0);
  }
}
