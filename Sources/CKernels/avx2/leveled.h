/* Convolution of u8 codes with weights of few levels in 256 bits, which vpshufb looks up in a register: one source for
   AVX2 and AVX-VNNI.

   A tile is up to two pixels by one block of 16 outputs. The includer defines DC_TARGET, DC_NAME, DC_TILE and the products
   (see convolution_u8s8.h). */
#include "avx2.h"

enum { most_tile = 2 };

/* Adds the products of the first `steps` steps of one group of 64 bytes. */
DC_AVX2_INLINE void add_group(const int pixels, const int bits, const int steps, __m256i table,
                              const uint8_t *const *input, ptrdiff_t at, const uint8_t *data, __m256i acc[2 * most_tile]) {
  const __m256i mask = _mm256_set1_epi8((1 << bits) - 1);
  UNROLLED for (int half = 0; half < 2; half++) {
    const __m256i codes = _mm256_loadu_si256((const __m256i *)(const void *)(data + 32 * half));
    UNROLLED for (int s = 0; s < steps; s++) {
      const __m256i index = _mm256_and_si256(_mm256_srli_epi16(codes, bits * s), mask);
      const weights8 weights = weights8_of(_mm256_shuffle_epi8(table, index));
      UNROLLED for (int p = 0; p < pixels; p++) {
        int32_t four;
        __builtin_memcpy(&four, input[p] + at + 4 * s, 4);
        acc[2 * p + half] = add_products(acc[2 * p + half], codes8_of(_mm256_set1_epi32(four)), weights);
      }
    }
  }
}

/* The sums of `pixels` pixels with one block. */
DC_AVX2_INLINE void sum_tile(const int pixels, const int bits, const dc_window *w, const dc_leveled *g,
                             const uint8_t *const *input, const uint8_t *data, int32_t *sums) {
  const int steps = 8 / bits;
  const __m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)g->levels));
  __m256i acc[2 * most_tile];
  UNROLLED for (int i = 0; i < 2 * pixels; i++) acc[i] = _mm256_setzero_si256();
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    int32_t left = w->segmentLength / 4;
    for (; left >= steps; left -= steps, i += 4 * steps, data += 64)
      add_group(pixels, bits, steps, table, input, i, data, acc);
    if (left == 0) continue;
    if (left == 1) add_group(pixels, bits, 1, table, input, i, data, acc);
    else if (left == 2) add_group(pixels, bits, 2, table, input, i, data, acc);
    else add_group(pixels, bits, 3, table, input, i, data, acc);
    data += 64;
  }
  UNROLLED for (int i = 0; i < 2 * pixels; i++) _mm256_storeu_si256((__m256i *)(void *)(sums + 8 * i), acc[i]);
}

#define TILE(pixels, bits) \
  DC_TARGET static void tile##bits##_##pixels(const dc_window *w, const dc_leveled *g, const uint8_t *const *input, \
                                              const uint8_t *data, int32_t *sums) { \
    sum_tile(pixels, bits, w, g, input, data, sums); \
  }
TILE(1, 4) TILE(2, 4) TILE(1, 2) TILE(2, 2)
#undef TILE

DC_AVX2_INLINE void convolve(const int wantsCodes, const dc_convolution *c) {
  const dc_window *w = &c->window;
  const dc_leveled *g = (const dc_leveled *)c->weights;
  const ptrdiff_t blockStride = dc_leveled_block_byte_count(w, g->bits);
  int32_t sums[16 * most_tile];
  for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel += 16) {
    const uint8_t *data = g->data + channel / 16 * blockStride;
    dc_cursor cursor = dc_cursor_at(w, 0, w->pixelBegin);
    for (int32_t pixel = w->pixelBegin, n; pixel < w->pixelEnd; pixel += n) {
      const uint8_t *input[most_tile];
      uint8_t *output[most_tile];
      n = dc_minimum(most_tile, w->pixelEnd - pixel);
      for (int32_t p = 0; p < n; p++) {
        input[p] = cursor.input, output[p] = cursor.output;
        dc_cursor_advance(&cursor, w, 0);
      }
      if (n == 2) (g->bits == 4 ? tile4_2 : tile2_2)(w, g, input, data, sums);
      else (g->bits == 4 ? tile4_1 : tile2_1)(w, g, input, data, sums);
      for (int32_t p = 0; p < n; p++) finish_block(wantsCodes, c, output[p], channel, sums + 16 * p);
    }
  }
}

DC_TARGET void DC_NAME(conv, u8k4u8, DC_TILE)(const dc_convolution *c) { convolve(1, c); }
DC_TARGET void DC_NAME(conv, u8k4f32, DC_TILE)(const dc_convolution *c) { convolve(0, c); }
