/* AVX-512: convolution that adds up codes at listed places, 64 side by side. */
#if defined(__x86_64__)
#define DC_ISA avx512
#define DC_TARGET DC_AVX512
#define DC_TILE 512x1
#define DC_MOST_VECTORS 8
#include "../shared/names.h"
#include "avx512.h"

enum { vector_bytes = 64, most_vectors = DC_MOST_VECTORS };

typedef __m512i bytes;

DC_AVX512_INLINE bytes zip_low(bytes a, bytes b) { return _mm512_unpacklo_epi8(a, b); }

DC_AVX512_INLINE bytes zip_high(bytes a, bytes b) { return _mm512_unpackhi_epi8(a, b); }

DC_AVX512_INLINE bytes load_lanes(const uint8_t *p, ptrdiff_t d) {
  __m512i v = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)p));
  v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(const void *)(p + d)), 1);
  v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(const void *)(p + 2 * d)), 2);
  return _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(const void *)(p + 3 * d)), 3);
}

DC_AVX512_INLINE void store_lanes(uint8_t *p, ptrdiff_t d, bytes v) {
  _mm_storeu_si128((__m128i *)(void *)p, _mm512_castsi512_si128(v));
  _mm_storeu_si128((__m128i *)(void *)(p + d), _mm512_extracti32x4_epi32(v, 1));
  _mm_storeu_si128((__m128i *)(void *)(p + 2 * d), _mm512_extracti32x4_epi32(v, 2));
  _mm_storeu_si128((__m128i *)(void *)(p + 3 * d), _mm512_extracti32x4_epi32(v, 3));
}

/* Sums of 64 codes, two in 16 bits: odd ones times 256 are above even ones, and by themselves. */
typedef struct pair {
  __m512i all, odd;
} pair;

typedef struct rule {
  __m512i levels; /* pairs of 16 bits */
  rule16 channel;
  limits16 limits;
  __m512i lowest, highest; /* 16 bits */
} rule;

typedef struct sum_rule {
  addition16 rule;
  __m512i lowest, highest; /* bytes */
} sum_rule;

DC_AVX512_INLINE sum_rule sum_rule_of(const dc_sum_rule *r) {
  return (sum_rule){addition16_of(r), _mm512_set1_epi8((char)r->lowest), _mm512_set1_epi8((char)r->highest)};
}

DC_AVX512_INLINE pair add_codes(pair sums, const uint8_t *p) {
  const __m512i codes = _mm512_loadu_si512(p);
  sums.all = _mm512_add_epi16(sums.all, codes);
  sums.odd = _mm512_add_epi16(sums.odd, _mm512_srli_epi16(codes, 8));
  return sums;
}

DC_AVX512_INLINE rule rule_at(const dc_convolution *c, const dc_added *a, int32_t channel) {
  const dc_requantization *q = &c->requantization;
  const __m512i offset = _mm512_set1_epi64(q->offsets[channel]);
  rule r;
  r.levels = _mm512_set1_epi32(dc_pair(a->levels[0], a->levels[1]));
  r.channel = rule16_of(_mm512_set1_epi32(q->multipliers[channel]), offset, offset);
  r.channel.isReal = q->realMultipliers != 0;
  if (r.channel.isReal) {
    r.channel.realMultipliers = _mm512_set1_ps(q->realMultipliers[channel]);
    r.channel.realOffsets = _mm512_set1_ps(q->realOffsets[channel]);
  }
  r.limits = limits16_of(q->shift, q->lowest, q->highest);
  r.lowest = _mm512_set1_epi16(q->lowest), r.highest = _mm512_set1_epi16(q->highest);
  return r;
}

/* Sums of even and of odd codes; packing brings low and high ones into order. */
typedef struct wide {
  __m512i evenLow, evenHigh, oddLow, oddHigh;
} wide;

DC_AVX512_INLINE wide widen(pair first, pair second, const rule *r) {
  const __m512i even1 = _mm512_sub_epi16(first.all, _mm512_slli_epi16(first.odd, 8));
  const __m512i even2 = _mm512_sub_epi16(second.all, _mm512_slli_epi16(second.odd, 8));
  return (wide){_mm512_madd_epi16(_mm512_unpacklo_epi16(even1, even2), r->levels),
                _mm512_madd_epi16(_mm512_unpackhi_epi16(even1, even2), r->levels),
                _mm512_madd_epi16(_mm512_unpacklo_epi16(first.odd, second.odd), r->levels),
                _mm512_madd_epi16(_mm512_unpackhi_epi16(first.odd, second.odd), r->levels)};
}

DC_AVX512_INLINE wide add_wide(wide a, wide b) {
  return (wide){_mm512_add_epi32(a.evenLow, b.evenLow), _mm512_add_epi32(a.evenHigh, b.evenHigh),
                _mm512_add_epi32(a.oddLow, b.oddLow), _mm512_add_epi32(a.oddHigh, b.oddHigh)};
}

/* The codes of 32 sums, in their order, in 16 bits. */
DC_AVX512_INLINE __m512i codes_of(__m512i low, __m512i high, const rule *r) {
  if (!r->channel.isReal)
    return _mm512_packs_epi32(requantized(low, r->channel, r->limits), requantized(high, r->channel, r->limits));
  const __m512i codes = _mm512_packs_epi32(floored(low, r->channel), floored(high, r->channel));
  return _mm512_min_epi16(_mm512_max_epi16(codes, r->lowest), r->highest);
}

DC_AVX512_INLINE void finish(wide sums, const rule *r, uint8_t *to) {
  const __m512i odd = _mm512_slli_epi16(codes_of(sums.oddLow, sums.oddHigh, r), 8);
  _mm512_storeu_si512(to, _mm512_or_si512(codes_of(sums.evenLow, sums.evenHigh, r), odd));
}

DC_AVX512_INLINE void add_run(uint8_t *codes, const uint8_t *others, int32_t count, const sum_rule *r) {
  if (r->rule.isShort) {
    for (int32_t i = 0; i < count; i += 64) {
      const __mmask64 mask = first64(count - i);
      const __m512i a = _mm512_maskz_loadu_epi8(mask, codes + i), b = _mm512_maskz_loadu_epi8(mask, others + i);
      const __m512i sums = sum64(a, b, r->rule);
      _mm512_mask_storeu_epi8(codes + i, mask, _mm512_min_epu8(_mm512_max_epu8(sums, r->lowest), r->highest));
    }
    return;
  }
  for (int32_t i = 0; i < count; i += 16) {
    const __m512i a = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)(codes + i)));
    const __m512i b = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)(others + i)));
    _mm_storeu_si128((__m128i *)(void *)(codes + i), _mm512_cvtepi32_epi8(sum_of_codes(a, b, r->rule)));
  }
}

#include "../shared/additions.h"
#endif
