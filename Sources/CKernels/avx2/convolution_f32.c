/* AVX2 and FMA: convolution and depthwise convolution of f32 values.

   A tile is up to 6 pixels by one block of 16 outputs, or one pixel by four blocks: 8 to 12 registers of sums. Each
   output is one chain of fused multiply-adds in the order of the window: all partitions give the same results. */
#if defined(__x86_64__)
#define DC_TARGET __attribute__((target("avx2,fma")))
#include "avx2.h"

enum { most_pixels = 6, most_sums = 12 };

typedef struct tile_pixels {
  const uint8_t *input[most_pixels];
  uint8_t *output[most_pixels];
  const uint8_t *residual[most_pixels];
} tile_pixels;

DC_AVX2_INLINE void compute_tile(const int pixels, const int blocks, const dc_convolution *c, const tile_pixels *at,
                                 const float *weights, ptrdiff_t blockStride, int32_t channel) {
  const dc_window *w = &c->window;
  const int halves = 2 * blocks;
  __m256 acc[most_sums];
  const uint8_t *input[most_pixels];
  UNROLLED for (int p = 0; p < pixels; p++) input[p] = at->input[p];
  UNROLLED for (int i = 0; i < pixels * halves; i++) acc[i] = _mm256_setzero_ps();
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    ptrdiff_t end = i + (ptrdiff_t)w->segmentLength * 4;
    for (; i != end; i += 4, weights += 16) {
      __m256 weight[8];
      UNROLLED for (int h = 0; h < halves; h++) weight[h] = _mm256_loadu_ps(weights + h / 2 * blockStride + h % 2 * 8);
      UNROLLED for (int p = 0; p < pixels; p++) {
        __m256 value = _mm256_set1_ps(*(const float *)(const void *)(input[p] + i));
        UNROLLED for (int h = 0; h < halves; h++)
          acc[p * halves + h] = _mm256_fmadd_ps(value, weight[h], acc[p * halves + h]);
      }
    }
  }
  const __m256 lowest = _mm256_set1_ps(c->lowest), highest = _mm256_set1_ps(c->highest);
  UNROLLED for (int h = 0; h < halves; h++) {
    int32_t first = channel + h * 8;
    __m256i mask = first8(w->channelEnd - first);
    __m256 biases = _mm256_maskload_ps(c->biases + first, mask);
    UNROLLED for (int p = 0; p < pixels; p++) {
      __m256 value = _mm256_add_ps(acc[p * halves + h], biases);
      if (c->residual.input)
        value = _mm256_add_ps(value, _mm256_maskload_ps((const float *)(const void *)at->residual[p] + first, mask));
      value = _mm256_min_ps(_mm256_max_ps(value, lowest), highest);
      _mm256_maskstore_ps((float *)(void *)at->output[p] + first, mask, value);
    }
  }
}

typedef void (*tile_function)(const dc_convolution *, const tile_pixels *, const float *, ptrdiff_t, int32_t);

#define TILE(pixels, blocks) \
  DC_TARGET static void tile_##pixels##x##blocks(const dc_convolution *c, const tile_pixels *at, const float *weights, \
                                                 ptrdiff_t blockStride, int32_t channel) { \
    compute_tile(pixels, blocks, c, at, weights, blockStride, channel); \
  }
TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1)
TILE(1, 4)
static const tile_function tiles[] = {0, tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1};

DC_TARGET void dc_avx2_conv_f32f32f32_6x16(const dc_convolution *c) {
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
      int32_t n = pixels + (tile < larger);
      for (int32_t p = 0; p < n; p++) {
        at.input[p] = cursor.input, at.output[p] = cursor.output, at.residual[p] = cursor.residual;
        dc_cursor_advance(&cursor, w, &c->residual);
      }
      (blocks == 4 ? tile_1x4 : tiles[n])(c, &at, weights, blockStride, channel);
    }
    channel += blocks * 16;
  }
}

DC_TARGET void dc_avx2_depthwise_f32f32f32_1x8(const dc_convolution *c) {
  const dc_window *w = &c->window;
  const __m256 lowest = _mm256_set1_ps(c->lowest), highest = _mm256_set1_ps(c->highest);
  dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin);
  for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) {
    for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel += 8) {
      const float *weights = (const float *)c->weights + (ptrdiff_t)(channel & ~15) * w->segmentCount + channel % 16;
      __m256i mask = first8(w->channelEnd - channel);
      __m256 sum = _mm256_setzero_ps();
      for (int32_t tap = 0; tap < w->segmentCount; tap++) {
        const float *values = (const float *)(const void *)(at.input + w->segmentOffsets[tap]) + channel;
        sum = _mm256_fmadd_ps(_mm256_maskload_ps(values, mask), _mm256_loadu_ps(weights + tap * 16), sum);
      }
      sum = _mm256_add_ps(sum, _mm256_maskload_ps(c->biases + channel, mask));
      sum = _mm256_min_ps(_mm256_max_ps(sum, lowest), highest);
      _mm256_maskstore_ps((float *)(void *)at.output + channel, mask, sum);
    }
    dc_cursor_advance(&at, w, 0);
  }
}
#endif
