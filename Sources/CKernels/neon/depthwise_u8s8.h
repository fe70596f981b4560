/* Depthwise convolution of u8 codes in 128 bits, 16 channels at a time: one source for NEON, dot and matrix products.

   The codes of four taps are interleaved byte by byte, so that each 32-bit lane holds four taps of one channel. The
   includer defines DC_TARGET, DC_NAME, DC_TILE and the products (see convolution_u8s8.h). */
#include "neon.h"

/* Four registers of codes, 4 channels of 4 taps each. */
DC_NEON_INLINE void weave(const uint8x16_t tap[4], uint8x16_t quarter[4]) {
  const uint16x8_t a = vreinterpretq_u16_u8(vzip1q_u8(tap[0], tap[1])), b = vreinterpretq_u16_u8(vzip1q_u8(tap[2], tap[3]));
  const uint16x8_t c = vreinterpretq_u16_u8(vzip2q_u8(tap[0], tap[1])), d = vreinterpretq_u16_u8(vzip2q_u8(tap[2], tap[3]));
  quarter[0] = vreinterpretq_u8_u16(vzip1q_u16(a, b)), quarter[1] = vreinterpretq_u8_u16(vzip2q_u16(a, b));
  quarter[2] = vreinterpretq_u8_u16(vzip1q_u16(c, d)), quarter[3] = vreinterpretq_u8_u16(vzip2q_u16(c, d));
}

/* `channels` channels of all pixels, at most 16. */
DC_NEON_INLINE void convolve_channels(const dc_convolution *c, int32_t channel, const int32_t channels) {
  const dc_window window = c->window, *w = &window; /* copies, which a store to the output cannot change */
  const dc_requantization rule = c->requantization;
  const int32_t taps = w->segmentCount, groups = (taps + 3) / 4;
  const int8_t *block = (const int8_t *)c->weights + dc_depthwise_index(channel, 0, groups);
  int32x4_t start[4];
  UNROLLED for (int q = 0; q < 4; q++) {
    start[q] = vdupq_n_s32(0);
    for (int32_t g = 0; g < groups; g++) start[q] = add_start(start[q], vld1q_s8(block + g * 256 + q * 64));
  }
  dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin);
  for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) {
    const int8_t *weights = block;
    const uint8_t *input = at.input + channel;
    int32x4_t acc[4][quarter_registers], sums[4];
    UNROLLED for (int q = 0; q < 4; q++)
      UNROLLED for (int r = 0; r < quarter_registers; r++) acc[q][r] = vdupq_n_s32(0);
    for (int32_t tap = 0; tap < taps; tap += 4, weights += 256) {
      const ptrdiff_t *offset = w->segmentOffsets + tap;
      uint8x16_t four[4], quarter[4];
      if (taps - tap >= 4) {
        UNROLLED for (int t = 0; t < 4; t++) four[t] = load_bytes(input + offset[t], channels);
      } else {
        /* The weights of taps that are not there are 0. */
        UNROLLED for (int t = 0; t < 4; t++)
          four[t] = tap + t < taps ? load_bytes(input + offset[t], channels) : vdupq_n_u8(0);
      }
      weave(four, quarter);
      UNROLLED for (int q = 0; q < 4; q++) add_products(acc[q], signed_codes(quarter[q]), vld1q_s8(weights + q * 64));
    }
    UNROLLED for (int q = 0; q < 4; q++) sums[q] = vaddq_s32(whole_sums(acc[q]), start[q]);
    store_bytes(at.output + channel, requantized16(sums, &rule, channel), channels);
    dc_cursor_advance(&at, w, 0);
  }
}

DC_TARGET void DC_NAME(depthwise, u8s8u8, DC_TILE)(const dc_convolution *c) {
  int32_t channel = c->window.channelBegin;
  for (; channel + 16 <= c->window.channelEnd; channel += 16) convolve_channels(c, channel, 16);
  if (channel + 8 == c->window.channelEnd) convolve_channels(c, channel, 8);
  else if (channel < c->window.channelEnd) convolve_channels(c, channel, c->window.channelEnd - channel);
}
