/* AVX-512: depthwise convolution.

   u8: 64 channels at a time. The codes of four taps are interleaved byte by byte, so that each 32-bit lane holds four
   taps of one channel, and vpdpbusd adds up their products. Interleaving works within 128 bits, so sum q holds the
   channels 16 l + 4 q ..< 16 l + 4 q + 4 in its quarter l; packed weights and the rule are in that order, and packing
   the codes to bytes undoes it.

   A map of 4, 8, 16 or 32 channels is taken as one of 64 when its pixels lie close together and the stride is 1 or 2:
   a run of output pixels is then a run of bytes, and so is that of the input, or every other pixel of it. */
#if defined(__x86_64__)
#include "avx512.h"

/* The rules of 64 channels, in the order of the four sums. */
typedef struct rule64 {
  rule16 rules[4];
} rule64;

/* Makes quarter l of register q of what was quarter q of register l. */
DC_AVX512_INLINE void transpose_quarters(__m512i a[4]) {
  __m512i t0 = _mm512_shuffle_i32x4(a[0], a[1], 0x44), t1 = _mm512_shuffle_i32x4(a[2], a[3], 0x44);
  __m512i t2 = _mm512_shuffle_i32x4(a[0], a[1], 0xee), t3 = _mm512_shuffle_i32x4(a[2], a[3], 0xee);
  a[0] = _mm512_shuffle_i32x4(t0, t1, 0x88), a[1] = _mm512_shuffle_i32x4(t0, t1, 0xdd);
  a[2] = _mm512_shuffle_i32x4(t2, t3, 0x88), a[3] = _mm512_shuffle_i32x4(t2, t3, 0xdd);
}

/* Multipliers and offsets of channels first..<first + 64, of which there are `count`. */
DC_AVX512_INLINE rule64 rule64_at(const dc_requantization *q, int32_t first, int32_t count) {
  __m512i multipliers[4], even[4], odd[4], realMultipliers[4], realOffsets[4];
  UNROLLED for (int l = 0; l < 4; l++) {
    rule16 r = rule16_at(q, l * 16 < count ? first + l * 16 : first);
    multipliers[l] = r.evenMultipliers, even[l] = r.evenOffsets, odd[l] = r.oddOffsets;
    realMultipliers[l] = _mm512_castps_si512(r.realMultipliers), realOffsets[l] = _mm512_castps_si512(r.realOffsets);
  }
  transpose_quarters(multipliers), transpose_quarters(even), transpose_quarters(odd);
  transpose_quarters(realMultipliers), transpose_quarters(realOffsets);
  rule64 r;
  UNROLLED for (int s = 0; s < 4; s++) {
    r.rules[s].isReal = q->realMultipliers != 0;
    r.rules[s].realMultipliers = _mm512_castsi512_ps(realMultipliers[s]);
    r.rules[s].realOffsets = _mm512_castsi512_ps(realOffsets[s]);
    r.rules[s].evenMultipliers = multipliers[s], r.rules[s].oddMultipliers = _mm512_srli_epi64(multipliers[s], 32);
    r.rules[s].evenOffsets = even[s], r.rules[s].oddOffsets = odd[s];
  }
  return r;
}

/* The rule of a map of few channels, repeated. */
DC_AVX512_INLINE rule64 repeated_rule64(const dc_requantization *q, int32_t channels) {
  int32_t multipliers[64];
  int64_t offsets[64];
  float realMultipliers[64], realOffsets[64];
  for (int32_t i = 0; i < 64; i++) multipliers[i] = q->multipliers[i % channels], offsets[i] = q->offsets[i % channels];
  for (int32_t i = 0; i < 64 && q->realMultipliers; i++)
    realMultipliers[i] = q->realMultipliers[i % channels], realOffsets[i] = q->realOffsets[i % channels];
  dc_requantization repeated = *q;
  repeated.multipliers = multipliers, repeated.offsets = offsets;
  if (q->realMultipliers) repeated.realMultipliers = realMultipliers, repeated.realOffsets = realOffsets;
  return rule64_at(&repeated, 0, 64);
}

