/* AVX2: convolution of u8 codes with weights of two levels; vpshufb counts the bits of four at a time. */
#if defined(__x86_64__)
#define DC_ISA avx2
#define DC_TARGET __attribute__((target("avx2,fma,popcnt")))
#define DC_TILE 2x16
#include "../shared/names.h"
#include "avx2.h"

enum { most_tile = 2 };

/* Words whose ones a byte can hold: 31 times 8. */
enum { most_words = 31 };

DC_ALWAYS_INLINE DC_TARGET uint64_t word_of(const uint8_t *codes, int32_t count, int32_t bit) {
  uint8_t all[64];
  if (count < 64) {
    __builtin_memset(all, 0, 64);
    __builtin_memcpy(all, codes, (size_t)count);
    codes = all;
  }
  /* The bit becomes the highest of its byte; what comes in from the byte below stays below. */
  const __m128i shift = _mm_cvtsi32_si128(7 - bit);
  const __m256i low = _mm256_sll_epi16(_mm256_loadu_si256((const __m256i *)(const void *)codes), shift);
  const __m256i high = _mm256_sll_epi16(_mm256_loadu_si256((const __m256i *)(const void *)(codes + 32)), shift);
  return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

/* The ones of each byte. */
DC_ALWAYS_INLINE DC_TARGET __m256i ones_of(__m256i x) {
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2,
                                         2, 3, 2, 3, 3, 4);
  const __m256i mask = _mm256_set1_epi8(15);
  return _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(x, mask)),
                         _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), mask)));
}

DC_ALWAYS_INLINE DC_TARGET void count_matches(const int pixels, int32_t words, const uint64_t *bits,
                                              const uint64_t *data, int32_t bit, int32_t *counts) {
  __m256i sums[4 * most_tile];
  UNROLLED for (int i = 0; i < 4 * pixels; i++) sums[i] = _mm256_setzero_si256();
  for (int32_t begin = 0; begin < words; begin += most_words) {
    const int32_t end = dc_minimum(begin + most_words, words);
    __m256i bytes[4 * most_tile];
    UNROLLED for (int i = 0; i < 4 * pixels; i++) bytes[i] = _mm256_setzero_si256();
    for (int32_t word = begin; word < end; word++, data += 16)
      UNROLLED for (int p = 0; p < pixels; p++) {
        const __m256i ones = _mm256_set1_epi64x((long long)bits[p * words + word]);
        UNROLLED for (int q = 0; q < 4; q++) {
          const __m256i weights = _mm256_loadu_si256((const __m256i *)(const void *)(data + 4 * q));
          bytes[4 * p + q] = _mm256_add_epi8(bytes[4 * p + q], ones_of(_mm256_and_si256(ones, weights)));
        }
      }
    UNROLLED for (int i = 0; i < 4 * pixels; i++)
      sums[i] = _mm256_add_epi64(sums[i], _mm256_sad_epu8(bytes[i], _mm256_setzero_si256()));
  }
  const __m128i shift = _mm_cvtsi32_si128(bit);
  const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
  UNROLLED for (int i = 0; i < 4 * pixels; i++) {
    __m128i *to = (__m128i *)(void *)(counts + 4 * i);
    const __m128i four = _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(sums[i], even));
    _mm_storeu_si128(to, _mm_add_epi32(_mm_loadu_si128(to), _mm_sll_epi32(four, shift)));
  }
}

#include "../shared/binary.h"
#endif
