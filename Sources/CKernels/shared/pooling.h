/* Pooling, DC_POOL channels at a time in arrays that a compiler keeps in registers: one source for several instruction
   sets. The includer defines DC_TARGET, DC_NAME(operation, types, tile), DC_TILE_8 and DC_POOL_8, DC_TILE_32 and
   DC_POOL_32 (channels at a time, and that as a tile), and DC_HAS_OWN_MAXPOOL or DC_HAS_OWN_MEAN_CODES where the
   greatest is found, or codes are averaged, elsewhere. */
#include "common.h"

/* Calls `chunk` with the constant width for whole groups of channels, and with what is left of the last. */
#define DC_POOLING(operation, types, tile, width, chunk) \
  DC_TARGET void DC_NAME(operation, types, tile)(const dc_pooling *p) { \
    const dc_window *w = &p->window; \
    dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin); \
    for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) { \
      int32_t channel = w->channelBegin; \
      for (; channel + width <= w->channelEnd; channel += width) chunk(p, at, channel, width); \
      if (channel < w->channelEnd) chunk(p, at, channel, w->channelEnd - channel); \
      dc_cursor_advance(&at, w, 0); \
    } \
  }

#if !defined(DC_HAS_OWN_MAXPOOL)
DC_ALWAYS_INLINE DC_TARGET void greatest_codes(const dc_pooling *p, dc_cursor at, int32_t channel, int32_t n) {
  uint8_t best[DC_POOL_8] = {0};
  for (int32_t tap = 0; tap < p->window.segmentCount; tap++) {
    const uint8_t *codes = at.input + p->window.segmentOffsets[tap] + channel;
    for (int32_t i = 0; i < n; i++) best[i] = codes[i] > best[i] ? codes[i] : best[i];
  }
  for (int32_t i = 0; i < n; i++) at.output[channel + i] = best[i];
}
#endif

#if !defined(DC_HAS_OWN_MEAN_CODES)
DC_ALWAYS_INLINE DC_TARGET void mean_codes(const dc_pooling *p, dc_cursor at, int32_t channel, int32_t n) {
  int32_t sums[DC_POOL_32] = {0};
  for (int32_t tap = 0; tap < p->window.segmentCount; tap++) {
    const uint8_t *codes = at.input + p->window.segmentOffsets[tap] + channel;
    for (int32_t i = 0; i < n; i++) sums[i] += codes[i];
  }
  const int64_t multiplier = p->requantization.multipliers[0], offset = p->requantization.offsets[0];
  const int32_t shift = p->requantization.shift;
  const uint8_t lowest = p->requantization.lowest, highest = p->requantization.highest;
  for (int32_t i = 0; i < n; i++)
    at.output[channel + i] = dc_narrow(sums[i] * multiplier + offset, shift, lowest, highest);
}
#endif

#if !defined(DC_HAS_OWN_MAXPOOL)
DC_ALWAYS_INLINE DC_TARGET void greatest_values(const dc_pooling *p, dc_cursor at, int32_t channel, int32_t n) {
  float best[DC_POOL_32];
  const float *first = (const float *)(const void *)(at.input + p->window.segmentOffsets[0]) + channel;
  for (int32_t i = 0; i < n; i++) best[i] = first[i];
  for (int32_t tap = 1; tap < p->window.segmentCount; tap++) {
    const float *values = (const float *)(const void *)(at.input + p->window.segmentOffsets[tap]) + channel;
    for (int32_t i = 0; i < n; i++) best[i] = values[i] > best[i] ? values[i] : best[i];
  }
  float *output = (float *)(void *)at.output + channel;
  for (int32_t i = 0; i < n; i++) output[i] = best[i];
}
#endif

DC_ALWAYS_INLINE DC_TARGET void mean_values(const dc_pooling *p, dc_cursor at, int32_t channel, int32_t n) {
  float sums[DC_POOL_32] = {0};
  for (int32_t tap = 0; tap < p->window.segmentCount; tap++) {
    const float *values = (const float *)(const void *)(at.input + p->window.segmentOffsets[tap]) + channel;
    for (int32_t i = 0; i < n; i++) sums[i] += values[i];
  }
  const float divisor = p->divisor;
  float *output = (float *)(void *)at.output + channel;
  for (int32_t i = 0; i < n; i++) output[i] = sums[i] / divisor;
}

#if !defined(DC_HAS_OWN_MAXPOOL)
DC_POOLING(maxpool, u8u8, DC_TILE_8, DC_POOL_8, greatest_codes)
DC_POOLING(maxpool, f32f32, DC_TILE_32, DC_POOL_32, greatest_values)
#endif
DC_POOLING(avgpool, u8u8, DC_TILE_32, DC_POOL_32, mean_codes)
DC_POOLING(avgpool, f32f32, DC_TILE_32, DC_POOL_32, mean_values)

#undef DC_POOLING