/* How 64 codes are loaded: 64 bytes, or every other group of bytes of 128. */
typedef struct loader {
  __mmask64 mask, nextMask;
  __m512i everyOther; /* places of 32 bits */
  int skips;
} loader;

DC_AVX512_INLINE __m512i load64(const uint8_t *input, const loader *l) {
  __m512i codes = _mm512_maskz_loadu_epi8(l->mask, input);
  if (!l->skips) return codes;
  return _mm512_permutex2var_epi32(codes, l->everyOther, _mm512_maskz_loadu_epi8(l->nextMask, input + 64));
}

/* The codes of one run of 64 channels, `mask` of them. */
DC_AVX512_INLINE void depthwise64(const dc_window *w, const uint8_t *input, const int8_t *weights, const rule64 *rule,
                                  limits16 limits, const loader *load, __mmask64 mask, uint8_t *output) {
  __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0;
  const int32_t taps = w->segmentCount;
  for (int32_t tap = 0; tap < taps; tap += 4, weights += 256) {
    const ptrdiff_t *offset = w->segmentOffsets + tap;
    __m512i a = load64(input + offset[0], load), b = _mm512_setzero_si512(), c = b, d = b;
    if (tap + 1 < taps) b = load64(input + offset[1], load);
    if (tap + 2 < taps) c = load64(input + offset[2], load);
    if (tap + 3 < taps) d = load64(input + offset[3], load);
    __m512i abLow = _mm512_unpacklo_epi8(a, b), abHigh = _mm512_unpackhi_epi8(a, b);
    __m512i cdLow = _mm512_unpacklo_epi8(c, d), cdHigh = _mm512_unpackhi_epi8(c, d);
    s0 = _mm512_dpbusd_epi32(s0, _mm512_unpacklo_epi16(abLow, cdLow), _mm512_loadu_si512(weights));
    s1 = _mm512_dpbusd_epi32(s1, _mm512_unpackhi_epi16(abLow, cdLow), _mm512_loadu_si512(weights + 64));
    s2 = _mm512_dpbusd_epi32(s2, _mm512_unpacklo_epi16(abHigh, cdHigh), _mm512_loadu_si512(weights + 128));
    s3 = _mm512_dpbusd_epi32(s3, _mm512_unpackhi_epi16(abHigh, cdHigh), _mm512_loadu_si512(weights + 192));
  }
  s0 = requantized(s0, rule->rules[0], limits), s1 = requantized(s1, rule->rules[1], limits);
  s2 = requantized(s2, rule->rules[2], limits), s3 = requantized(s3, rule->rules[3], limits);
  __m512i bytes = _mm512_packus_epi16(_mm512_packs_epi32(s0, s1), _mm512_packs_epi32(s2, s3));
  _mm512_mask_storeu_epi8(output, mask, bytes);
}

/* One tap for 64 channels. A product of a code and a weight has 16 bits, so 16-bit halves of the multiplier do, as in
   addition16; those of even and of odd channels apart. */
typedef struct scale64 {
  struct {
    __m512i weights; /* 16 bits: of the first or second eight of each 16 channels */
    __m512i evenLow, evenHigh, evenLowOffset, evenHighOffset;
    __m512i oddLow, oddHigh, oddLowOffset, oddHighOffset;
  } halves[2];
  __m128i shift; /* less 16 */
  __m512i lowest, highest;
} scale64;

/* Even and odd channels of each 16 channels' first or second eight, of what transpose_quarters() left. */
DC_AVX512_INLINE __m512i evens_of(const __m512i quarters[4], int half) {
  return _mm512_castps_si512(_mm512_shuffle_ps(_mm512_castsi512_ps(quarters[2 * half]),
                                               _mm512_castsi512_ps(quarters[2 * half + 1]), 0x88));
}

DC_AVX512_INLINE __m512i odds_of(const __m512i quarters[4], int half) {
  return _mm512_castps_si512(_mm512_shuffle_ps(_mm512_castsi512_ps(quarters[2 * half]),
                                               _mm512_castsi512_ps(quarters[2 * half + 1]), 0xdd));
}

