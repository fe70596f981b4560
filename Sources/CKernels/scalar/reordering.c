/* Planes to pixels and back, and look-up tables, in plain C. */
#include "../shared/common.h"

#define PLANE(r, base, channel, row) ((base) + (channel) * (r)->planeStride + (row) * (r)->planeRowStride)
#define PIXEL(r, base, row, column) ((base) + (row) * (r)->pixelRowStride + (column) * (r)->pixelColumnStride)

#define FOR_EACH_ELEMENT(r, body) \
  for (int32_t row = 0; row < (r)->rows; row++) \
    for (int32_t column = 0; column < (r)->columns; column++) \
      for (int32_t channel = 0; channel < (r)->channels; channel++) body;

#define INTERLEAVE(types, type) \
  void dc_scalar_interleave_##types##_1x1(const dc_reordering *r) { \
    FOR_EACH_ELEMENT(r, { \
      const type *plane = (const type *)(const void *)PLANE(r, (const uint8_t *)r->input, channel, row); \
      ((type *)(void *)PIXEL(r, (uint8_t *)r->output, row, column))[channel] = plane[column]; \
    }) \
  } \
  void dc_scalar_deinterleave_##types##_1x1(const dc_reordering *r) { \
    FOR_EACH_ELEMENT(r, { \
      const type *pixel = (const type *)(const void *)PIXEL(r, (const uint8_t *)r->input, row, column); \
      ((type *)(void *)PLANE(r, (uint8_t *)r->output, channel, row))[column] = pixel[channel]; \
    }) \
  }

INTERLEAVE(f32f32, float)
INTERLEAVE(u8u8, uint8_t)

void dc_scalar_deinterleave_u8f32_1x1(const dc_reordering *r) {
  FOR_EACH_ELEMENT(r, {
    int32_t code = PIXEL(r, (const uint8_t *)r->input, row, column)[channel];
    ((float *)(void *)PLANE(r, (uint8_t *)r->output, channel, row))[column] = (float)(code - r->zeroPoint) * r->scale;
  })
}

void dc_scalar_lookup_u8u8_1x1(const dc_map *m) {
  for (int32_t row = 0; row < m->rows; row++) {
    const uint8_t *input = (const uint8_t *)m->input + row * m->inputRowStride;
    uint8_t *output = (uint8_t *)m->output + row * m->outputRowStride;
    for (int32_t i = 0; i < m->count; i++) output[i] = m->table[input[i]];
  }
}
