/* Products of u8 and s8 with dot products of s8: codes go less 128, and sums begin with 128 times the weights.
   The includer has included neon.h. */
enum { quarter_registers = 1 }; /* of sums of 4 outputs */
#define DC_SUMS_HAVE_START 1

/* Codes as they are multiplied. */
DC_NEON_INLINE uint8x16_t signed_codes(uint8x16_t codes) { return veorq_u8(codes, vdupq_n_u8(0x80)); }

/* Adds 4 x 4 products to the sums of 4 outputs. */
DC_NEON_INLINE void add_products(int32x4_t sums[1], uint8x16_t codes, int8x16_t weights) {
  sums[0] = vdotq_s32(sums[0], vreinterpretq_s8_u8(codes), weights);
}

/* Adds 4 x 4 products of codes with weights plus 128. */
DC_NEON_INLINE void add_raised(int32x4_t sums[1], uint8x16_t codes, uint8x16_t weights) {
  sums[0] = vreinterpretq_s32_u32(vdotq_u32(vreinterpretq_u32_s32(sums[0]), codes, weights));
}

/* The sums of 4 outputs. */
DC_NEON_INLINE int32x4_t whole_sums(const int32x4_t sums[1]) { return sums[0]; }

/* Adds 128 times the weights of 4 outputs to what their sums begin with. */
DC_NEON_INLINE int32x4_t add_start(int32x4_t start, int8x16_t weights) {
  return vsubq_s32(start, vdotq_s32(vdupq_n_s32(0), weights, vdupq_n_s8(-128)));
}

#if defined(DC_WANTS_TILES)

enum { most_pixels = DC_MOST_PIXELS, most_blocks = 4 };

DC_NEON_INLINE int start_sums(const dc_window *w, const int8_t *weights, int32_t *start) {
  int32x4_t sums[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
  const int8_t *end = weights + dc_block_byte_count(w, 1);
  for (; weights != end; weights += 64)
    UNROLLED for (int o = 0; o < 4; o++) sums[o] = vdotq_s32(sums[o], vld1q_s8(weights + 16 * o), vdupq_n_s8(1));
  UNROLLED for (int o = 0; o < 4; o++) vst1q_s32(start + 4 * o, vshlq_n_s32(sums[o], 7));
  return w->segmentLength % 16 == 0;
}

/* Adds the products of the four codes in a lane. */
#define DC_ADD_LANE(lane) \
  UNROLLED for (int o = 0; o < 4; o++) { \
    const int8x16_t weight = vld1q_s8(weights + 64 * lane + 16 * o); \
    UNROLLED for (int p = 0; p < pixels; p++) \
        acc[p * 4 + o] = vdotq_laneq_s32(acc[p * 4 + o], weight, codes[p], lane); \
  }

DC_NEON_INLINE void sum_tile(const int pixels, const int plain, const dc_window *w, const uint8_t *const *at,
                             const int8_t *weights, const int32_t *start, int32_t *sums) {
  int32x4_t acc[most_pixels * 4];
  const uint8_t *input[most_pixels];
  UNROLLED for (int p = 0; p < pixels; p++) input[p] = at[p];
  UNROLLED for (int i = 0; i < pixels * 4; i++) acc[i] = vld1q_s32(start + i % 4 * 4);
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    const ptrdiff_t end = i + w->segmentLength;
    int8x16_t codes[most_pixels];
    for (; end - i >= 16; i += 16, weights += 256) {
      UNROLLED for (int p = 0; p < pixels; p++) codes[p] = vreinterpretq_s8_u8(signed_codes(vld1q_u8(input[p] + i)));
      DC_ADD_LANE(0) DC_ADD_LANE(1) DC_ADD_LANE(2) DC_ADD_LANE(3)
    }
    if (plain || i == end) continue;
    const int32_t left = (int32_t)(end - i);
    UNROLLED for (int p = 0; p < pixels; p++)
      codes[p] = vreinterpretq_s8_u8(signed_codes(load_words(input[p] + i, left)));
    DC_ADD_LANE(0)
    if (left > 4) { DC_ADD_LANE(1) }
    if (left > 8) { DC_ADD_LANE(2) }
    weights += left * 16;
  }
  UNROLLED for (int i = 0; i < pixels * 4; i++) vst1q_s32(sums + 4 * i, acc[i]);
}
#undef DC_ADD_LANE

/* One pixel goes the other way round: weights plus 128, as u8, and 128 times the codes are taken off at the end. So no
   weight is read twice. */
#define DC_ADD_LANE(lane) \
  UNROLLED for (int o = 0; o < blocks * 4; o++) { \
    const int8x16_t weight = vld1q_s8(weights + 64 * lane + o / 4 * blockStride + o % 4 * 16); \
    acc[o] = vdotq_laneq_u32(acc[o], signed_codes(vreinterpretq_u8_s8(weight)), codes, lane); \
  } \
  total = vdotq_laneq_u32(total, vdupq_n_u8(128), codes, lane);

DC_NEON_INLINE void sum_pixel(const int blocks, const dc_window *w, const uint8_t *input, const int8_t *weights,
                              ptrdiff_t blockStride, int32_t *sums) {
  uint32x4_t acc[most_blocks * 4];
  uint32x4_t total = vdupq_n_u32(0);
  UNROLLED for (int i = 0; i < blocks * 4; i++) acc[i] = vdupq_n_u32(0);
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    const ptrdiff_t end = i + w->segmentLength;
    for (; end - i >= 16; i += 16, weights += 256) {
      const uint8x16_t codes = vld1q_u8(input + i);
      DC_ADD_LANE(0) DC_ADD_LANE(1) DC_ADD_LANE(2) DC_ADD_LANE(3)
    }
    for (; i != end; i += 4, weights += 64) {
      const uint8x16_t codes = vreinterpretq_u8_u32(vdupq_n_u32(four_bytes(input + i)));
      DC_ADD_LANE(0)
    }
  }
  UNROLLED for (int o = 0; o < blocks * 4; o++)
    vst1q_s32(sums + 4 * o, vreinterpretq_s32_u32(vsubq_u32(acc[o], total)));
}
#undef DC_ADD_LANE

#endif