/* Fills in the scale of 16, 32 or 64 channels, which go round. Returns 0 when the rule does not fit. */
DC_AVX512_INLINE int scale64_of(scale64 *s, const dc_requantization *q, const int8_t *weights, int32_t channels) {
  const __m512i lows = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i most = _mm512_set1_epi64((int64_t)1 << 45), least = _mm512_set1_epi64(-((int64_t)1 << 45));
  __m512i multipliers[4], lowOffsets[4], highOffsets[4];
  int misfits = q->shift < 16 || q->shift > 47;
  UNROLLED for (int l = 0; l < 4; l++) {
    const int32_t first = l * 16 & (channels - 1);
    const __m512i a = _mm512_loadu_si512(q->offsets + first), b = _mm512_loadu_si512(q->offsets + first + 8);
    multipliers[l] = _mm512_loadu_si512(q->multipliers + first);
    lowOffsets[l] = _mm512_permutex2var_epi32(a, lows, b);
    highOffsets[l] = _mm512_permutex2var_epi32(_mm512_srai_epi64(a, 16), lows, _mm512_srai_epi64(b, 16));
    misfits |= _mm512_cmpge_epi64_mask(a, most) | _mm512_cmpge_epi64_mask(b, most);
    misfits |= _mm512_cmple_epi64_mask(a, least) | _mm512_cmple_epi64_mask(b, least);
    misfits |= _mm512_cmpgt_epi32_mask(multipliers[l], _mm512_set1_epi32(0x7fff7fff));
  }
  if (misfits) return 0;
  transpose_quarters(multipliers), transpose_quarters(lowOffsets), transpose_quarters(highOffsets);
  const __m512i lowMask = _mm512_set1_epi32(0xffff), carry = _mm512_set1_epi32(0x8000);
  UNROLLED for (int h = 0; h < 2; h++) {
    const __m512i even = evens_of(multipliers, h), odd = odds_of(multipliers, h);
    const __m512i a = _mm512_loadu_si512(weights + h * 128), b = _mm512_loadu_si512(weights + h * 128 + 64);
    s->halves[h].weights = _mm512_packs_epi32(_mm512_srai_epi32(_mm512_slli_epi32(a, 24), 24),
                                              _mm512_srai_epi32(_mm512_slli_epi32(b, 24), 24));
    s->halves[h].evenLow = _mm512_and_si512(even, lowMask);
    s->halves[h].evenHigh = _mm512_srli_epi32(_mm512_add_epi32(even, carry), 16);
    s->halves[h].evenLowOffset = _mm512_and_si512(evens_of(lowOffsets, h), lowMask);
    s->halves[h].evenHighOffset = evens_of(highOffsets, h);
    s->halves[h].oddLow = _mm512_slli_epi32(odd, 16);
    s->halves[h].oddHigh = _mm512_andnot_si512(lowMask, _mm512_add_epi32(odd, carry));
    s->halves[h].oddLowOffset = _mm512_and_si512(odds_of(lowOffsets, h), lowMask);
    s->halves[h].oddHighOffset = odds_of(highOffsets, h);
  }
  return 1;
}

/* The codes of 64 channels. */
DC_AVX512_INLINE __m512i scaled64(__m512i codes, const scale64 *s) {
  const __m512i zero = _mm512_setzero_si512();
  __m512i words[2] = {_mm512_unpacklo_epi8(codes, zero), _mm512_unpackhi_epi8(codes, zero)};
  UNROLLED for (int h = 0; h < 2; h++) {
    const __m512i products = _mm512_mullo_epi16(words[h], s->halves[h].weights);
    __m512i even = _mm512_dpwssd_epi32(s->halves[h].evenLowOffset, products, s->halves[h].evenLow);
    __m512i odd = _mm512_dpwssd_epi32(s->halves[h].oddLowOffset, products, s->halves[h].oddLow);
    const __m512i evenHigh = _mm512_dpwssd_epi32(s->halves[h].evenHighOffset, products, s->halves[h].evenHigh);
    const __m512i oddHigh = _mm512_dpwssd_epi32(s->halves[h].oddHighOffset, products, s->halves[h].oddHigh);
    even = _mm512_sra_epi32(_mm512_add_epi32(evenHigh, _mm512_srai_epi32(even, 16)), s->shift);
    odd = _mm512_sra_epi32(_mm512_add_epi32(oddHigh, _mm512_srai_epi32(odd, 16)), s->shift);
    words[h] = _mm512_packs_epi32(even, odd); /* in each quarter: four even, four odd */
  }
  const __m512i order = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15));
  const __m512i bytes = _mm512_shuffle_epi8(_mm512_packus_epi16(words[0], words[1]), order);
  return _mm512_min_epu8(_mm512_max_epu8(bytes, s->lowest), s->highest);
}

