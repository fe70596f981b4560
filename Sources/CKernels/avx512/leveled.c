/* AVX-512: convolution of u8 codes with weights of few levels, which vpshufb looks up in a register.

   A single pixel takes four blocks of 16 outputs, with a sum for each step of a group, as one would wait for itself; up
   to four pixels share the weights of one block. */
#if defined(__x86_64__)
#include "avx512.h"

enum { most_tile = 4, most_blocks = 4, most_steps = 4 };

/* Adds the products of the first `steps` steps of one group of 64 bytes with each block. */
DC_AVX512_INLINE void add_group(const int pixels, const int blocks, const int bits, const int steps, __m512i table,
                                const uint8_t *const *input, ptrdiff_t at, const uint8_t *data, ptrdiff_t blockStride,
                                __m512i acc[most_blocks * most_steps]) {
  const __m512i mask = _mm512_set1_epi8((1 << bits) - 1);
  UNROLLED for (int b = 0; b < blocks; b++) {
    const __m512i codes = _mm512_loadu_si512(data + b * blockStride);
    UNROLLED for (int s = 0; s < steps; s++) {
      const __m512i index = _mm512_and_si512(_mm512_srli_epi16(codes, (unsigned)(bits * s)), mask);
      const __m512i weights = _mm512_shuffle_epi8(table, index);
      UNROLLED for (int p = 0; p < pixels; p++) {
        int32_t four;
        __builtin_memcpy(&four, input[p] + at + 4 * s, 4);
        const int i = pixels == 1 ? b * most_steps + s : p;
        acc[i] = _mm512_dpbusd_epi32(acc[i], _mm512_set1_epi32(four), weights);
      }
    }
  }
}

/* The sums of `pixels` pixels with one block, or of one with `blocks`. */
DC_AVX512_INLINE void sum_tile(const int pixels, const int blocks, const int bits, const dc_window *w,
                               const dc_leveled *g, const uint8_t *const *input, const uint8_t *data,
                               ptrdiff_t blockStride, int32_t *sums) {
  const int steps = 8 / bits;
  const __m512i table = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)g->levels));
  __m512i acc[most_blocks * most_steps];
  UNROLLED for (int i = 0; i < most_blocks * most_steps; i++) acc[i] = _mm512_setzero_si512();
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    int32_t left = w->segmentLength / 4;
    for (; left >= steps; left -= steps, i += 4 * steps, data += 64)
      add_group(pixels, blocks, bits, steps, table, input, i, data, blockStride, acc);
    if (left == 0) continue;
    if (left == 1) add_group(pixels, blocks, bits, 1, table, input, i, data, blockStride, acc);
    else if (left == 2) add_group(pixels, blocks, bits, 2, table, input, i, data, blockStride, acc);
    else add_group(pixels, blocks, bits, 3, table, input, i, data, blockStride, acc);
    data += 64;
  }
  if (pixels == 1)
    UNROLLED for (int b = 0; b < blocks; b++) {
      const __m512i *four = acc + b * most_steps;
      _mm512_storeu_si512(sums + 16 * b, _mm512_add_epi32(_mm512_add_epi32(four[0], four[1]),
                                                          _mm512_add_epi32(four[2], four[3])));
    }
  else
    UNROLLED for (int p = 0; p < pixels; p++) _mm512_storeu_si512(sums + 16 * p, acc[p]);
}

typedef void (*tile_function)(const dc_window *, const dc_leveled *, const uint8_t *const *, const uint8_t *, ptrdiff_t,
                              int32_t *);
#define TILE(name, pixels, blocks, bits) \
  DC_AVX512 static void name(const dc_window *w, const dc_leveled *g, const uint8_t *const *input, \
                             const uint8_t *data, ptrdiff_t blockStride, int32_t *sums) { \
    sum_tile(pixels, blocks, bits, w, g, input, data, blockStride, sums); \
  }
TILE(single4, 1, 4, 4) TILE(tile4_1, 1, 1, 4) TILE(tile4_2, 2, 1, 4) TILE(tile4_3, 3, 1, 4) TILE(tile4_4, 4, 1, 4)
TILE(single2, 1, 4, 2) TILE(tile2_1, 1, 1, 2) TILE(tile2_2, 2, 1, 2) TILE(tile2_3, 3, 1, 2) TILE(tile2_4, 4, 1, 2)
static const tile_function tiles4[] = {single4, tile4_1, tile4_2, tile4_3, tile4_4};
static const tile_function tiles2[] = {single2, tile2_1, tile2_2, tile2_3, tile2_4};

DC_AVX512_INLINE void convolve(const int wantsCodes, const dc_convolution *c) {
  const dc_window *w = &c->window;
  const dc_leveled *g = (const dc_leveled *)c->weights;
  const tile_function *tiles = g->bits == 4 ? tiles4 : tiles2;
  const ptrdiff_t blockStride = dc_leveled_block_byte_count(w, g->bits);
  const int32_t count = w->pixelEnd - w->pixelBegin;
  int32_t sums[64];
  for (int32_t channel = w->channelBegin, blocks; channel < w->channelEnd; channel += blocks * 16) {
    blocks = count == 1 && w->channelEnd - channel > 48 ? most_blocks : 1;
    const uint8_t *data = g->data + channel / 16 * blockStride;
    dc_cursor cursor = dc_cursor_at(w, 0, w->pixelBegin);
    for (int32_t pixel = 0, n; pixel < count; pixel += n) {
      const uint8_t *input[most_tile];
      uint8_t *output[most_tile];
      n = dc_minimum(most_tile, count - pixel);
      for (int32_t p = 0; p < n; p++) {
        input[p] = cursor.input, output[p] = cursor.output;
        dc_cursor_advance(&cursor, w, 0);
      }
      tiles[blocks == most_blocks ? 0 : n](w, g, input, data, blockStride, sums);
      for (int32_t i = 0; i < n * blocks; i++)
        finish_block(wantsCodes, c, output[blocks == 1 ? i : 0], channel + (blocks == 1 ? 0 : 16 * i), sums + 16 * i);
    }
  }
}

DC_AVX512 void dc_avx512_conv_u8k4u8_4x64(const dc_convolution *c) { convolve(1, c); }
DC_AVX512 void dc_avx512_conv_u8k4f32_4x64(const dc_convolution *c) { convolve(0, c); }
#endif
