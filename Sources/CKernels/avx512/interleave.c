/* AVX-512: planes of values to pixels of codes.

   The codes of 16 columns of up to four planes come together in a word a pixel; where a pixel is a word, or three bytes,
   the words are stored at once. */
#if defined(__x86_64__)
#include "avx512.h"

/* The codes of 16 values, in 32-bit lanes; dc_quantize() says how. */
DC_AVX512_INLINE __m512i quantized16(const float *values, __mmask16 mask, __m512 scale, int32_t zeroPoint) {
  const __m512 lowest = _mm512_set1_ps((float)-zeroPoint), highest = _mm512_set1_ps((float)(255 - zeroPoint));
  const __m512 steps = _mm512_div_ps(_mm512_maskz_loadu_ps(mask, values), scale);
  const __m512 numbers = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(steps, steps, _CMP_ORD_Q), steps);
  const __m512 clamped = _mm512_min_ps(_mm512_max_ps(numbers, lowest), highest);
  const __m512i codes = _mm512_cvt_roundps_epi32(clamped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  return _mm512_add_epi32(codes, _mm512_set1_epi32(zeroPoint));
}

/* Stores the lower `channels` bytes of `count` words, at most 16. */
DC_AVX512_INLINE void store_pixels(uint8_t *pixels, ptrdiff_t stride, int32_t channels, int32_t count, __m512i words) {
  if (stride == 4 && channels == 4) {
    _mm512_mask_storeu_epi32(pixels, first16(count), words);
    return;
  }
  if (stride == 3 && channels == 3) {
    const __m128i three = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    const __m512i order = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 3, 3, 3);
    const __m512i bytes = _mm512_shuffle_epi8(words, _mm512_broadcast_i32x4(three));
    _mm512_mask_storeu_epi8(pixels, first64(count * 3), _mm512_permutexvar_epi32(order, bytes));
    return;
  }
  uint32_t word[16];
  _mm512_storeu_si512(word, words);
  for (int32_t x = 0; x < count; x++)
    for (int32_t c = 0; c < channels; c++) pixels[x * stride + c] = (uint8_t)(word[x] >> (8 * c));
}

DC_AVX512 void dc_avx512_interleave_f32u8_1x16(const dc_reordering *r) {
  const __m512 scale = _mm512_set1_ps(r->scale);
  for (int32_t row = 0; row < r->rows; row++)
    for (int32_t channel = 0; channel < r->channels; channel += 4) {
      const int32_t channels = dc_minimum(4, r->channels - channel);
      const uint8_t *line = (const uint8_t *)r->input + channel * r->planeStride + row * r->planeRowStride;
      uint8_t *pixels = (uint8_t *)r->output + row * r->pixelRowStride + channel;
      for (int32_t column = 0; column < r->columns; column += 16) {
        const int32_t count = dc_minimum(16, r->columns - column);
        __m512i words = _mm512_setzero_si512();
        for (int32_t c = channels; c-- > 0;) {
          const float *plane = (const float *)(const void *)(line + c * r->planeStride) + column;
          words = _mm512_or_si512(_mm512_slli_epi32(words, 8), quantized16(plane, first16(count), scale, r->zeroPoint));
        }
        store_pixels(pixels + column * r->pixelColumnStride, r->pixelColumnStride, channels, count, words);
      }
    }
}
#endif
