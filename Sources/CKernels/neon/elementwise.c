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
  for (int32_t row = 0; row < m->rows; row++)
    for (int32_t i = 0; i < m->count; i += 16) {
      const int32_t left = m->count - i;
      const uint8x16_t a = load_bytes(DC_INPUT(m, uint8_t, row) + i, left);
      const uint8x16_t b = load_bytes(DC_OTHER(m, uint8_t, row) + i, left);
      store_bytes(DC_OUTPUT(m, uint8_t, row) + i, sum_of_codes(a, b, &m->rule), left);
    }
}

/* A table of 256 bytes is 16 registers, four of which a tbl or tbx looks up at once. */
void dc_neon_lookup_u8u8_1x16(const dc_map *m) {
  uint8x16x4_t table[4];
  UNROLLED for (int q = 0; q < 4; q++) table[q] = vld1q_u8_x4(m->table + 64 * q);
  for (int32_t row = 0; row < m->rows; row++)
    for (int32_t i = 0; i < m->count; i += 16) {
      const int32_t left = m->count - i;
      uint8x16_t index = load_bytes(DC_INPUT(m, uint8_t, row) + i, left);
      uint8x16_t codes = vqtbl4q_u8(table[0], index);
      UNROLLED for (int q = 1; q < 4; q++) {
        index = vsubq_u8(index, vdupq_n_u8(64));
        codes = vqtbx4q_u8(codes, table[q], index);
      }
      store_bytes(DC_OUTPUT(m, uint8_t, row) + i, codes, left);
    }
}
#endif
