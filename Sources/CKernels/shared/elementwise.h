/* Elementwise operations and reorderings, as loops that a compiler vectorizes: one source for several instruction sets.
   The includer defines DC_TARGET (attributes), DC_NAME(operation, types, tile), DC_TILE_32 and DC_TILE_INTERLEAVE, and
   DC_HAS_OWN_ADD, DC_HAS_OWN_INTERLEAVE where codes are added or interleaved elsewhere. */
#include "common.h"

#define DC_INPUT(m, type, row) ((const type *)(const void *)((const uint8_t *)(m)->input + (row) * (m)->inputRowStride))
#define DC_OTHER(m, type, row) ((const type *)(const void *)((const uint8_t *)(m)->other + (row) * (m)->otherRowStride))
#define DC_OUTPUT(m, type, row) ((type *)(void *)((uint8_t *)(m)->output + (row) * (m)->outputRowStride))

#define DC_MAP(operation, types, tile, in, out, expression) \
  DC_TARGET void DC_NAME(operation, types, tile)(const dc_map *m) { \
    for (int32_t row = 0; row < m->rows; row++) { \
      const in *a = DC_INPUT(m, in, row); \
      out *y = DC_OUTPUT(m, out, row); \
      DC_MAP_VALUES(m) \
      for (int32_t i = 0; i < count; i++) y[i] = expression; \
    } \
  }

#define DC_MAP2(operation, types, tile, in, out, expression) \
  DC_TARGET void DC_NAME(operation, types, tile)(const dc_map *m) { \
    for (int32_t row = 0; row < m->rows; row++) { \
      const in *a = DC_INPUT(m, in, row), *b = DC_OTHER(m, in, row); \
      out *y = DC_OUTPUT(m, out, row); \
      DC_MAP_VALUES(m) \
      for (int32_t i = 0; i < count; i++) y[i] = expression; \
    } \
  }

/* Held in locals, so that a store to the output cannot change them. */
#define DC_MAP_VALUES(m) \
  const float scale = (m)->scale, lowest = (m)->lowest, highest = (m)->highest; \
  const int32_t zeroPoint = (m)->zeroPoint, count = (m)->count; \
  const dc_sum_rule rule = (m)->rule; \
  (void)scale, (void)lowest, (void)highest, (void)zeroPoint, (void)rule;

#if !defined(DC_HAS_OWN_ADD)
DC_MAP2(add, u8u8u8, DC_TILE_32, uint8_t, uint8_t, dc_sum_codes(&rule, a[i], b[i]))
#endif
DC_MAP(quantize, f32u8, DC_TILE_32, float, uint8_t, dc_quantize(a[i], scale, zeroPoint))
DC_MAP(dequantize, u8f32, DC_TILE_32, uint8_t, float, (float)((int32_t)a[i] - zeroPoint) * scale)
DC_MAP2(add, f32f32f32, DC_TILE_32, float, float, dc_clamp(a[i] + b[i], lowest, highest))
DC_MAP2(mul, f32f32f32, DC_TILE_32, float, float, dc_clamp(a[i] * b[i], lowest, highest))
DC_MAP(clamp, f32f32, DC_TILE_32, float, float, dc_clamp(a[i], lowest, highest))

#if !defined(DC_HAS_OWN_INTERLEAVE)
/* 64 columns of up to four planes at a time are quantized, then brought together in a word for each pixel. */
DC_TARGET void DC_NAME(interleave, f32u8, DC_TILE_INTERLEAVE)(const dc_reordering *r) {
  const float scale = r->scale;
  const int32_t zeroPoint = r->zeroPoint;
  const ptrdiff_t stride = r->pixelColumnStride;
  for (int32_t row = 0; row < r->rows; row++)
    for (int32_t column = 0; column < r->columns; column += 64)
      for (int32_t channel = 0; channel < r->channels; channel += 4) {
        int32_t count = dc_minimum(64, r->columns - column), channels = dc_minimum(4, r->channels - channel);
        uint8_t *pixels = (uint8_t *)r->output + row * r->pixelRowStride + column * stride + channel;
        uint32_t words[64] = {0};
        for (int32_t c = 0; c < channels; c++) {
          const uint8_t *line = (const uint8_t *)r->input + (channel + c) * r->planeStride + row * r->planeRowStride;
          const float *plane = (const float *)(const void *)line + column;
          for (int32_t x = 0; x < count; x++)
            words[x] |= (uint32_t)dc_quantize(plane[x], scale, zeroPoint) << (8 * c);
        }
        /* A word of 4 bytes may reach into the next pixel, if that is written after it: the last is written exactly. */
        int32_t whole = channels == 4 ? count : stride == channels ? count - 1 - (channels < 3) * 2 : 0;
        int32_t x = 0;
        for (; x < whole; x++) __builtin_memcpy(pixels + x * stride, &words[x], 4);
        for (; x < count; x++)
          for (int32_t c = 0; c < channels; c++) pixels[x * stride + c] = (uint8_t)(words[x] >> (8 * c));
      }
}
#endif

#undef DC_MAP
#undef DC_MAP2
