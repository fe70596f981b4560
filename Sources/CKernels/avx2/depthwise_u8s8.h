/* Depthwise convolution of u8 codes in 256 bits, 16 channels at a time: one source for AVX2 and AVX-VNNI.

   The codes of four taps are interleaved byte by byte, so that each 32-bit lane holds four taps of one channel. The
   includer defines DC_TARGET, DC_NAME, DC_TILE and the products (see convolution_u8s8.h). */
#include "avx2.h"

DC_AVX2_INLINE __m256i two(__m128i low, __m128i high) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

/* The weights of 4 channels and 4 taps at two places of the packed layout. */
DC_AVX2_INLINE weights8 weights8_of_quarters(const int8_t *a, const int8_t *b) {
  return weights8_of(two(_mm_loadu_si128((const __m128i *)(const void *)a),
                         _mm_loadu_si128((const __m128i *)(const void *)b)));
}

/* The first taps of 8 channels, in 32-bit lanes. */
DC_AVX2_INLINE __m256i first_taps(const int8_t *weights) {
  const __m256i all = two(_mm_loadu_si128((const __m128i *)(const void *)weights),
                          _mm_loadu_si128((const __m128i *)(const void *)(weights + 64)));
  return _mm256_srai_epi32(_mm256_slli_epi32(all, 24), 24);
}

/* One tap, as normalizations have that nothing could be folded into; at most 16 channels of all pixels. */
DC_AVX2_INLINE void scale_channels(const dc_convolution *c, int32_t channel, const int32_t channels) {
  const dc_window window = c->window, *w = &window; /* copies, which a store to the output cannot change */
  const dc_requantization q = c->requantization;
  const int8_t *block = (const int8_t *)c->weights + dc_depthwise_index(channel, 0, 1);
  const __m256i lowWeights = first_taps(block), highWeights = first_taps(block + 128);
  const rule8 lowRule = rule8_at(&q, channel), highRule = rule8_at(&q, channel + 8);
  const ptrdiff_t tap = w->segmentOffsets[0] + channel;
  dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin);
  for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) {
    const __m128i codes = load_bytes(at.input + tap, channels);
    /* The upper halves of lanes are 0, and products have 16 bits. */
    const __m256i low = _mm256_madd_epi16(_mm256_cvtepu8_epi32(codes), lowWeights);
    const __m256i high = _mm256_madd_epi16(_mm256_cvtepu8_epi32(_mm_srli_si128(codes, 8)), highWeights);
    const __m128i results = bytes16(requantized8(low, &q, lowRule), requantized8(high, &q, highRule));
    store_bytes(at.output + channel, results, channels);
    dc_cursor_advance(&at, w, 0);
  }
}

DC_TARGET void DC_NAME(depthwise, u8s8u8, DC_TILE)(const dc_convolution *c) {
  const dc_window *w = &c->window;
  const dc_requantization *q = &c->requantization;
  const int32_t taps = w->segmentCount, groups = (taps + 3) / 4;
  if (taps == 1) {
    int32_t channel = w->channelBegin;
    for (; channel + 16 <= w->channelEnd; channel += 16) scale_channels(c, channel, 16);
    if (channel < w->channelEnd) scale_channels(c, channel, w->channelEnd - channel);
    return;
  }
  for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel += 16) {
    const int32_t channels = dc_minimum(16, w->channelEnd - channel);
    const int8_t *block = (const int8_t *)c->weights + dc_depthwise_index(channel, 0, groups);
    rule8 lowRule = rule8_at(q, channel), highRule = rule8_at(q, channel + 8);
    dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin);
    for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) {
      const int8_t *weights = block;
      __m256i low = _mm256_setzero_si256(), high = low;
      for (int32_t tap = 0; tap < taps; tap += 4, weights += 256) {
        const uint8_t *input = at.input + channel;
        const ptrdiff_t *offset = w->segmentOffsets + tap;
        __m128i t0 = load_bytes(input + offset[0], channels), t1 = _mm_setzero_si128(), t2 = t1, t3 = t1;
        if (tap + 1 < taps) t1 = load_bytes(input + offset[1], channels);
        if (tap + 2 < taps) t2 = load_bytes(input + offset[2], channels);
        if (tap + 3 < taps) t3 = load_bytes(input + offset[3], channels);
        __m128i a = _mm_unpacklo_epi8(t0, t1), b = _mm_unpacklo_epi8(t2, t3);
        codes8 codes = codes8_of(two(_mm_unpacklo_epi16(a, b), _mm_unpackhi_epi16(a, b)));
        low = add_products(low, codes, weights8_of_quarters(weights, weights + 64));
        a = _mm_unpackhi_epi8(t0, t1), b = _mm_unpackhi_epi8(t2, t3);
        codes = codes8_of(two(_mm_unpacklo_epi16(a, b), _mm_unpackhi_epi16(a, b)));
        high = add_products(high, codes, weights8_of_quarters(weights + 128, weights + 192));
      }
      store_bytes(at.output + channel, bytes16(requantized8(low, q, lowRule), requantized8(high, q, highRule)), channels);
      dc_cursor_advance(&at, w, 0);
    }
  }
}
