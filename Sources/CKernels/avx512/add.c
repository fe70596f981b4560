/* AVX-512: the sum of two maps of codes. */
#if defined(__x86_64__)
#include "avx512.h"

DC_AVX512 void dc_avx512_add_u8u8u8_1x64(const dc_map *m) {
  const addition16 rule = addition16_of(&m->rule);
  const __m512i lowest = _mm512_set1_epi8((char)m->rule.lowest), highest = _mm512_set1_epi8((char)m->rule.highest);
  for (int32_t row = 0; row < m->rows; row++) {
    const uint8_t *input = (const uint8_t *)m->input + row * m->inputRowStride;
    const uint8_t *other = (const uint8_t *)m->other + row * m->otherRowStride;
    uint8_t *output = (uint8_t *)m->output + row * m->outputRowStride;
    int32_t i = 0;
    if (rule.isShort)
      for (; i < m->count; i += 64) {
        __mmask64 mask = first64(m->count - i);
        __m512i sums = sum64(_mm512_maskz_loadu_epi8(mask, input + i), _mm512_maskz_loadu_epi8(mask, other + i), rule);
        _mm512_mask_storeu_epi8(output + i, mask, _mm512_min_epu8(_mm512_max_epu8(sums, lowest), highest));
      }
    for (; i < m->count; i += 16) {
      __mmask16 mask = first16(m->count - i);
      __m512i a = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, input + i));
      __m512i b = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, other + i));
      _mm_mask_storeu_epi8(output + i, mask, _mm512_cvtepi32_epi8(sum_of_codes(a, b, rule)));
    }
  }
}
#endif
