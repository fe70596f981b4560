/* What the AVX-512 kernels share: masks, and requantization of 16 sums at a time. */
#ifndef DC_AVX512_H
#define DC_AVX512_H

#include "../shared/common.h"

#include <immintrin.h>

#define DC_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma")))
#define DC_AVX512_INLINE DC_ALWAYS_INLINE DC_AVX512

/* The first n of 16 lanes; all for n >= 16. */
DC_AVX512_INLINE __mmask16 first16(int32_t n) { return n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1); }

/* The first n of 64 bytes. */
DC_AVX512_INLINE __mmask64 first64(int32_t n) { return n >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << n) - 1; }

/* Multipliers and offsets of 16 channels; those at even and at odd places apart, as 64-bit products come. */
typedef struct rule16 {
  __m512i evenMultipliers, oddMultipliers; /* low halves of 64 bits */
  __m512i evenOffsets, oddOffsets;
} rule16;

DC_AVX512_INLINE rule16 rule16_of(__m512i multipliers, __m512i offsets07, __m512i offsets8f) {
  const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
  rule16 r;
  r.evenMultipliers = multipliers;
  r.oddMultipliers = _mm512_srli_epi64(multipliers, 32);
  r.evenOffsets = _mm512_permutex2var_epi64(offsets07, even, offsets8f);
  r.oddOffsets = _mm512_permutex2var_epi64(offsets07, odd, offsets8f);
  return r;
}

/* The rule of channels channel..<channel + 16. */
DC_AVX512_INLINE rule16 rule16_at(const dc_requantization *q, int32_t channel) {
  return rule16_of(_mm512_loadu_si512(q->multipliers + channel), _mm512_loadu_si512(q->offsets + channel),
                   _mm512_loadu_si512(q->offsets + channel + 8));
}

/* Limits and shift, the same for all channels. */
typedef struct limits16 {
  __m512i lowest, highest;     /* 32-bit lanes */
  __m512i lowest64, highest64; /* 64-bit lanes */
  __m128i shift, shiftHigh;    /* shift, and shift - 32 */
  int wide;                    /* shift >= 32: the low halves of products are not needed */
} limits16;

DC_AVX512_INLINE limits16 limits16_of(int32_t shift, uint8_t lowest, uint8_t highest) {
  limits16 l;
  l.lowest = _mm512_set1_epi32(lowest), l.highest = _mm512_set1_epi32(highest);
  l.lowest64 = _mm512_set1_epi64(lowest), l.highest64 = _mm512_set1_epi64(highest);
  l.shift = _mm_cvtsi32_si128(shift), l.shiftHigh = _mm_cvtsi32_si128(shift - 32);
  l.wide = shift >= 32;
  return l;
}

/* Shifts and clamps 16 numbers of 64 bits to codes, in 32-bit lanes in their natural order. */
DC_AVX512_INLINE __m512i narrowed(__m512i even, __m512i odd, limits16 l) {
  if (l.wide) {
    /* The high halves: those at odd places stand right already. */
    __m512i high = _mm512_mask_shuffle_epi32(odd, 0x5555, even, 0xf5);
    high = _mm512_sra_epi32(high, l.shiftHigh);
    return _mm512_min_epi32(_mm512_max_epi32(high, l.lowest), l.highest);
  }
  even = _mm512_min_epi64(_mm512_max_epi64(_mm512_sra_epi64(even, l.shift), l.lowest64), l.highest64);
  odd = _mm512_min_epi64(_mm512_max_epi64(_mm512_sra_epi64(odd, l.shift), l.lowest64), l.highest64);
  return _mm512_or_si512(even, _mm512_slli_epi64(odd, 32));
}

/* The codes of 16 sums, in 32-bit lanes. */
DC_AVX512_INLINE __m512i requantized(__m512i sums, rule16 r, limits16 l) {
  __m512i even = _mm512_add_epi64(_mm512_mul_epi32(sums, r.evenMultipliers), r.evenOffsets);
  __m512i odd = _mm512_mul_epi32(_mm512_srli_epi64(sums, 32), r.oddMultipliers);
  return narrowed(even, _mm512_add_epi64(odd, r.oddOffsets), l);
}

/* A sum of two maps. */
typedef struct addition16 {
  __m512i multiplierA, multiplierB, offset;
  limits16 limits;
} addition16;

DC_AVX512_INLINE addition16 addition16_of(const dc_sum_rule *r) {
  addition16 a;
  a.multiplierA = _mm512_set1_epi64(r->multiplierA), a.multiplierB = _mm512_set1_epi64(r->multiplierB);
  a.offset = _mm512_set1_epi64(r->offset);
  a.limits = limits16_of(r->shift, r->lowest, r->highest);
  return a;
}

/* The codes of a * multiplierA + b * multiplierB, all in 32-bit lanes. */
DC_AVX512_INLINE __m512i sum_of_codes(__m512i a, __m512i b, addition16 r) {
  __m512i even = _mm512_add_epi64(_mm512_mul_epi32(a, r.multiplierA), r.offset);
  __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(a, 32), r.multiplierA), r.offset);
  even = _mm512_add_epi64(even, _mm512_mul_epi32(b, r.multiplierB));
  odd = _mm512_add_epi64(odd, _mm512_mul_epi32(_mm512_srli_epi64(b, 32), r.multiplierB));
  return narrowed(even, odd, r.limits);
}

#endif
