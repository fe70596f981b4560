/* NEON: convolution and depthwise convolution of f32 values.

   A tile is up to 6 pixels by one block of 16 outputs, or one pixel by four blocks: 16 to 24 registers of sums. Each
   output is one chain of fused multiply-adds in the order of the window: all partitions give the same results. */
#if defined(__aarch64__)
#define DC_TARGET
#include "neon.h"

enum { most_pixels = 6, most_sums = 24 };

typedef struct tile_pixels {
  const uint8_t *input[most_pixels];
  uint8_t *output[most_pixels];
  const uint8_t *residual[most_pixels];
} tile_pixels;

DC_NEON_INLINE const float *values_at(const uint8_t *p) { return (const float *)(const void *)p; }

/* Adds biases and the residual, and stores the results. */
DC_NEON_INLINE void end_tile(const int pixels, const int quarters, const dc_convolution *c, const tile_pixels *at,
                             int32_t channel, const float32x4_t acc[most_sums]) {
  UNROLLED for (int q = 0; q < quarters; q++) {
    const int32_t first = channel + q * 4, left = c->window.channelEnd - first;
    if (left <= 0) break;
    const float32x4_t biases = vld1q_f32(c->biases + first);
    UNROLLED for (int p = 0; p < pixels; p++) {
      float32x4_t value = vaddq_f32(acc[p * quarters + q], biases);
      if (c->residual.input) value = vaddq_f32(value, load_values(values_at(at->residual[p]) + first, left));
      store_values((float *)(void *)at->output[p] + first, clamped(value, c->lowest, c->highest), left);
    }
  }
}

/* Adds the products of the value in a lane. */
#define DC_ADD_LANE(lane) \
  UNROLLED for (int q = 0; q < quarters; q++) { \
    const float32x4_t weight = vld1q_f32(weights + lane * 16 + q / 4 * blockStride + q % 4 * 4); \
    UNROLLED for (int p = 0; p < pixels; p++) \
        acc[p * quarters + q] = vfmaq_laneq_f32(acc[p * quarters + q], weight, values[p], lane); \
  }

DC_NEON_INLINE void compute_tile(const int pixels, const int blocks, const dc_convolution *c, const tile_pixels *at,
                                 const float *weights, ptrdiff_t blockStride, int32_t channel) {
  const dc_window *w = &c->window;
  const int quarters = 4 * blocks;
  float32x4_t acc[most_sums], values[most_pixels];
  const uint8_t *input[most_pixels];
  UNROLLED for (int p = 0; p < pixels; p++) input[p] = at->input[p];
  UNROLLED for (int i = 0; i < pixels * quarters; i++) acc[i] = vdupq_n_f32(0);
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    const ptrdiff_t end = i + (ptrdiff_t)w->segmentLength * 4;
    for (; end - i >= 16; i += 16, weights += 64) {
      UNROLLED for (int p = 0; p < pixels; p++) values[p] = vld1q_f32(values_at(input[p] + i));
      DC_ADD_LANE(0) DC_ADD_LANE(1) DC_ADD_LANE(2) DC_ADD_LANE(3)
    }
    for (; i != end; i += 4, weights += 16) {
      UNROLLED for (int p = 0; p < pixels; p++) values[p] = vdupq_n_f32(*values_at(input[p] + i));
      DC_ADD_LANE(0)
    }
  }
  end_tile(pixels, quarters, c, at, channel, acc);
}

typedef void (*tile_function)(const dc_convolution *, const tile_pixels *, const float *, ptrdiff_t, int32_t);

#define TILE(pixels, blocks) \
  static void tile_##pixels##x##blocks(const dc_convolution *c, const tile_pixels *at, const float *weights, \
                                       ptrdiff_t blockStride, int32_t channel) { \
    compute_tile(pixels, blocks, c, at, weights, blockStride, channel); \
  }
TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1)
TILE(1, 4)
static const tile_function tiles[] = {0, tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1};

void dc_neon_conv_f32f32f32_6x16(const dc_convolution *c) {
  const dc_window *w = &c->window;
  const ptrdiff_t blockStride = dc_block_byte_count(w, 1); /* in values */
  const int32_t count = w->pixelEnd - w->pixelBegin;
  tile_pixels at;
  if (count <= 0) return;
  const int32_t tileCount = (count + most_pixels - 1) / most_pixels;
  const int32_t pixels = count / tileCount, larger = count % tileCount; /* so many tiles have one pixel more */
  for (int32_t channel = w->channelBegin; channel < w->channelEnd;) {
    const float *weights = (const float *)c->weights + channel / 16 * blockStride;
    const int32_t blocks = count == 1 && w->channelEnd - channel > 48 ? 4 : 1;
    dc_cursor cursor = dc_cursor_at(w, &c->residual, w->pixelBegin);
    for (int32_t tile = 0; tile < tileCount; tile++) {
      const int32_t n = pixels + (tile < larger);
      for (int32_t p = 0; p < n; p++) {
        at.input[p] = cursor.input, at.output[p] = cursor.output, at.residual[p] = cursor.residual;
        dc_cursor_advance(&cursor, w, &c->residual);
      }
      (blocks == 4 ? tile_1x4 : tiles[n])(c, &at, weights, blockStride, channel);
    }
    channel += blocks * 16;
  }
}

/* 4 * quarters channels of one pixel, of which `left` exist. */
DC_NEON_INLINE void convolve_channels(const int quarters, const dc_convolution *c, dc_cursor at, int32_t channel,
                                      int32_t left) {
  const dc_window *w = &c->window;
  const float *weights = (const float *)c->weights + (ptrdiff_t)(channel & ~15) * w->segmentCount + channel % 16;
  float32x4_t sums[4];
  UNROLLED for (int q = 0; q < quarters; q++) sums[q] = vdupq_n_f32(0);
  for (int32_t tap = 0; tap < w->segmentCount; tap++) {
    const float *values = values_at(at.input + w->segmentOffsets[tap]) + channel;
    UNROLLED for (int q = 0; q < quarters; q++)
      sums[q] = vfmaq_f32(sums[q], load_values(values + 4 * q, left - 4 * q), vld1q_f32(weights + tap * 16 + 4 * q));
  }
  UNROLLED for (int q = 0; q < quarters; q++) {
    const float32x4_t sum = vaddq_f32(sums[q], load_values(c->biases + channel + 4 * q, left - 4 * q));
    store_values((float *)(void *)at.output + channel + 4 * q, clamped(sum, c->lowest, c->highest), left - 4 * q);
  }
}

void dc_neon_depthwise_f32f32f32_1x16(const dc_convolution *c) {
  const dc_window *w = &c->window;
  dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin);
  for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) {
    int32_t channel = w->channelBegin;
    for (; channel + 16 <= w->channelEnd; channel += 16) convolve_channels(4, c, at, channel, 16);
    for (; channel + 4 <= w->channelEnd; channel += 4) convolve_channels(1, c, at, channel, 4);
    if (channel < w->channelEnd) convolve_channels(1, c, at, channel, w->channelEnd - channel);
    dc_cursor_advance(&at, w, 0);
  }
}
#endif
