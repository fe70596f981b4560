/* Products of u8 and s8 in plain NEON, exact. The includer has included neon.h.

   Codes go less 128, as s8: vmull multiplies, vmlal adds a second product in the same 16 bits, and vpadal adds pairs of
   those to sums of 32 bits. What the sums lack, 128 times the weights, they begin with. Two products overflow 16 bits
   in one case, twice -128 * -128: where a block has a weight of -128, each product goes alone. */
enum { quarter_registers = 2 }; /* of sums of 4 outputs */
#define DC_SUMS_HAVE_START 1

/* Codes as they are multiplied. */
DC_NEON_INLINE uint8x16_t signed_codes(uint8x16_t codes) { return veorq_u8(codes, vdupq_n_u8(0x80)); }

/* Adds 4 x 4 products to the two registers of sums of 4 outputs. */
DC_NEON_INLINE void add_products(int32x4_t sums[2], uint8x16_t codes, int8x16_t weights) {
  const int8x16_t values = vreinterpretq_s8_u8(codes);
  sums[0] = vpadalq_s16(sums[0], vmull_s8(vget_low_s8(values), vget_low_s8(weights)));
  sums[1] = vpadalq_s16(sums[1], vmull_high_s8(values, weights));
}

/* Adds 4 x 4 products of codes with weights plus 128. */
DC_NEON_INLINE void add_raised(int32x4_t sums[2], uint8x16_t codes, uint8x16_t weights) {
  const uint16x8_t low = vmull_u8(vget_low_u8(codes), vget_low_u8(weights)), high = vmull_high_u8(codes, weights);
  sums[0] = vreinterpretq_s32_u32(vpadalq_u16(vreinterpretq_u32_s32(sums[0]), low));
  sums[1] = vreinterpretq_s32_u32(vpadalq_u16(vreinterpretq_u32_s32(sums[1]), high));
}

/* The sums of 4 outputs. */
DC_NEON_INLINE int32x4_t whole_sums(const int32x4_t sums[2]) { return vpaddq_s32(sums[0], sums[1]); }

/* Adds 128 times the weights of 4 outputs to what their sums begin with. */
DC_NEON_INLINE int32x4_t add_start(int32x4_t start, int8x16_t weights) {
  return vaddq_s32(start, vshll_n_s16(vpadd_s16(vget_low_s16(vpaddlq_s8(weights)), vget_high_s16(vpaddlq_s8(weights))), 7));
}

#if defined(DC_WANTS_TILES)

enum { most_pixels = DC_MOST_PIXELS, most_blocks = 2 };

