/* AVX-512 VBMI: a table of 256 bytes is four registers, and two permutations look 64 codes up. */
#if defined(__x86_64__)
#include "../shared/common.h"

#include <immintrin.h>

__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi")))
void dc_avx512vbmi_lookup_u8u8_1x64(const dc_map *m) {
  __m512i t0 = _mm512_loadu_si512(m->table), t1 = _mm512_loadu_si512(m->table + 64);
  __m512i t2 = _mm512_loadu_si512(m->table + 128), t3 = _mm512_loadu_si512(m->table + 192);
  for (int32_t row = 0; row < m->rows; row++) {
    const uint8_t *input = (const uint8_t *)m->input + row * m->inputRowStride;
    uint8_t *output = (uint8_t *)m->output + row * m->outputRowStride;
    for (int32_t i = 0; i < m->count; i += 64) {
      __mmask64 mask = m->count - i >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (m->count - i)) - 1;
      __m512i codes = _mm512_maskz_loadu_epi8(mask, input + i);
      __m512i low = _mm512_permutex2var_epi8(t0, codes, t1), high = _mm512_permutex2var_epi8(t2, codes, t3);
      _mm512_mask_storeu_epi8(output + i, mask, _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(codes), high));
    }
  }
}
#endif
