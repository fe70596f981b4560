/* NEON: convolution of u8 codes with weights of two levels; cnt counts the bits of bytes. */
#if defined(__aarch64__)
#define DC_ISA neon
#define DC_TARGET
#define DC_TILE 2x16
#include "../shared/names.h"
#include "neon.h"

enum { most_tile = 2 };

/* Words whose ones a byte can hold: 31 times 8. */
enum { most_words = 31 };

DC_ALWAYS_INLINE uint64_t word_of(const uint8_t *codes, int32_t count, int32_t bit) {
  static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  uint8_t all[64];
  if (count < 64) {
    __builtin_memset(all, 0, 64);
    __builtin_memcpy(all, codes, (size_t)count);
    codes = all;
  }
  const uint8x16_t wanted = vdupq_n_u8((uint8_t)(1 << bit)), place = vld1q_u8(places);
  uint8x16_t bits[4];
  UNROLLED for (int i = 0; i < 4; i++) bits[i] = vandq_u8(vtstq_u8(vld1q_u8(codes + 16 * i), wanted), place);
  /* Eight bytes of one bit each add up to one. */
  const uint8x16_t pairs = vpaddq_u8(vpaddq_u8(bits[0], bits[1]), vpaddq_u8(bits[2], bits[3]));
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)), 0);
}

DC_ALWAYS_INLINE void count_matches(const int pixels, int32_t words, const uint64_t *bits, const uint64_t *data,
                                    int32_t bit, int32_t *counts) {
  uint64x2_t sums[8 * most_tile];
  UNROLLED for (int i = 0; i < 8 * pixels; i++) sums[i] = vdupq_n_u64(0);
  for (int32_t begin = 0; begin < words; begin += most_words) {
    const int32_t end = dc_minimum(begin + most_words, words);
    uint8x16_t bytes[8 * most_tile];
    UNROLLED for (int i = 0; i < 8 * pixels; i++) bytes[i] = vdupq_n_u8(0);
    for (int32_t word = begin; word < end; word++, data += 16)
      UNROLLED for (int q = 0; q < 8; q++) {
        const uint64x2_t weights = vld1q_u64(data + 2 * q);
        UNROLLED for (int p = 0; p < pixels; p++) {
          const uint64x2_t met = vandq_u64(weights, vdupq_n_u64(bits[p * words + word]));
          bytes[8 * p + q] = vaddq_u8(bytes[8 * p + q], vcntq_u8(vreinterpretq_u8_u64(met)));
        }
      }
    UNROLLED for (int i = 0; i < 8 * pixels; i++)
      sums[i] = vpadalq_u32(sums[i], vpaddlq_u16(vpaddlq_u8(bytes[i])));
  }
  const int32x4_t shift = vdupq_n_s32(bit);
  UNROLLED for (int i = 0; i < 8 * pixels; i += 2) {
    const uint32x4_t four = vcombine_u32(vmovn_u64(sums[i]), vmovn_u64(sums[i + 1]));
    int32_t *to = counts + 2 * i;
    vst1q_s32(to, vaddq_s32(vld1q_s32(to), vshlq_s32(vreinterpretq_s32_u32(four), shift)));
  }
}

#include "../shared/binary.h"
#endif
