/* What the AArch64 kernels share: partial loads and stores, and requantization of 16 sums at a time.
   The includer defines DC_TARGET (attributes; none for plain NEON, which every AArch64 has). */
#ifndef DC_NEON_H
#define DC_NEON_H

#include "../shared/common.h"

#include <arm_neon.h>

#define UNROLLED _Pragma("clang loop unroll(full)")
#define DC_NEON_INLINE DC_ALWAYS_INLINE DC_TARGET

/* MARK: Parts of a register */

DC_NEON_INLINE uint64_t eight_bytes(const uint8_t *p) {
  uint64_t v;
  __builtin_memcpy(&v, p, 8);
  return v;
}

DC_NEON_INLINE uint32_t four_bytes(const uint8_t *p) {
  uint32_t v;
  __builtin_memcpy(&v, p, 4);
  return v;
}

/* The first n of 8 bytes, zeros after. */
DC_NEON_INLINE uint64_t load_few_bytes(const uint8_t *p, int32_t n) {
  if (n >= 8) return eight_bytes(p);
  if (n >= 4) return four_bytes(p) | (uint64_t)four_bytes(p + n - 4) << 8 * (n - 4);
  if (n <= 0) return 0;
  return p[0] | (uint64_t)p[n / 2] << 8 * (n / 2) | (uint64_t)p[n - 1] << 8 * (n - 1);
}

/* Loads the first n of 16 bytes, zeros after. */
DC_NEON_INLINE uint8x16_t load_bytes(const uint8_t *p, int32_t n) {
  if (n >= 16) return vld1q_u8(p);
  uint64_t low = load_few_bytes(p, n), high = n > 8 ? load_few_bytes(p + 8, n - 8) : 0;
  return vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high)));
}

/* Loads the first 4, 8 or 12 of 16 bytes, zeros after. */
DC_NEON_INLINE uint8x16_t load_words(const uint8_t *p, int32_t n) {
  const uint64_t low = n == 4 ? four_bytes(p) : eight_bytes(p), high = n == 12 ? four_bytes(p + 8) : 0;
  return vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high)));
}

/* Stores the first n of 16 bytes. */
DC_NEON_INLINE void store_bytes(uint8_t *p, uint8x16_t bytes, int32_t n) {
  if (n >= 16) {
    vst1q_u8(p, bytes);
    return;
  }
  uint64_t left = vgetq_lane_u64(vreinterpretq_u64_u8(bytes), 0);
  if (n >= 8) {
    __builtin_memcpy(p, &left, 8);
    left = vgetq_lane_u64(vreinterpretq_u64_u8(bytes), 1), p += 8, n -= 8;
  }
  if (n >= 4) {
    __builtin_memcpy(p, &left, 4);
    left >>= 32, p += 4, n -= 4;
  }
  for (; n > 0; n--, left >>= 8) *p++ = (uint8_t)left;
}

/* Loads the first n of 4 values, zeros after. */
DC_NEON_INLINE float32x4_t load_values(const float *p, int32_t n) {
  if (n >= 4) return vld1q_f32(p);
  return vreinterpretq_f32_u8(load_bytes((const uint8_t *)p, n * 4));
}

/* Stores the first n of 4 values. */
DC_NEON_INLINE void store_values(float *p, float32x4_t values, int32_t n) {
  if (n >= 4) vst1q_f32(p, values);
  else store_bytes((uint8_t *)p, vreinterpretq_u8_f32(values), n * 4);
}

/* The limits of real values; a NaN becomes the lowest. */
DC_NEON_INLINE float32x4_t clamped(float32x4_t values, float lowest, float highest) {
  return vminnmq_f32(vmaxnmq_f32(values, vdupq_n_f32(lowest)), vdupq_n_f32(highest));
}

/* MARK: Codes */

