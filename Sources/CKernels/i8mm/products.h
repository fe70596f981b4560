/* Products of u8 and s8 with the instructions for both: usdot, and usmmla, which multiplies 2 x 8 codes with 8 x 2
   weights. The includer has included neon.h. */
enum { quarter_registers = 1 }; /* of sums of 4 outputs */
#define DC_SUMS_HAVE_START 0

/* Codes as they are multiplied. */
DC_NEON_INLINE uint8x16_t signed_codes(uint8x16_t codes) { return codes; }

/* Adds 4 x 4 products to the sums of 4 outputs. */
DC_NEON_INLINE void add_products(int32x4_t sums[1], uint8x16_t codes, int8x16_t weights) {
  sums[0] = vusdotq_s32(sums[0], codes, weights);
}

/* Adds 4 x 4 products of codes with weights as they are. */
DC_NEON_INLINE void add_raised(int32x4_t sums[1], uint8x16_t codes, uint8x16_t weights) {
  add_products(sums, codes, vreinterpretq_s8_u8(weights));
}

/* The sums of 4 outputs. */
DC_NEON_INLINE int32x4_t whole_sums(const int32x4_t sums[1]) { return sums[0]; }

/* Sums begin with 0. */
DC_NEON_INLINE int32x4_t add_start(int32x4_t start, int8x16_t weights) {
  (void)weights;
  return start;
}

#if defined(DC_WANTS_TILES)

enum { most_pixels = DC_MOST_PIXELS, most_blocks = 4 };

DC_NEON_INLINE int start_sums(const dc_window *w, const int8_t *weights, int32_t *start) {
  (void)weights, (void)start;
  return w->segmentLength % 8 == 0;
}

/* The sums of pixels by matrix products, for segments of whole 8 codes. A register of codes is a pair of pixels, one of
   weights a pair of outputs: packed are four codes' weights of four outputs, and vzip brings eight of two together. An
   odd number of pixels takes the last one twice. */
DC_NEON_INLINE void sum_pairs(const int pixels, const dc_window *w, const uint8_t *const *at, const int8_t *weights,
                              int32_t *sums) {
  const int pairs = (pixels + 1) / 2;
  int32x4_t acc[most_pixels * 4];
  const uint8_t *input[most_pixels];
  UNROLLED for (int p = 0; p < pairs * 2; p++) input[p] = at[p < pixels ? p : pixels - 1];
  UNROLLED for (int i = 0; i < pairs * 8; i++) acc[i] = vdupq_n_s32(0);
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    const ptrdiff_t end = i + w->segmentLength;
    for (; end - i >= 8; i += 8, weights += 128) {
      uint8x16_t codes[most_pixels / 2];
      UNROLLED for (int p = 0; p < pairs; p++)
        codes[p] = vcombine_u8(vld1_u8(input[2 * p] + i), vld1_u8(input[2 * p + 1] + i));
      UNROLLED for (int o = 0; o < 4; o++) {
        const int32x4_t first = vreinterpretq_s32_s8(vld1q_s8(weights + 16 * o));
        const int32x4_t second = vreinterpretq_s32_s8(vld1q_s8(weights + 64 + 16 * o));
        const int8x16_t low = vreinterpretq_s8_s32(vzip1q_s32(first, second));
        const int8x16_t high = vreinterpretq_s8_s32(vzip2q_s32(first, second));
        UNROLLED for (int p = 0; p < pairs; p++) {
          acc[p * 8 + o * 2] = vusmmlaq_s32(acc[p * 8 + o * 2], codes[p], low);
          acc[p * 8 + o * 2 + 1] = vusmmlaq_s32(acc[p * 8 + o * 2 + 1], codes[p], high);
        }
      }
    }
  }
  UNROLLED for (int p = 0; p < pixels; p++)
    UNROLLED for (int o = 0; o < 4; o++) {
      const int64x2_t a = vreinterpretq_s64_s32(acc[p / 2 * 8 + o * 2]);
      const int64x2_t b = vreinterpretq_s64_s32(acc[p / 2 * 8 + o * 2 + 1]);
      vst1q_s32(sums + p * 16 + o * 4, vreinterpretq_s32_s64(p % 2 ? vzip2q_s64(a, b) : vzip1q_s64(a, b)));
    }
}

#define DC_ADD_LANE(lane) \
  UNROLLED for (int o = 0; o < 4; o++) { \
    const int8x16_t weight = vld1q_s8(weights + 64 * lane + 16 * o); \
    UNROLLED for (int p = 0; p < pixels; p++) \
        acc[p * 4 + o] = vsudotq_laneq_s32(acc[p * 4 + o], weight, codes[p], lane); \
  }

/* The sums of pixels by dot products, for segments of any length. */
DC_NEON_INLINE void sum_dots(const int pixels, const dc_window *w, const uint8_t *const *at, const int8_t *weights,
                             int32_t *sums) {
  int32x4_t acc[most_pixels * 4];
  UNROLLED for (int i = 0; i < pixels * 4; i++) acc[i] = vdupq_n_s32(0);
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    const ptrdiff_t end = i + w->segmentLength;
    uint8x16_t codes[most_pixels];
    for (; end - i >= 16; i += 16, weights += 256) {
      UNROLLED for (int p = 0; p < pixels; p++) codes[p] = vld1q_u8(at[p] + i);
      DC_ADD_LANE(0) DC_ADD_LANE(1) DC_ADD_LANE(2) DC_ADD_LANE(3)
    }
    if (i == end) continue;
    const int32_t left = (int32_t)(end - i);
    UNROLLED for (int p = 0; p < pixels; p++) codes[p] = load_words(at[p] + i, left);
    DC_ADD_LANE(0)
    if (left > 4) { DC_ADD_LANE(1) }
    if (left > 8) { DC_ADD_LANE(2) }
    weights += left * 16;
  }
  UNROLLED for (int i = 0; i < pixels * 4; i++) vst1q_s32(sums + 4 * i, acc[i]);
}
#undef DC_ADD_LANE

DC_NEON_INLINE void sum_tile(const int pixels, const int plain, const dc_window *w, const uint8_t *const *at,
                             const int8_t *weights, const int32_t *start, int32_t *sums) {
  (void)start;
  if (plain) sum_pairs(pixels, w, at, weights, sums);
  else sum_dots(pixels, w, at, weights, sums);
}

#define DC_ADD_LANE(lane) \
  UNROLLED for (int o = 0; o < blocks * 4; o++) { \
    const int8x16_t weight = vld1q_s8(weights + 64 * lane + o / 4 * blockStride + o % 4 * 16); \
    acc[o] = vsudotq_laneq_s32(acc[o], weight, codes, lane); \
  }

DC_NEON_INLINE void sum_pixel(const int blocks, const dc_window *w, const uint8_t *input, const int8_t *weights,
                              ptrdiff_t blockStride, int32_t *sums) {
  int32x4_t acc[most_blocks * 4];
  UNROLLED for (int i = 0; i < blocks * 4; i++) acc[i] = vdupq_n_s32(0);
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
  UNROLLED for (int o = 0; o < blocks * 4; o++) vst1q_s32(sums + 4 * o, acc[o]);
}
#undef DC_ADD_LANE

#endif
