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
  __m512i multipliers[4], even[4], odd[4];
  UNROLLED for (int l = 0; l < 4; l++) {
    rule16 r = rule16_at(q, l * 16 < count ? first + l * 16 : first);
    multipliers[l] = r.evenMultipliers, even[l] = r.evenOffsets, odd[l] = r.oddOffsets;
  }
  transpose_quarters(multipliers), transpose_quarters(even), transpose_quarters(odd);
  rule64 r;
  UNROLLED for (int s = 0; s < 4; s++) {
    r.rules[s].evenMultipliers = multipliers[s], r.rules[s].oddMultipliers = _mm512_srli_epi64(multipliers[s], 32);
    r.rules[s].evenOffsets = even[s], r.rules[s].oddOffsets = odd[s];
  }
  return r;
}

/* The rule of a map of few channels, repeated. */
DC_AVX512_INLINE rule64 repeated_rule64(const dc_requantization *q, int32_t channels) {
  int32_t multipliers[64];
  int64_t offsets[64];
  for (int32_t i = 0; i < 64; i++) multipliers[i] = q->multipliers[i % channels], offsets[i] = q->offsets[i % channels];
  dc_requantization repeated = {multipliers, offsets, q->shift, q->lowest, q->highest};
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

DC_AVX512 void dc_avx512_depthwise_u8s8u8_1x64(const dc_convolution *c) {
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

DC_AVX512 void dc_avx512_depthwise_f32f32f32_1x16(const dc_convolution *c) {
  const dc_window *w = &c->window;
  const __m512 lowest = _mm512_set1_ps(c->lowest), highest = _mm512_set1_ps(c->highest);
  dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin);
  for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) {
    for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel += 16) {
      const float *weights = (const float *)c->weights + (ptrdiff_t)channel * w->segmentCount;
      __mmask16 mask = first16(w->channelEnd - channel);
      __m512 sum = _mm512_setzero_ps();
      for (int32_t tap = 0; tap < w->segmentCount; tap++) {
        const float *values = (const float *)(const void *)(at.input + w->segmentOffsets[tap]) + channel;
        sum = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, values), _mm512_loadu_ps(weights + tap * 16), sum);
      }
      sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, c->biases + channel));
      sum = _mm512_min_ps(_mm512_max_ps(sum, lowest), highest);
      _mm512_mask_storeu_ps((float *)(void *)at.output + channel, mask, sum);
    }
    dc_cursor_advance(&at, w, 0);
  }
}
#endif
