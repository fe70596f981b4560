/* AVX-512 with BF16: the gradient of filters over pairs of pixels, and the making of bf16 values. */
#if defined(__x86_64__)
#include "avx512bf16.h"

#include "../shared/common.h"

#define UNROLLED _Pragma("clang loop unroll(full)")

enum { tile = 16 };

/* Sums for `elements` elements of a segment and 16 or 32 outputs. */
DC_ALWAYS_INLINE DC_AVX512BF16 void add_products(const int elements, const int blocks, const dc_filter_gradient *g,
                                                 const uint8_t *input, const uint8_t *gradient, float *result,
                                                 ptrdiff_t resultStride, __mmask16 last) {
  __m512 sums[tile][2];
  UNROLLED for (int e = 0; e < elements; e++)
    UNROLLED for (int b = 0; b < blocks; b++) sums[e][b] = _mm512_loadu_ps(result + e * resultStride + b * 16);
  for (int32_t row = 0; row < g->rows; row++) {
    const uint8_t *x = input + row * g->inputRowStride, *dy = gradient + row * g->gradientRowStride;
    for (int32_t column = 0; column < g->columns; column++) {
      __m512 upstream[2];
      UNROLLED for (int b = 0; b < blocks; b++)
        upstream[b] = _mm512_maskz_loadu_ps(b == blocks - 1 ? last : 0xffff, dy + b * 64);
      UNROLLED for (int e = 0; e < elements; e++) {
        const __m512 value = _mm512_set1_ps(((const float *)(const void *)x)[e]);
        UNROLLED for (int b = 0; b < blocks; b++) sums[e][b] = DC_ADD_PAIR(value, upstream[b], sums[e][b]);
      }
      x += g->inputColumnStride, dy += g->gradientColumnStride;
    }
  }
  UNROLLED for (int e = 0; e < elements; e++)
    UNROLLED for (int b = 0; b < blocks; b++) _mm512_storeu_ps(result + e * resultStride + b * 16, sums[e][b]);
}

#define TILE(elements, blocks) \
  DC_AVX512BF16 static void add_##elements##x##blocks(const dc_filter_gradient *g, const uint8_t *input, \
                                                      const uint8_t *gradient, float *result, ptrdiff_t stride, \
                                                      __mmask16 last) { \
    add_products(elements, blocks, g, input, gradient, result, stride, last); \
  }
TILE(16, 1) TILE(12, 2) TILE(8, 2) TILE(4, 1) TILE(4, 2) TILE(1, 1) TILE(1, 2)

DC_AVX512BF16 void dc_avx512bf16_filtergradient_b16b16f32_12x32(const dc_filter_gradient *g) {
  const ptrdiff_t stride = (g->outputs + 15) / 16 * 16;
  for (int32_t segment = 0; segment < g->segmentCount; segment++) {
    const uint8_t *input = (const uint8_t *)g->input + g->segmentOffsets[segment];
    float *result = g->result + segment * g->segmentLength * stride;
    for (int32_t output = 0; output < g->outputs;) {
      const uint8_t *gradient = (const uint8_t *)g->gradient + output * 4;
      const int32_t left = g->outputs - output, e = g->segmentLength;
      const int isWide = left > 16;
      const int32_t width = isWide ? dc_minimum(left, 32) : left;
      const __mmask16 last = (__mmask16)(0xffffu >> (16 - (width - (isWide ? 16 : 0))));
      int32_t i = 0;
      if (isWide) {
        for (; i + 12 <= e; i += 12) add_12x2(g, input + i * 4, gradient, result + i * stride + output, stride, last);
        for (; i + 8 <= e; i += 8) add_8x2(g, input + i * 4, gradient, result + i * stride + output, stride, last);
        for (; i + 4 <= e; i += 4) add_4x2(g, input + i * 4, gradient, result + i * stride + output, stride, last);
        for (; i < e; i++) add_1x2(g, input + i * 4, gradient, result + i * stride + output, stride, last);
      } else {
        for (; i + 16 <= e; i += 16) add_16x1(g, input + i * 4, gradient, result + i * stride + output, stride, last);
        for (; i + 4 <= e; i += 4) add_4x1(g, input + i * 4, gradient, result + i * stride + output, stride, last);
        for (; i < e; i++) add_1x1(g, input + i * 4, gradient, result + i * stride + output, stride, last);
      }
      output += isWide ? 32 : 16;
    }
  }
}

/* Two rows of values, each of the first beside its partner of the second. */
DC_ALWAYS_INLINE DC_AVX512BF16 __m512i paired(__m512 first, __m512 second) {
  const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(first));
  return _mm512_or_si512(low, _mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(second)), 16));
}

DC_AVX512BF16 void dc_avx512bf16_narrow_f32b16_1x16(const dc_narrowing *n) {
  for (int32_t row = 0; row < n->rows; row++) {
    const float *first = (const float *)(const void *)((const uint8_t *)n->first + row * n->inputStride);
    const float *second =
        n->second ? (const float *)(const void *)((const uint8_t *)n->second + row * n->inputStride) : 0;
    uint8_t *result = (uint8_t *)n->result + row * n->resultStride;
    int32_t i = 0;
    // Whole vectors need no masks made for them, which took two thirds of the time.
    for (; second && i + 16 <= n->count; i += 16)
      _mm512_storeu_si512(result + i * 4, paired(_mm512_loadu_ps(first + i), _mm512_loadu_ps(second + i)));
    for (; !second && i + 32 <= n->count; i += 32) {
      const __m512 low = _mm512_loadu_ps(first + i), high = _mm512_loadu_ps(first + i + 16);
      _mm512_storeu_si512(result + i * 2, (__m512i)_mm512_cvtne2ps_pbh(high, low));
    }
    for (; i < n->count; i += 16) {
      const __mmask16 mask = (__mmask16)(n->count - i >= 16 ? 0xffff : (1u << (n->count - i)) - 1);
      const __m512 own = _mm512_maskz_loadu_ps(mask, first + i);
      if (second) {
        _mm512_mask_storeu_epi32(result + i * 4, mask, paired(own, _mm512_maskz_loadu_ps(mask, second + i)));
      } else {
        _mm256_mask_storeu_epi16(result + i * 2, mask, (__m256i)_mm512_cvtneps_pbh(own));
      }
    }
  }
}
#endif
