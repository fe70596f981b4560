/* AVX2: the sum of two maps of codes. */
#if defined(__x86_64__)
#define DC_TARGET __attribute__((target("avx2,fma")))
#include "avx2.h"

DC_TARGET void dc_avx2_add_u8u8u8_1x16(const dc_map *m) {
  const addition8 rule = addition8_of(&m->rule);
  for (int32_t row = 0; row < m->rows; row++) {
    const uint8_t *input = (const uint8_t *)m->input + row * m->inputRowStride;
    const uint8_t *other = (const uint8_t *)m->other + row * m->otherRowStride;
    uint8_t *output = (uint8_t *)m->output + row * m->outputRowStride;
    for (int32_t i = 0; i < m->count; i += 16) {
      const int32_t n = m->count - i;
      store_bytes(output + i, sum_of_bytes(load_bytes(input + i, n), load_bytes(other + i, n), &rule), n);
    }
  }
}
#endif
