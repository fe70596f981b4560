/* Elementwise operations and reorderings, as loops that a compiler vectorizes: one source for several instruction sets.
   The includer defines DC_TARGET (attributes) and DC_NAME(operation, types, tile). */
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
      for (int32_t i = 0; i < m->count; i++) y[i] = expression; \
    } \
  }

#define DC_MAP2(operation, types, tile, in, out, expression) \
  DC_TARGET void DC_NAME(operation, types, tile)(const dc_map *m) { \
    for (int32_t row = 0; row < m->rows; row++) { \
      const in *a = DC_INPUT(m, in, row), *b = DC_OTHER(m, in, row); \
      out *y = DC_OUTPUT(m, out, row); \
      DC_MAP_VALUES(m) \
      for (int32_t i = 0; i < m->count; i++) y[i] = expression; \
    } \
  }

/* Held in locals, so that a store to the output cannot change them. */
#define DC_MAP_VALUES(m) \
  const float scale = (m)->scale, lowest = (m)->lowest, highest = (m)->highest; \
  const int32_t zeroPoint = (m)->zeroPoint; \
  const dc_sum_rule rule = (m)->rule; \
  (void)scale, (void)lowest, (void)highest, (void)zeroPoint, (void)rule;

DC_MAP2(add, u8u8u8, DC_TILE_32, uint8_t, uint8_t, dc_sum_codes(&rule, a[i], b[i]))
DC_MAP(quantize, f32u8, DC_TILE_32, float, uint8_t, dc_quantize(a[i], scale, zeroPoint))
DC_MAP(dequantize, u8f32, DC_TILE_32, uint8_t, float, (float)((int32_t)a[i] - zeroPoint) * scale)
DC_MAP2(add, f32f32f32, DC_TILE_32, float, float, dc_clamp(a[i] + b[i], lowest, highest))
DC_MAP2(mul, f32f32f32, DC_TILE_32, float, float, dc_clamp(a[i] * b[i], lowest, highest))
DC_MAP(clamp, f32f32, DC_TILE_32, float, float, dc_clamp(a[i], lowest, highest))

/* 64 columns of a plane at a time are quantized, then spread over their pixels. */
DC_TARGET void DC_NAME(interleave, f32u8, DC_TILE_INTERLEAVE)(const dc_reordering *r) {
  const float scale = r->scale;
  const int32_t zeroPoint = r->zeroPoint;
  const ptrdiff_t stride = r->pixelColumnStride;
  for (int32_t row = 0; row < r->rows; row++)
    for (int32_t column = 0; column < r->columns; column += 64) {
      int32_t count = dc_minimum(64, r->columns - column);
      for (int32_t channel = 0; channel < r->channels; channel++) {
        const float *plane = (const float *)(const void *)((const uint8_t *)r->input + channel * r->planeStride +
                                                           row * r->planeRowStride) + column;
        uint8_t *pixels = (uint8_t *)r->output + row * r->pixelRowStride + column * stride + channel;
        uint8_t codes[64];
        for (int32_t x = 0; x < count; x++) codes[x] = dc_quantize(plane[x], scale, zeroPoint);
        for (int32_t x = 0; x < count; x++) pixels[x * stride] = codes[x];
      }
    }
}

#undef DC_MAP
#undef DC_MAP2
