/* AVX-512 VNNI: convolution of u8 codes with s8 weights.

   A tile is up to 12 output pixels by 1 or 2 blocks of 16 outputs (or 1 to 3 pixels by 4 or 8 blocks), its sums all in
   registers. A step takes 4 input channels: one load of 64 weights a block, one broadcast of 4 codes a pixel, and a
   vpdpbusd for each pair. Pixels have a pointer each, so a tile goes on from one row to the next: small maps fill their
   tiles. Weights are read in order; blocks are the outer loop, so that theirs stay in the cache. */
#if defined(__x86_64__)
#include "avx512.h"

enum { most_pixels = 12, most_blocks = 8 };

/* What becomes of the sums. */
typedef enum ending { ends_in_codes, ends_in_added_codes, ends_in_sums, ends_in_values } ending;

/* Pixels of one tile. */
typedef struct tile_pixels {
  const uint8_t *input[most_pixels];
  uint8_t *output[most_pixels];
  const uint8_t *residual[most_pixels];
} tile_pixels;

/* Computes pixels x blocks x 16 sums: sums[(pixel * blocks + block) * 16 + output]. */
DC_AVX512_INLINE void sum_tile(const int pixels, const int blocks, const dc_window *w, const tile_pixels *at,
                               const int8_t *weights, ptrdiff_t blockStride, int32_t *sums) {
  __m512i acc[most_pixels][most_blocks];
  const uint8_t *input[most_pixels];
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++) {
    input[p] = at->input[p];
#pragma clang loop unroll(full)
    for (int b = 0; b < blocks; b++) acc[p][b] = _mm512_setzero_si512();
  }
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    ptrdiff_t end = i + w->segmentLength;
    for (; i != end; i += 4, weights += 64) {
      __m512i weight[most_blocks];
#pragma clang loop unroll(full)
      for (int b = 0; b < blocks; b++) weight[b] = _mm512_loadu_si512(weights + b * blockStride);
#pragma clang loop unroll(full)
      for (int p = 0; p < pixels; p++) {
        int32_t four;
        __builtin_memcpy(&four, input[p] + i, 4);
        __m512i codes = _mm512_set1_epi32(four);
#pragma clang loop unroll(full)
        for (int b = 0; b < blocks; b++) acc[p][b] = _mm512_dpbusd_epi32(acc[p][b], codes, weight[b]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++)
#pragma clang loop unroll(full)
    for (int b = 0; b < blocks; b++) _mm512_store_si512(sums + (p * blocks + b) * 16, acc[p][b]);
}

typedef void (*tile_function)(const dc_window *, const tile_pixels *, const int8_t *, ptrdiff_t, int32_t *);

#define TILE(pixels, blocks) \
  DC_AVX512 static void tile_##pixels##x##blocks(const dc_window *w, const tile_pixels *at, const int8_t *weights, \
                                                 ptrdiff_t blockStride, int32_t *sums) { \
    sum_tile(pixels, blocks, w, at, weights, blockStride, sums); \
  }
#define TILES(X, blocks) \
  X(1, blocks) X(2, blocks) X(3, blocks) X(4, blocks) X(5, blocks) X(6, blocks) \
  X(7, blocks) X(8, blocks) X(9, blocks) X(10, blocks) X(11, blocks) X(12, blocks)
TILES(TILE, 1)
TILES(TILE, 2)
TILE(1, 4) TILE(2, 4) TILE(3, 4) TILE(4, 4) TILE(5, 4) TILE(6, 4)
TILE(1, 8) TILE(2, 8) TILE(3, 8)
#define TILE_NAME(pixels, blocks) tile_##pixels##x##blocks,
static const tile_function tiles1[] = {0, TILES(TILE_NAME, 1)};
static const tile_function tiles2[] = {0, TILES(TILE_NAME, 2)};
static const tile_function tiles4[] = {0, tile_1x4, tile_2x4, tile_3x4, tile_4x4, tile_5x4, tile_6x4};
static const tile_function tiles8[] = {0, tile_1x8, tile_2x8, tile_3x8};

