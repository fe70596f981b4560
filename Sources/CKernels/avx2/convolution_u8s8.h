/* Convolution of u8 codes with s8 weights in 256 bits: one source for AVX2 and AVX-VNNI.

   A tile is up to most_pixels output pixels by one block of 16 outputs, two registers of sums a pixel; or one pixel by
   four blocks. Rows, pixels and weights go as in avx512/convolution_u8s8.c. The includer defines DC_TARGET, DC_NAME,
   DC_TILE and DC_MOST_PIXELS, and includes its products.h, which has

     weights8, weights8_at(p)     8 outputs' weights of 4 channels, as they are multiplied
     codes8, codes8_of(v)         4 codes in every lane, as they are multiplied
     add_products(sums, codes, weights)    adds the products to 8 sums. */
#include "avx2.h"

enum { most_pixels = DC_MOST_PIXELS, most_sums = 12 };

typedef enum ending { ends_in_codes, ends_in_added_codes, ends_in_sums, ends_in_values } ending;

typedef struct tile_pixels {
  const uint8_t *input[most_pixels];
  uint8_t *output[most_pixels];
  const uint8_t *residual[most_pixels];
} tile_pixels;

/* Computes pixels x blocks x 16 sums. */
DC_AVX2_INLINE void sum_tile(const int pixels, const int blocks, const dc_window *w, const tile_pixels *at,
                             const int8_t *weights, ptrdiff_t blockStride, int32_t *sums) {
  const int halves = 2 * blocks;
  __m256i acc[most_sums];
  const uint8_t *input[most_pixels];
  UNROLLED for (int p = 0; p < pixels; p++) input[p] = at->input[p];
  UNROLLED for (int i = 0; i < pixels * halves; i++) acc[i] = _mm256_setzero_si256();
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    ptrdiff_t end = i + w->segmentLength;
    for (; i != end; i += 4, weights += 64) {
      weights8 weight[8];
      UNROLLED for (int h = 0; h < halves; h++) weight[h] = weights8_at(weights + h / 2 * blockStride + h % 2 * 32);
      UNROLLED for (int p = 0; p < pixels; p++) {
        int32_t four;
        __builtin_memcpy(&four, input[p] + i, 4);
        codes8 codes = codes8_of(_mm256_set1_epi32(four));
        UNROLLED for (int h = 0; h < halves; h++)
          acc[p * halves + h] = add_products(acc[p * halves + h], codes, weight[h]);
      }
    }
  }
  UNROLLED for (int i = 0; i < pixels * halves; i++) _mm256_store_si256((__m256i *)(void *)(sums + i * 8), acc[i]);
}

DC_AVX2_INLINE __m256i load8(const int32_t *sums) { return _mm256_load_si256((const __m256i *)(const void *)sums); }

/* Brings the sums of one block of 16 outputs to their end, `channels` of them. */
DC_AVX2_INLINE void finish(ending ending, const dc_convolution *c, const tile_pixels *at, int32_t pixels,
                           int32_t channel, int32_t channels, const int32_t *sums, const addition8 *added) {
  const dc_requantization *q = &c->requantization;
  if (ending == ends_in_sums) {
    for (int32_t p = 0; p < pixels; p++, sums += 16)
      for (int32_t o = 0; o < 16; o += 8)
        _mm256_maskstore_epi32((int *)(void *)at->output[p] + channel + o, first8(channels - o), load8(sums + o));
    return;
  }
  if (ending == ends_in_values) {
    for (int32_t p = 0; p < pixels; p++, sums += 16)
      for (int32_t o = 0; o < 16; o += 8) {
        __m256i mask = first8(channels - o);
        __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(load8(sums + o)),
                                       _mm256_maskload_ps(c->scales + channel + o, mask));
        __m256 value = _mm256_add_ps(product, _mm256_maskload_ps(c->biases + channel + o, mask));
        _mm256_maskstore_ps((float *)(void *)at->output[p] + channel + o, mask, value);
      }
    return;
  }
  const int32_t count = channels < 16 ? channels : 16;
  const rule8 lowRule = rule8_at(q, channel), highRule = rule8_at(q, channel + 8);
  for (int32_t p = 0; p < pixels; p++, sums += 16) {
    __m256i low = requantized8(load8(sums), q, lowRule), high = requantized8(load8(sums + 8), q, highRule);
    if (ending == ends_in_added_codes) {
      const __m128i others = load_bytes(at->residual[p] + channel, count);
      low = sum_of_codes(low, _mm256_cvtepu8_epi32(others), added);
      high = sum_of_codes(high, _mm256_cvtepu8_epi32(_mm_srli_si128(others, 8)), added);
    }
    store_bytes(at->output[p] + channel, bytes16(low, high), count);
  }
}

typedef void (*tile_function)(const dc_window *, const tile_pixels *, const int8_t *, ptrdiff_t, int32_t *);

#define TILE(pixels, blocks) \
  DC_TARGET static void tile_##pixels##x##blocks(const dc_window *w, const tile_pixels *at, const int8_t *weights, \
                                                 ptrdiff_t blockStride, int32_t *sums) { \
    sum_tile(pixels, blocks, w, at, weights, blockStride, sums); \
  }
TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1)
TILE(1, 4)
#if DC_MOST_PIXELS == 6
TILE(5, 1) TILE(6, 1)
static const tile_function tiles[] = {0, tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1};
#else
static const tile_function tiles[] = {0, tile_1x1, tile_2x1, tile_3x1, tile_4x1};
#endif

DC_AVX2_INLINE void convolve(const dc_convolution *c, ending ending) {
  const dc_window *w = &c->window;
  const ptrdiff_t blockStride = dc_block_byte_count(w, 1);
  const int32_t count = w->pixelEnd - w->pixelBegin;
  const dc_residual *residual = ending == ends_in_added_codes ? &c->residual : 0;
  int32_t sums[most_sums * 8] __attribute__((aligned(32)));
  tile_pixels at;
  if (count <= 0) return;
  const addition8 added = addition8_of(&c->residual.rule); /* of no meaning where nothing is added */
  const int32_t tileCount = (count + most_pixels - 1) / most_pixels;
  const int32_t pixels = count / tileCount, larger = count % tileCount; /* so many tiles have one pixel more */
  for (int32_t channel = w->channelBegin; channel < w->channelEnd;) {
    const int8_t *weights = (const int8_t *)c->weights + channel / 16 * blockStride;
    const int32_t blocks = count == 1 && w->channelEnd - channel > 48 ? 4 : 1;
    dc_cursor cursor = dc_cursor_at(w, residual, w->pixelBegin);
    for (int32_t tile = 0; tile < tileCount; tile++) {
      int32_t n = pixels + (tile < larger);
      for (int32_t p = 0; p < n; p++) {
        at.input[p] = cursor.input, at.output[p] = cursor.output, at.residual[p] = cursor.residual;
        dc_cursor_advance(&cursor, w, residual);
      }
      (blocks == 4 ? tile_1x4 : tiles[n])(w, &at, weights, blockStride, sums);
      for (int32_t b = 0; b < blocks; b++)
        finish(ending, c, &at, n, channel + b * 16, w->channelEnd - channel - b * 16, sums + b * 16, &added);
    }
    channel += blocks * 16;
  }
}

DC_TARGET void DC_NAME(conv, u8s8u8, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_codes); }
DC_TARGET void DC_NAME(convadd, u8s8u8, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_added_codes); }
DC_TARGET void DC_NAME(conv, u8s8s32, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_sums); }
DC_TARGET void DC_NAME(conv, u8s8f32, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_values); }