/* One tap for 64 channels in 16 bits. A code is c, its weight times the multiplier W = A * 2^k, and the offset
   O = B * 2^(k + 8), where A has 16 bits, A >= 0, and k + 8 < shift <= k + 16. Then

     (c * W + O) >> shift = (((c * A) >> 8) + B) >> (shift - k - 8)

   exactly, as rounding down twice is rounding down once. Sums below 0 and above 2^16 - 1 stop there: codes of either are
   beyond the limits 0 and 255 as well. */
typedef struct wordscale64 {
  __m512i multipliers[2], added[2], subtracted[2]; /* 16 bits: of the first and second eight of each 16 channels */
  __m128i shift;
  __m512i lowest, highest;
} wordscale64;

/* The first (0) or second (1) eight of each 16 of 64 numbers. */
DC_AVX512_INLINE __m512i eights_of(const uint16_t numbers[64], int half) {
  const __m512i places = _mm512_add_epi64(_mm512_setr_epi64(0, 1, 4, 5, 8, 9, 12, 13), _mm512_set1_epi64(2 * half));
  return _mm512_permutex2var_epi64(_mm512_loadu_si512(numbers), places, _mm512_loadu_si512(numbers + 32));
}

/* Fills in the scale of 16, 32 or 64 channels, which go round. Returns 0 when the rule does not fit. */
DC_AVX512_INLINE int wordscale64_of(wordscale64 *s, const dc_requantization *q, const int8_t *weights,
                                    int32_t channels) {
  int64_t products[64], all = 0, allOffsets = 0;
  for (int32_t c = 0; c < channels; c++) {
    products[c] = (int64_t)weights[dc_depthwise_index(c, 0, 1)] * q->multipliers[c];
    all |= products[c], allOffsets |= q->offsets[c];
  }
  if (all <= 0) return 0; /* some product is negative, or none is there */
  const int32_t bits = 64 - __builtin_clzll((uint64_t)all), most = bits > q->shift ? bits : q->shift;
  const int32_t k = most > 16 ? most - 16 : 0;
  if (q->shift <= k + 8) return 0;
  if ((all & (((int64_t)1 << k) - 1)) || (allOffsets & (((int64_t)1 << (k + 8)) - 1))) return 0;
  uint16_t multipliers[64], added[64], subtracted[64];
  int misfits = 0;
  for (int32_t c = 0; c < channels; c++) {
    const int64_t offset = q->offsets[c] >> (k + 8);
    multipliers[c] = (uint16_t)(products[c] >> k);
    added[c] = (uint16_t)(offset > 0 ? offset : 0), subtracted[c] = (uint16_t)(offset < 0 ? -offset : 0);
    misfits |= offset > 65535 || offset < -65535;
  }
  if (misfits) return 0;
  for (int32_t c = channels; c < 64; c++)
    multipliers[c] = multipliers[c - channels], added[c] = added[c - channels], subtracted[c] = subtracted[c - channels];
  UNROLLED for (int h = 0; h < 2; h++) {
    s->multipliers[h] = eights_of(multipliers, h);
    s->added[h] = eights_of(added, h), s->subtracted[h] = eights_of(subtracted, h);
  }
  s->shift = _mm_cvtsi32_si128(q->shift - k - 8);
  s->lowest = _mm512_set1_epi8((char)q->lowest), s->highest = _mm512_set1_epi8((char)q->highest);
  return 1;
}

