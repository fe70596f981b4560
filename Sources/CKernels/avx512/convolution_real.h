/* AVX-512: convolution of real values, a word of 32 bits at a time: one f32, or two bf16 of adjacent channels. Tiles as
   in convolution_u8s8.c; a step takes one word. The includer defines DC_REAL (attributes), MULTIPLY_ADD(value, weight,
   sum), PIXEL_WORDS (words of 16 channels) and DC_REAL_KERNEL, the function's name. Segment lengths are in words.

   Every output is one chain of fused multiply-adds in an order that the layer decides, whatever the tile: so all
   partitions give the same results. It is that of the window, but for those that slide. */
#include "avx512.h"

#define DC_REAL_INLINE DC_ALWAYS_INLINE DC_REAL

enum { most_blocks = 8 };

/* Values of a block's weights from which a single pixel takes only four blocks at a time. */
enum { longest_cached_block = 16384 };

/* Adds biases and the residual, and stores the results. */
DC_REAL_INLINE void end_tile(const int pixels, const int blocks, const dc_convolution *c, const tile_pixels *at,
                               int32_t channel, __m512 acc[most_pixels][most_blocks]) {
  const dc_window *w = &c->window;
  const __m512 lowest = _mm512_set1_ps(c->lowest), highest = _mm512_set1_ps(c->highest);
  UNROLLED for (int b = 0; b < blocks; b++) {
    int32_t first = channel + b * 16;
    __mmask16 mask = first16(w->channelEnd - first);
    __m512 biases = _mm512_maskz_loadu_ps(mask, c->biases + first);
  UNROLLED for (int p = 0; p < pixels; p++) {
      __m512 value = _mm512_add_ps(acc[p][b], biases);
      if (c->residual.input)
        value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(mask, (const float *)(const void *)at->residual[p] + first));
      value = _mm512_min_ps(_mm512_max_ps(value, lowest), highest);
      _mm512_mask_storeu_ps((float *)(void *)at->output[p] + first, mask, value);
    }
  }
}

DC_REAL_INLINE void compute_tile(const int pixels, const int blocks, const dc_convolution *c, const tile_pixels *at,
                                   const float *weights, ptrdiff_t blockStride, int32_t channel) {
  const dc_window *w = &c->window;
  __m512 acc[most_pixels][most_blocks];
  const uint8_t *input[most_pixels];
  UNROLLED for (int p = 0; p < pixels; p++) {
    input[p] = at->input[p];
    UNROLLED for (int b = 0; b < blocks; b++) acc[p][b] = _mm512_setzero_ps();
  }
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    ptrdiff_t end = i + (ptrdiff_t)w->segmentLength * 4;
    for (; i != end; i += 4, weights += 16) {
      KEEP_INDEX(i);
      __m512 weight[most_blocks];
  UNROLLED for (int b = 0; b < blocks; b++) weight[b] = _mm512_loadu_ps(weights + b * blockStride);
  UNROLLED for (int p = 0; p < pixels; p++) {
        __m512 value = _mm512_set1_ps(*(const float *)(const void *)(input[p] + i));
  UNROLLED for (int b = 0; b < blocks; b++) acc[p][b] = MULTIPLY_ADD(value, weight[b], acc[p][b]);
      }
    }
  }
  end_tile(pixels, blocks, c, at, channel, acc);
}

/* Adds the products of adjacent pixels with 16 outputs, for windows whose rows are three adjacent pixels of 16 channels.

   Each value is broadcast once for the three pixels in whose windows it lies. The order of an output's products is
   channel by channel, left to right in each, whatever the number of pixels: layers of this form take no other tile. */
DC_REAL_INLINE void compute_sliding(const int pixels, const dc_convolution *c, const tile_pixels *at,
                                      const float *weights, int32_t channel) {
  __m512 acc[most_pixels][most_blocks];
  UNROLLED for (int p = 0; p < pixels; p++) acc[p][0] = _mm512_setzero_ps();
  for (int32_t segment = 0; segment < c->window.segmentCount; segment++, weights += 2 * PIXEL_WORDS * 16) {
    const float *row = (const float *)(const void *)(at->input[0] + c->window.segmentOffsets[segment]);
    for (const float *end = row + PIXEL_WORDS; row != end; row++, weights += 16) {
      const __m512 left = _mm512_loadu_ps(weights), middle = _mm512_loadu_ps(weights + PIXEL_WORDS * 16);
      const __m512 right = _mm512_loadu_ps(weights + 2 * PIXEL_WORDS * 16);
      UNROLLED for (int p = 0; p < pixels + 2; p++) {
        const __m512 value = _mm512_set1_ps(row[p * PIXEL_WORDS]);
        if (p < pixels) acc[p][0] = MULTIPLY_ADD(value, left, acc[p][0]);
        if (p > 0 && p <= pixels) acc[p - 1][0] = MULTIPLY_ADD(value, middle, acc[p - 1][0]);
        if (p > 1) acc[p - 2][0] = MULTIPLY_ADD(value, right, acc[p - 2][0]);
      }
    }
  }
  end_tile(pixels, 1, c, at, channel, acc);
}

