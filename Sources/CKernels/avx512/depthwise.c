/* AVX-512: depthwise convolution.

   u8: 64 channels at a time. The codes of four taps are interleaved byte by byte, so that each 32-bit lane holds four
   taps of one channel, and vpdpbusd adds up their products. Interleaving works within 128 bits, so sum q holds the channels
   16 l + 4 q ..< 16 l + 4 q + 4 in its quarter l; packed weights and the rule are in that order, and packing the
   codes to bytes undoes it.

   A map of 4, 8, 16 or 32 channels is taken as one of 64 when pixels of input and output lie close together: then a
   run of pixels is a run of bytes. */
#if defined(__x86_64__)
#include "avx512.h"

/* The rules of 64 channels, in the order of the four sums. */
typedef struct rule64 {
  rule16 rules[4];
} rule64;

/* Multipliers and offsets of channels first..<first + 64; when there are fewer than 64, `period` of them are repeated. */
DC_AVX512_INLINE rule64 rule64_at(const dc_requantization *q, int32_t first, int32_t count, int32_t period) {
  int32_t multipliers[64];
  int64_t offsets[64];
  for (int32_t i = 0; i < 64; i++) {
    int32_t sum = i / 16, quarter = i / 4 % 4;
    int32_t channel = (quarter * 16 + sum * 4 + i % 4) % period;
    int32_t source = channel < count ? first + channel : first;
    multipliers[i] = q->multipliers[source], offsets[i] = q->offsets[source];
  }
  rule64 r;
  for (int s = 0; s < 4; s++)
    r.rules[s] = rule16_of(_mm512_loadu_si512(multipliers + s * 16), _mm512_loadu_si512(offsets + s * 16),
                           _mm512_loadu_si512(offsets + s * 16 + 8));
  return r;
}

/* The codes of one run of 64 channels, `mask` of them. */
DC_AVX512_INLINE void depthwise64(const dc_window *w, const uint8_t *input, const int8_t *weights, const rule64 *rule,
                                  limits16 limits, __mmask64 mask, uint8_t *output) {
  __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0;
  const int32_t taps = w->segmentCount;
  for (int32_t tap = 0; tap < taps; tap += 4, weights += 256) {
    const ptrdiff_t *offset = w->segmentOffsets + tap;
    __m512i a = _mm512_maskz_loadu_epi8(mask, input + offset[0]), b = _mm512_setzero_si512(), c = b, d = b;
    if (tap + 1 < taps) b = _mm512_maskz_loadu_epi8(mask, input + offset[1]);
    if (tap + 2 < taps) c = _mm512_maskz_loadu_epi8(mask, input + offset[2]);
    if (tap + 3 < taps) d = _mm512_maskz_loadu_epi8(mask, input + offset[3]);
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
                     w->inputColumnStride == channels && w->outputColumnStride == channels;
  for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel += 64) {
    const int8_t *weights = (const int8_t *)c->weights + channel / 64 * chunkByteCount;
    int32_t left = w->channelEnd - channel;
    rule64 rule = rule64_at(&c->requantization, channel, left, joined ? channels : 64);
    dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin);
    for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd;) {
      if (!joined) {
        depthwise64(w, at.input + channel, weights, &rule, limits, first64(left), at.output + channel);
        dc_cursor_advance(&at, w, 0);
        pixel += 1;
        continue;
      }
      /* What is left of the row, 64 bytes at a time. */
      int32_t columns = dc_minimum(w->columns - at.column, w->pixelEnd - pixel);
      for (int32_t i = 0; i < columns * channels; i += 64)
        depthwise64(w, at.input + i, weights, &rule, limits, first64(columns * channels - i), at.output + i);
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