/* The codes of 64 channels. */
DC_AVX512_INLINE __m512i wordscaled64(__m512i codes, const wordscale64 *s) {
  const __m512i zero = _mm512_setzero_si512();
  __m512i words[2] = {_mm512_unpacklo_epi8(zero, codes), _mm512_unpackhi_epi8(zero, codes)};
  UNROLLED for (int h = 0; h < 2; h++) {
    words[h] = _mm512_adds_epu16(_mm512_mulhi_epu16(words[h], s->multipliers[h]), s->added[h]);
    words[h] = _mm512_srl_epi16(_mm512_subs_epu16(words[h], s->subtracted[h]), s->shift);
  }
  return _mm512_min_epu8(_mm512_max_epu8(_mm512_packus_epi16(words[0], words[1]), s->lowest), s->highest);
}

/* `count` codes that lie together. */
DC_AVX512_INLINE void scale_row(const int isShort, const uint8_t *input, uint8_t *output, int32_t count,
                                const scale64 *scale, const wordscale64 *wordscale) {
  int32_t i = 0;
  for (; i + 64 <= count; i += 64) {
    const __m512i codes = _mm512_loadu_si512(input + i);
    _mm512_storeu_si512(output + i, isShort ? wordscaled64(codes, wordscale) : scaled64(codes, scale));
  }
  if (i == count) return;
  const __mmask64 mask = first64(count - i);
  const __m512i codes = _mm512_maskz_loadu_epi8(mask, input + i);
  _mm512_mask_storeu_epi8(output + i, mask, isShort ? wordscaled64(codes, wordscale) : scaled64(codes, scale));
}

/* Depthwise convolution of one tap over maps without gaps between channels: 64 codes at a time, whose channels go round
   every 64. Returns 0 when the layer or its rule is another. */
DC_AVX512_INLINE int scale_rows(const dc_convolution *c) {
  const dc_window *w = &c->window;
  const int32_t channels = w->channelEnd;
  const int8_t *weights = (const int8_t *)c->weights;
  wordscale64 wordscale;
  scale64 scale;
  if (w->segmentCount != 1 || w->channelBegin != 0 || (channels != 16 && channels != 32 && channels != 64) ||
      w->outputColumnStride != channels || w->inputColumnStride != channels)
    return 0;
  const int isShort = wordscale64_of(&wordscale, &c->requantization, weights, channels);
  if (!isShort && !scale64_of(&scale, &c->requantization, weights, channels)) return 0;
  scale.shift = _mm_cvtsi32_si128(c->requantization.shift - 16);
  scale.lowest = _mm512_set1_epi8((char)c->requantization.lowest);
  scale.highest = _mm512_set1_epi8((char)c->requantization.highest);
  dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin);
  for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd;) {
    const int32_t columns = dc_minimum(w->columns - at.column, w->pixelEnd - pixel), count = columns * channels;
    const uint8_t *input = at.input + w->segmentOffsets[0];
    if (isShort) scale_row(1, input, at.output, count, &scale, &wordscale);
    else scale_row(0, input, at.output, count, &scale, &wordscale);
    dc_cursor_skip(&at, columns, w, 0);
    pixel += columns;
  }
  return 1;
}

DC_AVX512 void dc_avx512_depthwise_u8s8u8_1x64(const dc_convolution *c) {
  if (scale_rows(c)) return;
  const dc_window *w = &c->window;
  const ptrdiff_t chunkByteCount = (ptrdiff_t)(w->segmentCount + 3) / 4 * 256;
  limits16 limits = limits16_of(c->requantization.shift, c->requantization.lowest, c->requantization.highest);
  /* Pixels of 4, 8, 16 or 32 bytes, the whole map's channels, and no gaps. */
  const int32_t channels = w->channelEnd - w->channelBegin;
  const int joined = w->channelBegin == 0 && channels < 64 && channels >= 4 && 64 % channels == 0 &&
                     w->outputColumnStride == channels &&
                     (w->inputColumnStride == channels || w->inputColumnStride == 2 * channels);
  loader load;
  load.skips = joined && w->inputColumnStride == 2 * channels;
  if (load.skips) {
    int32_t places[16];
    for (int32_t i = 0; i < 16; i++) places[i] = i / (channels / 4) * (channels / 2) + i % (channels / 4);
    load.everyOther = _mm512_loadu_si512(places);
  }
  for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel += 64) {
    const int8_t *weights = (const int8_t *)c->weights + channel / 64 * chunkByteCount;
    int32_t left = w->channelEnd - channel;
    rule64 rule = joined ? repeated_rule64(&c->requantization, channels)
                         : rule64_at(&c->requantization, channel, left);
    dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin);
    for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd;) {
      if (!joined) {
        load.mask = first64(left);
        depthwise64(w, at.input + channel, weights, &rule, limits, &load, load.mask, at.output + channel);
        dc_cursor_advance(&at, w, 0);
        pixel += 1;
        continue;
      }
      /* What is left of the row, 64 bytes at a time. */
      int32_t columns = dc_minimum(w->columns - at.column, w->pixelEnd - pixel);
      for (int32_t i = 0; i < columns * channels; i += 64) {
        int32_t n = dc_minimum(64, columns * channels - i);
        int32_t read = load.skips ? 2 * n - channels : n; /* the last pixel's neighbour is not there */
        load.mask = first64(read), load.nextMask = read > 64 ? first64(read - 64) : 0;
        depthwise64(w, at.input + i * (1 + load.skips), weights, &rule, limits, &load, first64(n), at.output + i);
      }
      pixel += columns;
      at = dc_cursor_at(w, 0, pixel);
    }
  }
}

