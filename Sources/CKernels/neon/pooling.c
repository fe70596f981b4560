/* NEON: pooling. */
#if defined(__aarch64__)
#define DC_ISA neon
#define DC_TARGET
#define DC_TILE_8 1x32
#define DC_POOL_8 32
#define DC_TILE_32 1x16
#define DC_POOL_32 16
#define DC_HAS_OWN_MEAN_CODES 1
#include "../shared/names.h"
#include "neon.h"

/* The means of n channels, at most 16. */
DC_NEON_INLINE void mean_codes(const dc_pooling *p, dc_cursor at, int32_t channel, int32_t n) {
  const dc_window *w = &p->window;
  const uint8_t *input = at.input + channel;
  uint32x4_t sums[4];
  UNROLLED for (int i = 0; i < 4; i++) sums[i] = vdupq_n_u32(0);
  for (int32_t tap = 0; tap < w->segmentCount;) {
    /* 257 codes fit in 16 bits. */
    const int32_t end = dc_minimum(w->segmentCount, tap + 257);
    uint16x8_t low = vdupq_n_u16(0), high = low;
    for (; tap < end; tap++) {
      const uint8x16_t codes = load_bytes(input + w->segmentOffsets[tap], n);
      low = vaddw_u8(low, vget_low_u8(codes)), high = vaddw_high_u8(high, codes);
    }
    sums[0] = vaddw_u16(sums[0], vget_low_u16(low)), sums[1] = vaddw_high_u16(sums[1], low);
    sums[2] = vaddw_u16(sums[2], vget_low_u16(high)), sums[3] = vaddw_high_u16(sums[3], high);
  }
  const int32x2_t multiplier = vdup_n_s32(p->requantization.multipliers[0]);
  const int64x2_t offset = vdupq_n_s64(p->requantization.offsets[0]);
  int64x2_t wide[8];
  UNROLLED for (int i = 0; i < 4; i++) {
    const int32x4_t sum = vreinterpretq_s32_u32(sums[i]);
    wide[2 * i] = vmlal_s32(offset, vget_low_s32(sum), multiplier);
    wide[2 * i + 1] = vmlal_s32(offset, vget_high_s32(sum), multiplier);
  }
  const dc_requantization *q = &p->requantization;
  store_bytes(at.output + channel, narrowed16(wide, q->shift, q->lowest, q->highest), n);
}

#include "../shared/pooling.h"
#endif
