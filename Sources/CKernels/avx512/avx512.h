/* What the AVX-512 kernels share: masks, and requantization of 16 sums at a time. */
#ifndef DC_AVX512_H
#define DC_AVX512_H

#include "../shared/common.h"

#include <immintrin.h>

#define DC_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma")))
#define DC_AVX512_INLINE DC_ALWAYS_INLINE DC_AVX512

#define UNROLLED _Pragma("clang loop unroll(full)")

/* Hides where an index comes from: the compiler would otherwise set up a pointer a pixel for each segment. */
#define KEEP_INDEX(i) __asm__("" : "+r"(i))

/* The pixels of a tile. */
enum { most_pixels = 16 };

typedef struct tile_pixels {
  const uint8_t *input[most_pixels];
  uint8_t *output[most_pixels];
  const uint8_t *residual[most_pixels];
} tile_pixels;

/* Takes the next n pixels, in runs that end with the row. */
DC_ALWAYS_INLINE void take_pixels(tile_pixels *at, int32_t n, dc_cursor *c, const dc_window *w, const dc_residual *r) {
  for (int32_t p = 0; p < n;) {
    int32_t end = dc_minimum(n, p + w->columns - c->column);
    c->column += end - p;
    for (int32_t i = p; i < end; i++) {
      at->input[i] = c->input, c->input += w->inputColumnStride;
      at->output[i] = c->output, c->output += w->outputColumnStride;
    }
    if (r && c->residual)
      for (int32_t i = p; i < end; i++) at->residual[i] = c->residual, c->residual += r->columnStride;
    p = end;
    if (c->column < w->columns) break;
    c->column = 0;
    c->input += w->inputRowStride - w->columns * w->inputColumnStride;
    c->output += w->outputRowStride - w->columns * w->outputColumnStride;
    if (r && c->residual) c->residual += r->rowStride - w->columns * r->columnStride;
  }
}

/* Takes the next n pixels, all in this row: the first stands for them, those after it being at constant distances. */
DC_ALWAYS_INLINE void take_run(tile_pixels *at, int32_t n, dc_cursor *c, const dc_window *w, const dc_residual *r) {
  at->input[0] = c->input, at->output[0] = c->output, at->residual[0] = c->residual;
  dc_cursor_skip(c, n, w, r);
}

/* The first n of 16 lanes; all for n >= 16. */
DC_AVX512_INLINE __mmask16 first16(int32_t n) { return n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1); }

/* The first n of 64 bytes. */
DC_AVX512_INLINE __mmask64 first64(int32_t n) { return n >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << n) - 1; }

/* Multipliers and offsets of 16 channels; those at even and at odd places apart, as 64-bit products come. */
typedef struct rule16 {
  __m512i evenMultipliers, oddMultipliers; /* low halves of 64 bits */
  __m512i evenOffsets, oddOffsets;
  __m512 realMultipliers, realOffsets;
  int isReal; /* the reals are there */
} rule16;

DC_AVX512_INLINE rule16 rule16_of(__m512i multipliers, __m512i offsets07, __m512i offsets8f) {
  const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
  rule16 r;
  r.evenMultipliers = multipliers;
  r.oddMultipliers = _mm512_srli_epi64(multipliers, 32);
  r.evenOffsets = _mm512_permutex2var_epi64(offsets07, even, offsets8f);
  r.oddOffsets = _mm512_permutex2var_epi64(offsets07, odd, offsets8f);
  r.realMultipliers = r.realOffsets = _mm512_setzero_ps();
  r.isReal = 0;
  return r;
}

/* The rule of channels channel..<channel + 16. */
DC_AVX512_INLINE rule16 rule16_at(const dc_requantization *q, int32_t channel) {
  rule16 r = rule16_of(_mm512_loadu_si512(q->multipliers + channel), _mm512_loadu_si512(q->offsets + channel),
                       _mm512_loadu_si512(q->offsets + channel + 8));
  r.isReal = q->realMultipliers != 0;
  if (!r.isReal) return r;
  r.realMultipliers = _mm512_loadu_ps(q->realMultipliers + channel);
  r.realOffsets = _mm512_loadu_ps(q->realOffsets + channel);
  return r;
}