/* The results of 16 channels, those in `mask`, of `pixels` adjacent pixels. */
DC_AVX512_INLINE void depthwise16(const int pixels, const __mmask16 mask, const dc_convolution *c,
                                  const dc_cursor *at, int32_t channel) {
  const dc_window *w = &c->window;
  const float *weights = (const float *)c->weights + (ptrdiff_t)channel * w->segmentCount;
  const __m512 lowest = _mm512_set1_ps(c->lowest), highest = _mm512_set1_ps(c->highest);
  const uint8_t *input = at->input + (ptrdiff_t)channel * 4;
  uint8_t *output = at->output + (ptrdiff_t)channel * 4;
  __m512 sums[most_pixels];
  UNROLLED for (int p = 0; p < pixels; p++) sums[p] = _mm512_setzero_ps();
  for (int32_t tap = 0; tap < w->segmentCount; tap++) {
    const __m512 weight = _mm512_loadu_ps(weights + tap * 16);
    UNROLLED for (int p = 0; p < pixels; p++)
      sums[p] = _mm512_fmadd_ps(
          _mm512_maskz_loadu_ps(mask, input + w->segmentOffsets[tap] + p * w->inputColumnStride), weight, sums[p]);
  }
  const __m512 biases = _mm512_maskz_loadu_ps(mask, c->biases + channel);
  UNROLLED for (int p = 0; p < pixels; p++) {
    sums[p] = _mm512_min_ps(_mm512_max_ps(_mm512_add_ps(sums[p], biases), lowest), highest);
    _mm512_mask_storeu_ps(output + p * w->outputColumnStride, mask, sums[p]);
  }
}

/* All channels of `pixels` adjacent pixels. */
DC_AVX512_INLINE void depthwise_run(const int pixels, const dc_convolution *c, const dc_cursor *at) {
  int32_t channel = c->window.channelBegin;
  for (; channel + 16 <= c->window.channelEnd; channel += 16) depthwise16(pixels, 0xffff, c, at, channel);
  if (channel < c->window.channelEnd) depthwise16(pixels, first16(c->window.channelEnd - channel), c, at, channel);
}

DC_AVX512 void dc_avx512_depthwise_f32f32f32_1x16(const dc_convolution *c) {
  const dc_window *w = &c->window;
  dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin);
  for (int32_t rest = w->pixelEnd - w->pixelBegin, n; rest > 0; rest -= n) {
    n = dc_minimum(w->columns - at.column, rest);
    n = n < 8 ? n : n < 12 ? 6 : 8;
    switch (n) {
    case 1: depthwise_run(1, c, &at); break;
    case 2: depthwise_run(2, c, &at); break;
    case 3: depthwise_run(3, c, &at); break;
    case 4: depthwise_run(4, c, &at); break;
    case 5: depthwise_run(5, c, &at); break;
    case 6: depthwise_run(6, c, &at); break;
    case 7: depthwise_run(7, c, &at); break;
    default: depthwise_run(8, c, &at); break;
    }
    dc_cursor_skip(&at, n, w, 0);
  }
}
#endif
