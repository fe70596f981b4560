/* NEON: elementwise operations. */
#if defined(__aarch64__)
#define DC_ISA neon
#define DC_TARGET
#define DC_TILE_32 1x8
#define DC_TILE_INTERLEAVE 1x64
#define DC_HAS_OWN_ADD 1
#include "../shared/names.h"
#include "../shared/elementwise.h"
#include "neon.h"

void dc_neon_add_u8u8u8_1x16(const dc_map *m) {
  const dc_sum_rule rule = m->rule;
  const int32_t rows = m->rows, count = m->count;
  for (int32_t row = 0; row < rows; row++) {
    const uint8_t *a = DC_INPUT(m, uint8_t, row), *b = DC_OTHER(m, uint8_t, row);
    uint8_t *y = DC_OUTPUT(m, uint8_t, row);
    int32_t i = 0;
    for (; count - i >= 16; i += 16) vst1q_u8(y + i, sum_of_codes(vld1q_u8(a + i), vld1q_u8(b + i), &rule));
    if (i == count) continue;
    const int32_t left = count - i;
    store_bytes(y + i, sum_of_codes(load_bytes(a + i, left), load_bytes(b + i, left), &rule), left);
  }
}

/* A table of 256 bytes is 16 registers, four of which a tbl or tbx looks up at once. */
DC_NEON_INLINE uint8x16_t looked_up(const uint8x16x4_t table[4], uint8x16_t index) {
  uint8x16_t codes = vqtbl4q_u8(table[0], index);
  UNROLLED for (int q = 1; q < 4; q++) {
    index = vsubq_u8(index, vdupq_n_u8(64));
    codes = vqtbx4q_u8(codes, table[q], index);
  }
  return codes;
}

void dc_neon_lookup_u8u8_1x16(const dc_map *m) {
  const int32_t rows = m->rows, count = m->count;
  uint8x16x4_t table[4];
  UNROLLED for (int q = 0; q < 4; q++) table[q] = vld1q_u8_x4(m->table + 64 * q);
  for (int32_t row = 0; row < rows; row++) {
    const uint8_t *input = DC_INPUT(m, uint8_t, row);
    uint8_t *output = DC_OUTPUT(m, uint8_t, row);
    int32_t i = 0;
    for (; count - i >= 16; i += 16) vst1q_u8(output + i, looked_up(table, vld1q_u8(input + i)));
    if (i < count) store_bytes(output + i, looked_up(table, load_bytes(input + i, count - i)), count - i);
  }
}
#endif
