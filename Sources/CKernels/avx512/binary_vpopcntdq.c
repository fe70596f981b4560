/* AVX-512 VPOPCNTDQ: convolution of u8 codes with weights of two levels, which counts bits of 8 outputs at a time. */
#if defined(__x86_64__)
#define DC_ISA avx512vbmi
#define DC_TARGET \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,avx512vpopcntdq,popcnt,fma")))
#define DC_TILE 4x16
#include "../shared/names.h"
#include "avx512.h"

enum { most_tile = 4 };

DC_ALWAYS_INLINE DC_TARGET uint64_t word_of(const uint8_t *codes, int32_t count, int32_t bit) {
  const __m512i all = count == 64 ? _mm512_loadu_si512(codes) : _mm512_maskz_loadu_epi8(first64(count), codes);
  return _mm512_test_epi8_mask(all, _mm512_set1_epi8((char)(1 << bit)));
}

DC_ALWAYS_INLINE DC_TARGET void count_matches(const int pixels, int32_t words, const uint64_t *bits,
                                              const uint64_t *data, int32_t bit, int32_t *counts) {
  __m512i low[most_tile], high[most_tile];
  UNROLLED for (int p = 0; p < pixels; p++) low[p] = high[p] = _mm512_setzero_si512();
  for (int32_t word = 0; word < words; word++, data += 16) {
    const __m512i weights0 = _mm512_loadu_si512(data), weights8 = _mm512_loadu_si512(data + 8);
    UNROLLED for (int p = 0; p < pixels; p++) {
      const __m512i ones = _mm512_set1_epi64((long long)bits[p * words + word]);
      low[p] = _mm512_add_epi64(low[p], _mm512_popcnt_epi64(_mm512_and_si512(ones, weights0)));
      high[p] = _mm512_add_epi64(high[p], _mm512_popcnt_epi64(_mm512_and_si512(ones, weights8)));
    }
  }
  const __m128i shift = _mm_cvtsi32_si128(bit);
  UNROLLED for (int p = 0; p < pixels; p++) {
    const __m512i all =
        _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(low[p])), _mm512_cvtepi64_epi32(high[p]), 1);
    const __m512i before = _mm512_loadu_si512(counts + 16 * p);
    _mm512_storeu_si512(counts + 16 * p, _mm512_add_epi32(before, _mm512_sll_epi32(all, shift)));
  }
}

#include "../shared/binary.h"
#endif
