/* AVX2: convolution that adds up codes at listed places, 32 side by side. */
#if defined(__x86_64__)
#define DC_ISA avx2
#define DC_TARGET __attribute__((target("avx2,fma")))
#define DC_TILE 192x1
#define DC_MOST_VECTORS 6
#include "../shared/names.h"
#include "avx2.h"

enum { vector_bytes = 32, most_vectors = DC_MOST_VECTORS };

typedef __m256i bytes;

DC_AVX2_INLINE bytes zip_low(bytes a, bytes b) { return _mm256_unpacklo_epi8(a, b); }

DC_AVX2_INLINE bytes zip_high(bytes a, bytes b) { return _mm256_unpackhi_epi8(a, b); }

DC_AVX2_INLINE bytes load_lanes(const uint8_t *p, ptrdiff_t d) {
  const __m256i v = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)p));
  return _mm256_inserti128_si256(v, _mm_loadu_si128((const __m128i *)(const void *)(p + d)), 1);
}

DC_AVX2_INLINE void store_lanes(uint8_t *p, ptrdiff_t d, bytes v) {
  _mm_storeu_si128((__m128i *)(void *)p, _mm256_castsi256_si128(v));
  _mm_storeu_si128((__m128i *)(void *)(p + d), _mm256_extracti128_si256(v, 1));
}

/* Sums of 32 codes, two in 16 bits: odd ones times 256 are above even ones, and by themselves. */
typedef struct pair {
  __m256i all, odd;
} pair;

typedef struct rule {
  __m256i levels; /* pairs of 16 bits */
  rule8 channel;
  const dc_requantization *q;
} rule;

typedef addition8 sum_rule;

DC_AVX2_INLINE sum_rule sum_rule_of(const dc_sum_rule *r) { return addition8_of(r); }

DC_AVX2_INLINE pair add_codes(pair sums, const uint8_t *p) {
  const __m256i codes = _mm256_loadu_si256((const __m256i *)(const void *)p);
  sums.all = _mm256_add_epi16(sums.all, codes);
  sums.odd = _mm256_add_epi16(sums.odd, _mm256_srli_epi16(codes, 8));
  return sums;
}

DC_AVX2_INLINE rule rule_at(const dc_convolution *c, const dc_added *a, int32_t channel) {
  const dc_requantization *q = &c->requantization;
  rule r;
  r.levels = _mm256_set1_epi32(dc_pair(a->levels[0], a->levels[1]));
  r.channel.evenMultipliers = r.channel.oddMultipliers = _mm256_set1_epi32(q->multipliers[channel]);
  r.channel.evenOffsets = r.channel.oddOffsets = _mm256_set1_epi64x(q->offsets[channel]);
  r.q = q;
  return r;
}

/* Sums of even and of odd codes; packing brings low and high ones into order. */
typedef struct wide {
  __m256i evenLow, evenHigh, oddLow, oddHigh;
} wide;

DC_AVX2_INLINE wide widen(pair first, pair second, const rule *r) {
  const __m256i even1 = _mm256_sub_epi16(first.all, _mm256_slli_epi16(first.odd, 8));
  const __m256i even2 = _mm256_sub_epi16(second.all, _mm256_slli_epi16(second.odd, 8));
  return (wide){_mm256_madd_epi16(_mm256_unpacklo_epi16(even1, even2), r->levels),
                _mm256_madd_epi16(_mm256_unpackhi_epi16(even1, even2), r->levels),
                _mm256_madd_epi16(_mm256_unpacklo_epi16(first.odd, second.odd), r->levels),
                _mm256_madd_epi16(_mm256_unpackhi_epi16(first.odd, second.odd), r->levels)};
}

DC_AVX2_INLINE wide add_wide(wide a, wide b) {
  return (wide){_mm256_add_epi32(a.evenLow, b.evenLow), _mm256_add_epi32(a.evenHigh, b.evenHigh),
                _mm256_add_epi32(a.oddLow, b.oddLow), _mm256_add_epi32(a.oddHigh, b.oddHigh)};
}

/* The codes of 16 sums, in their order, in 16 bits. */
DC_AVX2_INLINE __m256i codes_of(__m256i low, __m256i high, const rule *r) {
  return _mm256_packs_epi32(requantized8(low, r->q, r->channel), requantized8(high, r->q, r->channel));
}

DC_AVX2_INLINE void finish(wide sums, const rule *r, uint8_t *to) {
  const __m256i odd = _mm256_slli_epi16(codes_of(sums.oddLow, sums.oddHigh, r), 8);
  const __m256i codes = _mm256_or_si256(codes_of(sums.evenLow, sums.evenHigh, r), odd);
  _mm256_storeu_si256((__m256i *)(void *)to, codes);
}

DC_AVX2_INLINE void add_run(uint8_t *codes, const uint8_t *others, int32_t count, const sum_rule *rule) {
  for (int32_t i = 0; i < count; i += 16)
    store_bytes(codes + i, sum_of_bytes(load_bytes(codes + i, 16), load_bytes(others + i, 16), rule), 16);
}

#include "../shared/additions.h"
#endif