typedef void (*tile_function)(const dc_convolution *, const tile_pixels *, const float *, ptrdiff_t, int32_t);

#define TILE(pixels, blocks) \
  DC_REAL static void tile_##pixels##x##blocks(const dc_convolution *c, const tile_pixels *at, \
                                                 const float *weights, ptrdiff_t blockStride, int32_t channel) { \
    compute_tile(pixels, blocks, c, at, weights, blockStride, channel); \
  }
#define TILES(X, blocks) \
  X(1, blocks) X(2, blocks) X(3, blocks) X(4, blocks) X(5, blocks) X(6, blocks) \
  X(7, blocks) X(8, blocks) X(9, blocks) X(10, blocks) X(11, blocks) X(12, blocks)
TILES(TILE, 1)
TILES(TILE, 2)
TILE(1, 3) TILE(2, 3) TILE(3, 3) TILE(4, 3) TILE(5, 3) TILE(6, 3) TILE(7, 3) TILE(8, 3)
TILE(1, 4) TILE(2, 4) TILE(3, 4) TILE(4, 4) TILE(5, 4) TILE(6, 4)
TILE(1, 8) TILE(2, 8) TILE(3, 8)
#define SLIDING(pixels, blocks) \
  DC_REAL static void sliding_##pixels(const dc_convolution *c, const tile_pixels *at, const float *weights, \
                                         ptrdiff_t blockStride, int32_t channel) { \
    (void)blockStride; \
    compute_sliding(pixels, c, at, weights, channel); \
  }
TILES(SLIDING, 1)
SLIDING(13, 1) SLIDING(14, 1) SLIDING(15, 1) SLIDING(16, 1)
#define TILE_NAME(pixels, blocks) tile_##pixels##x##blocks,
#define SLIDING_NAME(pixels, blocks) sliding_##pixels,
static const tile_function slidings[] = {0,          TILES(SLIDING_NAME, 1) sliding_13, sliding_14,
                                         sliding_15, sliding_16};
static const tile_function tiles1[] = {0, TILES(TILE_NAME, 1)};
static const tile_function tiles2[] = {0, TILES(TILE_NAME, 2)};
static const tile_function tiles3[] = {0,        tile_1x3, tile_2x3, tile_3x3, tile_4x3,
                                       tile_5x3, tile_6x3, tile_7x3, tile_8x3};
static const tile_function tiles4[] = {0, tile_1x4, tile_2x4, tile_3x4, tile_4x4, tile_5x4, tile_6x4};
static const tile_function tiles8[] = {0, tile_1x8, tile_2x8, tile_3x8};

DC_REAL void DC_REAL_KERNEL(const dc_convolution *c) {
  const dc_window *w = &c->window;
  const ptrdiff_t blockStride = dc_block_byte_count(w, 1); /* in values */
  const int32_t count = w->pixelEnd - w->pixelBegin;
  const int slides = w->inputColumnStride == PIXEL_WORDS * 4 && w->segmentLength == 3 * PIXEL_WORDS;
  /* Long rows of weights come from memory: fewer streams of them arrive faster. */
  const int32_t mostBlocks = count > 3 || (count == 1 && blockStride >= longest_cached_block) ? 4 : 8;
  tile_pixels at;
  if (count <= 0) return;
  for (int32_t channel = w->channelBegin; channel < w->channelEnd;) {
    int32_t left = (w->channelEnd - channel + 15) / 16;
    int32_t blocks = slides                         ? 1
                     : mostBlocks == 8 && left >= 8 ? 8
                     : count <= 6 && left >= 4      ? 4
                     : left == 3                    ? 3
                     : left >= 2                    ? 2
                                                    : 1;
    const tile_function *functions = slides        ? slidings
                                     : blocks == 8 ? tiles8
                                     : blocks == 4 ? tiles4
                                     : blocks == 3 ? tiles3
                                     : blocks == 2 ? tiles2
                                                   : tiles1;
    int32_t most = slides ? 16 : blocks == 3 ? 8 : 12, tiles = (count + most - 1) / most;
    int32_t pixels = count / tiles, larger = count % tiles; /* so many tiles have one pixel more */
    const float *weights = (const float *)c->weights + channel / 16 * blockStride;
    dc_cursor cursor = dc_cursor_at(w, &c->residual, w->pixelBegin);
    for (int32_t n, rest = count; rest > 0; rest -= n) {
      n = pixels + (larger-- > 0);
      if (slides) n = dc_minimum(16, dc_minimum(rest, w->columns - cursor.column));
      take_pixels(&at, n, &cursor, w, &c->residual);
      functions[n](c, &at, weights, blockStride, channel);
    }
    channel += blocks * 16;
  }
}
