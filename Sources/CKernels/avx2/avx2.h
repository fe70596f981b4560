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

/* The limits of 4 numbers of 64 bits. */
DC_AVX2_INLINE __m256i clamped4(__m256i numbers, int64_t lowest, int64_t highest) {
  const __m256i low = _mm256_set1_epi64x(lowest), high = _mm256_set1_epi64x(highest);
  numbers = _mm256_blendv_epi8(numbers, low, _mm256_cmpgt_epi64(low, numbers));
  return _mm256_blendv_epi8(numbers, high, _mm256_cmpgt_epi64(numbers, high));
}

/* Shifts 8 numbers of 64 bits and clamps them, in 32-bit lanes in their natural order. */
DC_AVX2_INLINE __m256i narrowed8(__m256i even, __m256i odd, int32_t shift, uint8_t lowest, uint8_t highest) {
  if (shift < 32) { /* what is clamped before it is shifted is not negative, and comes to the same codes */
    const int64_t low = (int64_t)lowest << shift, high = (int64_t)highest << shift;
    even = _mm256_srl_epi64(clamped4(even, low, high), _mm_cvtsi32_si128(shift));
    odd = _mm256_srl_epi64(clamped4(odd, low, high), _mm_cvtsi32_si128(shift));
    return _mm256_or_si256(even, _mm256_slli_epi64(odd, 32));
  }
  __m256i codes = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
  codes = _mm256_sra_epi32(codes, _mm_cvtsi32_si128(shift - 32));
  return _mm256_min_epi32(_mm256_max_epi32(codes, _mm256_set1_epi32(lowest)), _mm256_set1_epi32(highest));
}

/* The codes of 8 sums, in 32-bit lanes. */
DC_AVX2_INLINE __m256i requantized8(__m256i sums, const dc_requantization *q, rule8 r) {
  __m256i even = _mm256_add_epi64(_mm256_mul_epi32(sums, r.evenMultipliers), r.evenOffsets);
  __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(sums, 32), r.oddMultipliers);
  return narrowed8(even, _mm256_add_epi64(odd, r.oddOffsets), q->shift, q->lowest, q->highest);
}

/* A sum of two maps of codes, 8 at a time: vpmaddwd is both products of dc_short_sum. */
typedef struct addition8 {
  __m256i multipliers, offset;       /* of rules of 16 bits, else the high halves */
  __m256i lowMultipliers, lowOffset; /* pairs of 16 bits: A, B; then 32 bits */
  __m256i multiplierA, multiplierB;  /* 64 bits: the long way */
  __m256i wideOffset;
  __m128i shift; /* of rules of 16 bits, else less 16 */
  int32_t wideShift;
  uint8_t lowest, highest;
  int isWord, isShort;
} addition8;

DC_AVX2_INLINE addition8 addition8_of(const dc_sum_rule *r) {
  const dc_short_sum s = dc_short_sum_of(r);
  addition8 a;
  a.isWord = s.isWord, a.isShort = s.isShort;
  a.multipliers = _mm256_set1_epi32(s.isWord ? s.wordMultipliers : s.highMultipliers);
  a.offset = _mm256_set1_epi32(s.isWord ? s.wordOffset : s.highOffset);
  a.lowMultipliers = _mm256_set1_epi32(s.lowMultipliers), a.lowOffset = _mm256_set1_epi32(s.lowOffset);
  a.multiplierA = _mm256_set1_epi64x(r->multiplierA), a.multiplierB = _mm256_set1_epi64x(r->multiplierB);
  a.wideOffset = _mm256_set1_epi64x(r->offset);
  a.shift = _mm_cvtsi32_si128(s.isWord ? s.wordShift : r->shift - 16);
  a.wideShift = r->shift, a.lowest = r->lowest, a.highest = r->highest;
  return a;
}

/* Pairs of a code a and a code b, 16 bits each: sums of them, saturated when packed. Short rules only. */
DC_AVX2_INLINE __m256i sum_of_pairs(__m256i pairs, const addition8 *r) {
  __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(pairs, r->multipliers), r->offset);
  if (!r->isWord) {
    const __m256i low = _mm256_add_epi32(_mm256_madd_epi16(pairs, r->lowMultipliers), r->lowOffset);
    sum = _mm256_add_epi32(sum, _mm256_srai_epi32(low, 16));
  }
  return _mm256_sra_epi32(sum, r->shift);
}

/* The codes of 8 sums of a code a and a code b, in 32-bit lanes. */
DC_AVX2_INLINE __m256i sum_of_codes(__m256i a, __m256i b, const addition8 *r) {
  if (r->isShort) {
    const __m256i sum = sum_of_pairs(_mm256_or_si256(a, _mm256_slli_epi32(b, 16)), r);
    return _mm256_min_epi32(_mm256_max_epi32(sum, _mm256_set1_epi32(r->lowest)), _mm256_set1_epi32(r->highest));
  }
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(a, r->multiplierA), _mm256_mul_epi32(b, r->multiplierB));
  const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(a, 32), r->multiplierA),
                                       _mm256_mul_epi32(_mm256_srli_epi64(b, 32), r->multiplierB));
  return narrowed8(_mm256_add_epi64(even, r->wideOffset), _mm256_add_epi64(odd, r->wideOffset), r->wideShift, r->lowest,
                   r->highest);
}

/* 16 lanes of 32 bits as bytes, in order. */
DC_AVX2_INLINE __m128i bytes16(__m256i low, __m256i high) {
  __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
  return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

/* The sums of 16 codes each. */
DC_AVX2_INLINE __m128i sum_of_bytes(__m128i a, __m128i b, const addition8 *r) {
  const __m256i low = sum_of_codes(_mm256_cvtepu8_epi32(a), _mm256_cvtepu8_epi32(b), r);
  const __m128i aHigh = _mm_srli_si128(a, 8), bHigh = _mm_srli_si128(b, 8);
  const __m256i high = sum_of_codes(_mm256_cvtepu8_epi32(aHigh), _mm256_cvtepu8_epi32(bHigh), r);
  return bytes16(low, high);
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
  } else {
    const __m256i codes0 = requantized8(low, q, rule8_at(q, channel));
    store_bytes(output + channel, bytes16(codes0, requantized8(high, q, rule8_at(q, channel + 8))), channels);
  }
}

#endif
