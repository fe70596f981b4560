/* What the AVX2 and AVX-VNNI kernels share: partial loads and stores, and requantization of 8 sums at a time.
   The includer defines DC_TARGET. */
#ifndef DC_AVX2_H
#define DC_AVX2_H

#include "../shared/common.h"

#include <immintrin.h>

#define UNROLLED _Pragma("clang loop unroll(full)")
#define DC_AVX2_INLINE DC_ALWAYS_INLINE DC_TARGET

/* A mask of the first n of 8 lanes of 32 bits. */
DC_AVX2_INLINE __m256i first8(int32_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* Multipliers and offsets of 8 channels; those at even and at odd places apart, as 64-bit products come. */
typedef struct rule8 {
  __m256i evenMultipliers, oddMultipliers, evenOffsets, oddOffsets;
} rule8;

DC_AVX2_INLINE rule8 rule8_at(const dc_requantization *q, int32_t channel) {
  __m256i multipliers = _mm256_loadu_si256((const __m256i *)(const void *)(q->multipliers + channel));
  __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)(q->offsets + channel));
  __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(q->offsets + channel + 4));
  rule8 r;
  r.evenMultipliers = multipliers;
  r.oddMultipliers = _mm256_srli_epi64(multipliers, 32);
  r.evenOffsets = _mm256_permute4x64_epi64(_mm256_unpacklo_epi64(low, high), 0xd8); /* 0 4 2 6 to 0 2 4 6 */
  r.oddOffsets = _mm256_permute4x64_epi64(_mm256_unpackhi_epi64(low, high), 0xd8);
  return r;
}

/* Shifts 8 numbers of 64 bits by 32 or more and clamps them, in 32-bit lanes in their natural order. */
DC_AVX2_INLINE __m256i narrowed8(__m256i even, __m256i odd, int32_t shift, uint8_t lowest, uint8_t highest) {
  __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
  high = _mm256_sra_epi32(high, _mm_cvtsi32_si128(shift - 32));
  return _mm256_min_epi32(_mm256_max_epi32(high, _mm256_set1_epi32(lowest)), _mm256_set1_epi32(highest));
}

/* The codes of 8 sums, in 32-bit lanes; the shift is 32 or more. */
DC_AVX2_INLINE __m256i requantized8(__m256i sums, const dc_requantization *q, rule8 r) {
  __m256i even = _mm256_add_epi64(_mm256_mul_epi32(sums, r.evenMultipliers), r.evenOffsets);
  __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(sums, 32), r.oddMultipliers);
  return narrowed8(even, _mm256_add_epi64(odd, r.oddOffsets), q->shift, q->lowest, q->highest);
}

/* 16 lanes of 32 bits as bytes, in order. */
DC_AVX2_INLINE __m128i bytes16(__m256i low, __m256i high) {
  __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
  return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

/* Stores the first n of 16 bytes. */
DC_AVX2_INLINE void store_bytes(uint8_t *output, __m128i bytes, int32_t n) {
  if (n >= 16) {
    _mm_storeu_si128((__m128i *)(void *)output, bytes);
    return;
  }
  if (n == 8) {
    _mm_storel_epi64((__m128i *)(void *)output, bytes);
    return;
  }
  uint8_t all[16];
  _mm_storeu_si128((__m128i *)(void *)all, bytes);
  __builtin_memcpy(output, all, (size_t)n);
}

/* Loads the first n of 16 bytes, zeros after. */
DC_AVX2_INLINE __m128i load_bytes(const uint8_t *input, int32_t n) {
  if (n >= 16) return _mm_loadu_si128((const __m128i *)(const void *)input);
  if (n == 8) return _mm_loadl_epi64((const __m128i *)(const void *)input);
  uint8_t all[16] = {0};
  __builtin_memcpy(all, input, (size_t)n);
  return _mm_loadu_si128((const __m128i *)(const void *)all);
}

/* Brings the sums of one pixel and block to their end. */
DC_AVX2_INLINE void finish_block(const int wantsCodes, const dc_convolution *c, uint8_t *output, int32_t channel,
                                 const int32_t *sums) {
  const dc_requantization *q = &c->requantization;
  const int32_t channels = dc_minimum(16, c->window.channelEnd - channel);
  const __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)sums);
  const __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(sums + 8));
  if (!wantsCodes) {
    UNROLLED for (int half = 0; half < 2; half++) {
      const int32_t first = channel + 8 * half;
      const __m256i mask = first8(c->window.channelEnd - first);
      const __m256 sum = _mm256_cvtepi32_ps(half ? high : low);
      const __m256 product = _mm256_mul_ps(sum, _mm256_maskload_ps(c->scales + first, mask));
      const __m256 value = _mm256_add_ps(product, _mm256_maskload_ps(c->biases + first, mask));
      _mm256_maskstore_ps((float *)(void *)output + first, mask, value);
    }
  } else if (q->shift >= 32) {
    const __m256i codes0 = requantized8(low, q, rule8_at(q, channel));
    store_bytes(output + channel, bytes16(codes0, requantized8(high, q, rule8_at(q, channel + 8))), channels);
  } else {
    for (int32_t o = 0; o < channels; o++) output[channel + o] = dc_requantize(q, channel + o, sums[o]);
  }
}

#endif
