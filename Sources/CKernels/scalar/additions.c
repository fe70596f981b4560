/* Convolution that adds up codes at listed places in plain C: the twin of the kernels that do so in planes. */
#include "../shared/common.h"

/* The code at a place of the planes, for the window of one pixel. */
static int32_t code_at(const dc_window *w, const dc_added *a, const uint8_t *window, int32_t place) {
  const int32_t plane = place / a->planeByteCount, inPlane = place % a->planeByteCount;
  const int32_t channel = plane % a->channels, phase = plane / a->channels;
  const int32_t row = inPlane / a->pitch * a->rowStride + phase / a->columnStride;
  const int32_t column = inPlane % a->pitch * a->columnStride + phase % a->columnStride;
  const ptrdiff_t pixelStride = w->inputColumnStride / a->columnStride;
  return window[w->segmentOffsets[row * (w->segmentCount / a->rows)] + column * pixelStride + channel];
}

static int32_t sum_of(const dc_window *w, const dc_added *a, const uint8_t *window, int32_t output) {
  int32_t i = output ? a->ends[2 * output - 1] : 0, sum = 0;
  for (int which = 0; which < 2; which++)
    for (; i < a->ends[2 * output + which]; i++) sum += a->levels[which] * code_at(w, a, window, a->places[i]);
  return sum;
}

static void convolve(const dc_convolution *c, const dc_residual *residual) {
  const dc_window *w = &c->window;
  dc_cursor at = dc_cursor_at(w, residual, w->pixelBegin);
  for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++, dc_cursor_advance(&at, w, residual))
    for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel++) {
      const int32_t sum = sum_of(w, (const dc_added *)c->weights, at.input, channel);
      const uint8_t code = dc_requantize(&c->requantization, channel, sum);
      at.output[channel] = residual ? dc_sum_codes(&residual->rule, code, at.residual[channel]) : code;
    }
}

void dc_scalar_conv_u8a2u8_1x1(const dc_convolution *c) { convolve(c, 0); }

void dc_scalar_convadd_u8a2u8_1x1(const dc_convolution *c) { convolve(c, &c->residual); }