/* Brings the sums of one block of 16 outputs to their end, `channels` of them. */
DC_AVX512_INLINE void finish(ending ending, const dc_convolution *c, const tile_pixels *at, int32_t pixels,
                             int32_t channel, int32_t channels, const int32_t *sums, ptrdiff_t sumStride) {
  __mmask16 mask = first16(channels);
  if (ending == ends_in_sums) {
    for (int32_t p = 0; p < pixels; p++)
      _mm512_mask_storeu_epi32(at->output[p] + channel * 4, mask, _mm512_load_si512(sums + p * sumStride));
    return;
  }
  if (ending == ends_in_values) {
    __m512 scales = _mm512_maskz_loadu_ps(mask, c->scales + channel);
    __m512 biases = _mm512_maskz_loadu_ps(mask, c->biases + channel);
    for (int32_t p = 0; p < pixels; p++) {
      __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_load_si512(sums + p * sumStride)), scales);
      _mm512_mask_storeu_ps(at->output[p] + channel * 4, mask, _mm512_add_ps(product, biases));
    }
    return;
  }
  rule16 rule = rule16_at(&c->requantization, channel);
  limits16 limits = limits16_of(c->requantization.shift, c->requantization.lowest, c->requantization.highest);
  addition16 addition;
  if (ending == ends_in_added_codes) addition = addition16_of(&c->residual.rule);
  for (int32_t p = 0; p < pixels; p++) {
    __m512i codes = requantized(_mm512_load_si512(sums + p * sumStride), rule, limits);
    if (ending == ends_in_added_codes) {
      __m128i other = _mm_maskz_loadu_epi8(mask, at->residual[p] + channel);
      codes = sum_of_codes(codes, _mm512_cvtepu8_epi32(other), addition);
    }
    __m128i bytes = _mm512_cvtepi32_epi8(codes);
    if (mask == 0xffff) _mm_storeu_si128((__m128i *)(void *)(at->output[p] + channel), bytes);
    else _mm_mask_storeu_epi8(at->output[p] + channel, mask, bytes);
  }
}

DC_AVX512_INLINE void convolve(const dc_convolution *c, ending ending) {
  const dc_window *w = &c->window;
  const ptrdiff_t blockStride = dc_block_byte_count(w, 1);
  const int32_t count = w->pixelEnd - w->pixelBegin;
  const dc_residual *residual = ending == ends_in_added_codes ? &c->residual : 0;
  int32_t sums[most_pixels * 2 * 16] __attribute__((aligned(64)));
  tile_pixels at;
  if (count <= 0) return;
  for (int32_t channel = w->channelBegin; channel < w->channelEnd;) {
    int32_t left = (w->channelEnd - channel + 15) / 16;
    int32_t blocks = count <= 3 && left >= 8 ? 8 : count <= 6 && left >= 4 ? 4 : left >= 2 ? 2 : 1;
    const tile_function *functions = blocks == 8 ? tiles8 : blocks == 4 ? tiles4 : blocks == 2 ? tiles2 : tiles1;
    int32_t tiles = (count + most_pixels - 1) / most_pixels;
    int32_t pixels = count / tiles, larger = count % tiles; /* so many tiles have one pixel more */
    const int8_t *weights = (const int8_t *)c->weights + channel / 16 * blockStride;
    dc_cursor cursor = dc_cursor_at(w, residual, w->pixelBegin);
    for (int32_t tile = 0; tile < tiles; tile++) {
      int32_t n = pixels + (tile < larger);
      for (int32_t p = 0; p < n; p++) {
        at.input[p] = cursor.input, at.output[p] = cursor.output, at.residual[p] = cursor.residual;
        dc_cursor_advance(&cursor, w, residual);
      }
      functions[n](w, &at, weights, blockStride, sums);
      for (int32_t b = 0; b < blocks; b++)
        finish(ending, c, &at, n, channel + b * 16, w->channelEnd - channel - b * 16, sums + b * 16, blocks * 16);
    }
    channel += blocks * 16;
  }
}

DC_AVX512 void dc_avx512_conv_u8s8u8_12x32(const dc_convolution *c) { convolve(c, ends_in_codes); }
DC_AVX512 void dc_avx512_convadd_u8s8u8_12x32(const dc_convolution *c) { convolve(c, ends_in_added_codes); }
DC_AVX512 void dc_avx512_conv_u8s8s32_12x32(const dc_convolution *c) { convolve(c, ends_in_sums); }
DC_AVX512 void dc_avx512_conv_u8s8f32_12x32(const dc_convolution *c) { convolve(c, ends_in_values); }
#endif
