/* NEON: convolution that adds up codes at listed places, 16 side by side. */
#if defined(__aarch64__)
#define DC_ISA neon
#define DC_TARGET
#define DC_TILE 192x1
#define DC_MOST_VECTORS 12
#include "../shared/names.h"
#include "neon.h"

enum { vector_bytes = 16, most_vectors = DC_MOST_VECTORS };

typedef uint8x16_t bytes;

DC_NEON_INLINE bytes zip_low(bytes a, bytes b) { return vzip1q_u8(a, b); }

DC_NEON_INLINE bytes zip_high(bytes a, bytes b) { return vzip2q_u8(a, b); }

DC_NEON_INLINE bytes load_lanes(const uint8_t *p, ptrdiff_t d) {
  (void)d; /* there is one */
  return vld1q_u8(p);
}

DC_NEON_INLINE void store_lanes(uint8_t *p, ptrdiff_t d, bytes v) {
  (void)d;
  vst1q_u8(p, v);
}

typedef struct pair {
  uint16x8_t low, high;
} pair;

typedef struct rule {
  int16_t levels[2];
  int32x2_t multiplier;
  int64x2_t offset;
  const dc_requantization *q;
} rule;

typedef dc_sum_rule sum_rule;

DC_NEON_INLINE sum_rule sum_rule_of(const dc_sum_rule *r) { return *r; }

DC_NEON_INLINE pair add_codes(pair sums, const uint8_t *p) {
  const uint8x16_t codes = vld1q_u8(p);
  sums.low = vaddw_u8(sums.low, vget_low_u8(codes));
  sums.high = vaddw_high_u8(sums.high, codes);
  return sums;
}

DC_NEON_INLINE rule rule_at(const dc_convolution *c, const dc_added *a, int32_t channel) {
  const dc_requantization *q = &c->requantization;
  return (rule){{a->levels[0], a->levels[1]}, vdup_n_s32(q->multipliers[channel]), vdupq_n_s64(q->offsets[channel]), q};
}

typedef struct wide {
  int32x4_t sums[4];
} wide;

/* 4 of the sums. */
DC_NEON_INLINE int32x4_t widened(uint16x4_t first, uint16x4_t second, const rule *r) {
  const int32x4_t sums = vmull_n_s16(vreinterpret_s16_u16(first), r->levels[0]);
  return vmlal_n_s16(sums, vreinterpret_s16_u16(second), r->levels[1]);
}

DC_NEON_INLINE wide widen(pair first, pair second, const rule *r) {
  return (wide){{widened(vget_low_u16(first.low), vget_low_u16(second.low), r),
                 widened(vget_high_u16(first.low), vget_high_u16(second.low), r),
                 widened(vget_low_u16(first.high), vget_low_u16(second.high), r),
                 widened(vget_high_u16(first.high), vget_high_u16(second.high), r)}};
}

DC_NEON_INLINE wide add_wide(wide a, wide b) {
  UNROLLED for (int i = 0; i < 4; i++) a.sums[i] = vaddq_s32(a.sums[i], b.sums[i]);
  return a;
}

DC_NEON_INLINE void finish(wide w, const rule *r, uint8_t *to) {
  int64x2_t numbers[8];
  UNROLLED for (int i = 0; i < 4; i++) {
    numbers[2 * i] = vmlal_s32(r->offset, vget_low_s32(w.sums[i]), r->multiplier);
    numbers[2 * i + 1] = vmlal_s32(r->offset, vget_high_s32(w.sums[i]), r->multiplier);
  }
  vst1q_u8(to, narrowed16(numbers, r->q->shift, r->q->lowest, r->q->highest));
}

DC_NEON_INLINE void add_run(uint8_t *codes, const uint8_t *others, int32_t count, const sum_rule *rule) {
  for (int32_t i = 0; i < count; i += 16)
    vst1q_u8(codes + i, sum_of_codes(vld1q_u8(codes + i), vld1q_u8(others + i), rule));
}

#include "../shared/additions.h"
#endif