/* Shifts 16 numbers of 64 bits and clamps them to codes. Saturating on the way changes nothing: a code is smaller. */
DC_NEON_INLINE uint8x16_t narrowed16(const int64x2_t wide[8], int32_t shift, uint8_t lowest, uint8_t highest) {
  int32x4_t words[4];
  if (shift >= 32) {
    const int32x4_t right = vdupq_n_s32(32 - shift); /* low halves are not needed */
    UNROLLED for (int i = 0; i < 4; i++) {
      int32x4_t low = vreinterpretq_s32_s64(wide[2 * i]), high = vreinterpretq_s32_s64(wide[2 * i + 1]);
      words[i] = vshlq_s32(vuzp2q_s32(low, high), right);
    }
  } else {
    const int64x2_t right = vdupq_n_s64(-shift);
    UNROLLED for (int i = 0; i < 4; i++)
      words[i] = vqmovn_high_s64(vqmovn_s64(vshlq_s64(wide[2 * i], right)), vshlq_s64(wide[2 * i + 1], right));
  }
  const uint16x8_t low = vqmovun_high_s32(vqmovun_s32(words[0]), words[1]);
  const uint16x8_t high = vqmovun_high_s32(vqmovun_s32(words[2]), words[3]);
  const uint8x16_t codes = vqmovn_high_u16(vqmovn_u16(low), high);
  return vminq_u8(vmaxq_u8(codes, vdupq_n_u8(lowest)), vdupq_n_u8(highest));
}

/* The codes of the sums of channels channel..<channel + 16. */
DC_NEON_INLINE uint8x16_t requantized16(const int32x4_t sums[4], const dc_requantization *q, int32_t channel) {
  const int32_t *multipliers = q->multipliers + channel;
  const int64_t *offsets = q->offsets + channel;
  int64x2_t wide[8];
  UNROLLED for (int i = 0; i < 4; i++) {
    const int32x4_t m = vld1q_s32(multipliers + 4 * i);
    wide[2 * i] = vmlal_s32(vld1q_s64(offsets + 4 * i), vget_low_s32(sums[i]), vget_low_s32(m));
    wide[2 * i + 1] = vmlal_high_s32(vld1q_s64(offsets + 4 * i + 2), sums[i], m);
  }
  return narrowed16(wide, q->shift, q->lowest, q->highest);
}

/* 16 codes in lanes of 32 bits. */
DC_NEON_INLINE void widen16(uint8x16_t codes, int32x4_t words[4]) {
  const uint16x8_t low = vmovl_u8(vget_low_u8(codes)), high = vmovl_high_u8(codes);
  words[0] = vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(low)));
  words[1] = vreinterpretq_s32_u32(vmovl_high_u16(low));
  words[2] = vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(high)));
  words[3] = vreinterpretq_s32_u32(vmovl_high_u16(high));
}

/* The codes of a * multiplierA + b * multiplierB. */
DC_NEON_INLINE uint8x16_t sum_of_codes(uint8x16_t a, uint8x16_t b, const dc_sum_rule *r) {
  int32x4_t x[4], y[4];
  int64x2_t wide[8];
  widen16(a, x), widen16(b, y);
  const int64x2_t offset = vdupq_n_s64(r->offset);
  const int32x4_t multiplierA = vdupq_n_s32(r->multiplierA), multiplierB = vdupq_n_s32(r->multiplierB);
  UNROLLED for (int i = 0; i < 4; i++) {
    const int64x2_t low = vmlal_s32(offset, vget_low_s32(x[i]), vget_low_s32(multiplierA));
    const int64x2_t high = vmlal_high_s32(offset, x[i], multiplierA);
    wide[2 * i] = vmlal_s32(low, vget_low_s32(y[i]), vget_low_s32(multiplierB));
    wide[2 * i + 1] = vmlal_high_s32(high, y[i], multiplierB);
  }
  return narrowed16(wide, r->shift, r->lowest, r->highest);
}

/* Brings the sums of one pixel and block to their end. */
DC_NEON_INLINE void finish_block(const int wantsCodes, const dc_convolution *c, uint8_t *output, int32_t channel,
                                 const int32_t *sums) {
  const int32_t channels = c->window.channelEnd - channel;
  int32x4_t sum[4];
  UNROLLED for (int q = 0; q < 4; q++) sum[q] = vld1q_s32(sums + 4 * q);
  if (wantsCodes) {
    store_bytes(output + channel, requantized16(sum, &c->requantization, channel), channels);
    return;
  }
  for (int32_t q = 0; q < 4 && q * 4 < channels; q++) {
    const float32x4_t product = vmulq_f32(vcvtq_f32_s32(sum[q]), vld1q_f32(c->scales + channel + 4 * q));
    const float32x4_t value = vaddq_f32(product, vld1q_f32(c->biases + channel + 4 * q));
    store_values((float *)(void *)output + channel + 4 * q, value, channels - 4 * q);
  }
}

#endif