/* What 16 sums come to by a rule in reals, rounded down, not clamped: dc_requantization says why it is exact. */
DC_AVX512_INLINE __m512i floored(__m512i sums, rule16 r) {
  const __m512 reals = _mm512_fmadd_round_ps(_mm512_cvtepi32_ps(sums), r.realMultipliers, r.realOffsets,
                                             _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  return _mm512_cvt_roundps_epi32(reals, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
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

/* The high halves of 16 numbers of 64 bits, in order; those at odd places stand right already. */
DC_AVX512_INLINE __m512i high_of(__m512i even, __m512i odd) {
  return _mm512_mask_shuffle_epi32(odd, 0x5555, even, 0xf5);
}

/* Shifts and clamps 16 numbers of 64 bits to codes, in 32-bit lanes in their natural order. */
DC_AVX512_INLINE __m512i narrowed(__m512i even, __m512i odd, limits16 l) {
  if (l.wide) {
    __m512i high = _mm512_sra_epi32(high_of(even, odd), l.shiftHigh);
    return _mm512_min_epi32(_mm512_max_epi32(high, l.lowest), l.highest);
  }
  even = _mm512_min_epi64(_mm512_max_epi64(_mm512_sra_epi64(even, l.shift), l.lowest64), l.highest64);
  odd = _mm512_min_epi64(_mm512_max_epi64(_mm512_sra_epi64(odd, l.shift), l.lowest64), l.highest64);
  return _mm512_or_si512(even, _mm512_slli_epi64(odd, 32));
}

/* The codes of 16 sums, in 32-bit lanes. */
DC_AVX512_INLINE __m512i requantized(__m512i sums, rule16 r, limits16 l) {
  if (r.isReal) return _mm512_min_epi32(_mm512_max_epi32(floored(sums, r), l.lowest), l.highest);
  __m512i even = _mm512_add_epi64(_mm512_mul_epi32(sums, r.evenMultipliers), r.evenOffsets);
  __m512i odd = _mm512_mul_epi32(_mm512_srli_epi64(sums, 32), r.oddMultipliers);
  return narrowed(even, _mm512_add_epi64(odd, r.oddOffsets), l);
}

/* Sums times multipliers plus offsets, the high halves of the 64 bits. */
DC_AVX512_INLINE __m512i high_halves(__m512i sums, rule16 r) {
  __m512i even = _mm512_add_epi64(_mm512_mul_epi32(sums, r.evenMultipliers), r.evenOffsets);
  __m512i odd = _mm512_mul_epi32(_mm512_srli_epi64(sums, 32), r.oddMultipliers);
  return high_of(even, _mm512_add_epi64(odd, r.oddOffsets));
}

/* Four times 16 numbers as bytes, saturated. Packing works within 128 bits: each row of 4 x 4 words holds a word of
   every number's vector. */
DC_AVX512_INLINE __m512i packed_bytes(__m512i a, __m512i b, __m512i c, __m512i d) {
  return _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
}

/* Exchanges rows and columns of 4 x 4 words: between packed bytes and their natural order. */
DC_AVX512_INLINE __m512i reordered(__m512i words) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, words);
}

/* A sum of two maps of codes, 16 at a time: vpdpwssd is both products and both sums of dc_short_sum. */
typedef struct addition16 {
  __m512i lowMultipliers, highMultipliers, lowOffset, highOffset; /* pairs of 16 bits: A, B; then 32 bits */
  __m512i wordMultipliers, wordOffset;                            /* the same, of rules of 16 bits */
  __m512i multiplierA, multiplierB, offset;                       /* 64 bits: the long way */
  __m128i shift;                                                  /* less 16 */
  __m128i wordShift;
  limits16 limits;
  int isWord, isShort;
} addition16;

DC_AVX512_INLINE addition16 addition16_of(const dc_sum_rule *r) {
  const dc_short_sum s = dc_short_sum_of(r);
  addition16 a;
  a.lowMultipliers = _mm512_set1_epi32(s.lowMultipliers), a.highMultipliers = _mm512_set1_epi32(s.highMultipliers);
  a.lowOffset = _mm512_set1_epi32(s.lowOffset), a.highOffset = _mm512_set1_epi32(s.highOffset);
  a.wordMultipliers = _mm512_set1_epi32(s.wordMultipliers), a.wordOffset = _mm512_set1_epi32(s.wordOffset);
  a.multiplierA = _mm512_set1_epi64(r->multiplierA), a.multiplierB = _mm512_set1_epi64(r->multiplierB);
  a.offset = _mm512_set1_epi64(r->offset);
  a.shift = _mm_cvtsi32_si128(r->shift - 16), a.wordShift = _mm_cvtsi32_si128(s.wordShift);
  a.limits = limits16_of(r->shift, r->lowest, r->highest);
  a.isWord = s.isWord, a.isShort = s.isShort;
  return a;
}

/* Pairs of a code a and a code b, 16 bits each: sums of them, saturated when packed. Short rules only. */
DC_AVX512_INLINE __m512i sum_of_pairs(__m512i pairs, addition16 r) {
  if (r.isWord) return _mm512_sra_epi32(_mm512_dpwssd_epi32(r.wordOffset, pairs, r.wordMultipliers), r.wordShift);
  __m512i low = _mm512_dpwssd_epi32(r.lowOffset, pairs, r.lowMultipliers);
  __m512i high = _mm512_dpwssd_epi32(r.highOffset, pairs, r.highMultipliers);
  return _mm512_sra_epi32(_mm512_add_epi32(high, _mm512_srai_epi32(low, 16)), r.shift);
}

/* The sums of 64 codes each, saturated; in the order of the codes. Short rules only. */
DC_AVX512_INLINE __m512i sum64(__m512i a, __m512i b, addition16 rule) {
  const __m512i zero = _mm512_setzero_si512();
  __m512i low = _mm512_unpacklo_epi8(a, b), high = _mm512_unpackhi_epi8(a, b);
  __m512i s0 = sum_of_pairs(_mm512_unpacklo_epi8(low, zero), rule);
  __m512i s1 = sum_of_pairs(_mm512_unpackhi_epi8(low, zero), rule);
  __m512i s2 = sum_of_pairs(_mm512_unpacklo_epi8(high, zero), rule);
  __m512i s3 = sum_of_pairs(_mm512_unpackhi_epi8(high, zero), rule);
  return packed_bytes(s0, s1, s2, s3);
}

/* The codes of a * multiplierA + b * multiplierB, all in 32-bit lanes. */
DC_AVX512_INLINE __m512i sum_of_codes(__m512i a, __m512i b, addition16 r) {
  if (r.isShort) {
    __m512i sum = sum_of_pairs(_mm512_or_si512(a, _mm512_slli_epi32(b, 16)), r);
    return _mm512_min_epi32(_mm512_max_epi32(sum, r.limits.lowest), r.limits.highest);
  }
  __m512i even = _mm512_add_epi64(_mm512_mul_epi32(a, r.multiplierA), r.offset);
  __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(a, 32), r.multiplierA), r.offset);
  even = _mm512_add_epi64(even, _mm512_mul_epi32(b, r.multiplierB));
  odd = _mm512_add_epi64(odd, _mm512_mul_epi32(_mm512_srli_epi64(b, 32), r.multiplierB));
  return narrowed(even, odd, r.limits);
}

/* Brings the sums of one pixel and block to their end. */
DC_AVX512_INLINE void finish_block(const int wantsCodes, const dc_convolution *c, uint8_t *output, int32_t channel,
                                   const int32_t *sums) {
  const __mmask16 mask = first16(c->window.channelEnd - channel);
  const __m512i sum = _mm512_loadu_si512(sums);
  if (wantsCodes) {
    const dc_requantization *q = &c->requantization;
    const __m512i codes = requantized(sum, rule16_at(q, channel), limits16_of(q->shift, q->lowest, q->highest));
    _mm_mask_storeu_epi8(output + channel, mask, _mm512_cvtepi32_epi8(codes));
    return;
  }
  const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_maskz_loadu_ps(mask, c->scales + channel));
  const __m512 value = _mm512_add_ps(product, _mm512_maskz_loadu_ps(mask, c->biases + channel));
  _mm512_mask_storeu_ps((float *)(void *)output + channel, mask, value);
}

#endif