DC_NEON_INLINE int start_sums(const dc_window *w, const int8_t *weights, int32_t *start) {
  int32x4_t sums[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
  int8x16_t least = vdupq_n_s8(0);
  const int8_t *end = weights + dc_block_byte_count(w, 1);
  for (; weights != end; weights += 64)
    UNROLLED for (int o = 0; o < 4; o++) {
      const int8x16_t v = vld1q_s8(weights + 16 * o);
      sums[o] = vpadalq_s16(sums[o], vpaddlq_s8(v));
      least = vminq_s8(least, v);
    }
  UNROLLED for (int o = 0; o < 4; o++) vst1q_s32(start + 4 * o, vshlq_n_s32(sums[o], 7));
  return vminvq_s8(least) > -128;
}

/* Four codes in every lane. */
DC_NEON_INLINE int8x16_t four_codes(uint32x4_t codes, const int lane) {
  return vreinterpretq_s8_u32(vdupq_n_u32(codes[lane]));
}

/* Adds the products of 2 x 4 codes. */
DC_NEON_INLINE void add_eight(const int pixels, const int plain, int32x4_t *acc, const int8x16_t first[most_pixels],
                              const int8x16_t second[most_pixels], const int8_t *weights) {
  UNROLLED for (int o = 0; o < 4; o++) {
    const int8x16_t a = vld1q_s8(weights + 16 * o), b = vld1q_s8(weights + 64 + 16 * o);
    UNROLLED for (int p = 0; p < pixels; p++) {
      int32x4_t *sums = acc + p * 8 + o * 2;
      if (plain) {
        const int16x8_t low = vmull_s8(vget_low_s8(first[p]), vget_low_s8(a)), high = vmull_high_s8(first[p], a);
        sums[0] = vpadalq_s16(sums[0], vmlal_s8(low, vget_low_s8(second[p]), vget_low_s8(b)));
        sums[1] = vpadalq_s16(sums[1], vmlal_high_s8(high, second[p], b));
      } else {
        add_products(sums, vreinterpretq_u8_s8(first[p]), a);
        add_products(sums, vreinterpretq_u8_s8(second[p]), b);
      }
    }
  }
}

DC_NEON_INLINE void sum_tile(const int pixels, const int plain, const dc_window *w, const uint8_t *const *at,
                             const int8_t *weights, const int32_t *start, int32_t *sums) {
  int32x4_t acc[most_pixels * 8];
  const uint8_t *input[most_pixels];
  UNROLLED for (int p = 0; p < pixels; p++) input[p] = at[p];
  UNROLLED for (int i = 0; i < pixels * 8; i++) acc[i] = vdupq_n_s32(0);
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    const ptrdiff_t end = i + w->segmentLength;
    for (; end - i >= 16; i += 16, weights += 256) {
      uint32x4_t codes[most_pixels];
      int8x16_t first[most_pixels], second[most_pixels];
      UNROLLED for (int p = 0; p < pixels; p++) codes[p] = vreinterpretq_u32_u8(signed_codes(vld1q_u8(input[p] + i)));
      UNROLLED for (int half = 0; half < 2; half++) {
        UNROLLED for (int p = 0; p < pixels; p++) {
          first[p] = four_codes(codes[p], 2 * half);
          second[p] = four_codes(codes[p], 2 * half + 1);
        }
        add_eight(pixels, plain, acc, first, second, weights + 128 * half);
      }
    }
    for (; i != end; i += 4, weights += 64) {
      uint8x16_t codes[most_pixels];
      UNROLLED for (int p = 0; p < pixels; p++)
        codes[p] = signed_codes(vreinterpretq_u8_u32(vdupq_n_u32(four_bytes(input[p] + i))));
      UNROLLED for (int o = 0; o < 4; o++) {
        const int8x16_t weight = vld1q_s8(weights + 16 * o);
        UNROLLED for (int p = 0; p < pixels; p++) add_products(acc + p * 8 + o * 2, codes[p], weight);
      }
    }
  }
  UNROLLED for (int i = 0; i < pixels * 4; i++)
    vst1q_s32(sums + 4 * i, vaddq_s32(whole_sums(acc + 2 * i), vld1q_s32(start + i % 4 * 4)));
}

/* One pixel goes the other way round: weights plus 128, as u8, and 128 times the codes are taken off at the end. So no
   weight is read twice. */
DC_NEON_INLINE void sum_pixel(const int blocks, const dc_window *w, const uint8_t *input, const int8_t *weights,
                              ptrdiff_t blockStride, int32_t *sums) {
  uint32x4_t acc[most_blocks * 8];
  uint32x4_t total = vdupq_n_u32(0);
  UNROLLED for (int i = 0; i < blocks * 8; i++) acc[i] = vdupq_n_u32(0);
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    const ptrdiff_t end = i + w->segmentLength;
    for (; i != end; i += 4, weights += 64) {
      const uint8x16_t codes = vreinterpretq_u8_u32(vdupq_n_u32(four_bytes(input + i)));
      total = vpadalq_u16(total, vpaddlq_u8(codes));
      UNROLLED for (int o = 0; o < blocks * 4; o++) {
        const int8_t *from = weights + o / 4 * blockStride + o % 4 * 16;
        const uint8x16_t raised = signed_codes(vreinterpretq_u8_s8(vld1q_s8(from)));
        acc[2 * o] = vpadalq_u16(acc[2 * o], vmull_u8(vget_low_u8(codes), vget_low_u8(raised)));
        acc[2 * o + 1] = vpadalq_u16(acc[2 * o + 1], vmull_high_u8(codes, raised));
      }
    }
  }
  const int32x4_t excess = vreinterpretq_s32_u32(vshlq_n_u32(total, 7));
  UNROLLED for (int o = 0; o < blocks * 4; o++) {
    const int32x4_t sum = vreinterpretq_s32_u32(vpaddq_u32(acc[2 * o], acc[2 * o + 1]));
    vst1q_s32(sums + 4 * o, vsubq_s32(sum, excess));
  }
}

#endif
