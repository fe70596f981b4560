/* Planes to pixels and back, and look-up tables, in plain C. */
#include "../shared/common.h"

/* Runs `body` for every row of every plane: `plane` is its first element, `pixel` the same channel of the row's first
   pixel, in the types of the two sides. */
#define FOR_EACH_ROW(r, planar, planes, interleaved, pixels, body) \
  for (int32_t row = 0; row < (r)->rows; row++) \
    for (int32_t channel = 0; channel < (r)->channels; channel++) { \
      const int32_t columns = (r)->columns; \
      const ptrdiff_t stride = (r)->pixelColumnStride / (ptrdiff_t)sizeof(interleaved); \
      planar *plane = (planar *)(planes) + channel * (r)->planeStride / (ptrdiff_t)sizeof(planar) + \
                      row * (r)->planeRowStride / (ptrdiff_t)sizeof(planar); \
      interleaved *pixel = (interleaved *)(pixels) + channel + \
                           row * (r)->pixelRowStride / (ptrdiff_t)sizeof(interleaved); \
      for (int32_t x = 0; x < columns; x++) body; \
    }

void dc_scalar_interleave_f32f32_1x1(const dc_reordering *r) {
  FOR_EACH_ROW(r, const float, r->input, float, r->output, pixel[x * stride] = plane[x])
}

void dc_scalar_interleave_u8u8_1x1(const dc_reordering *r) {
  FOR_EACH_ROW(r, const uint8_t, r->input, uint8_t, r->output, pixel[x * stride] = plane[x])
}

void dc_scalar_deinterleave_f32f32_1x1(const dc_reordering *r) {
  FOR_EACH_ROW(r, float, r->output, const float, r->input, plane[x] = pixel[x * stride])
}

void dc_scalar_deinterleave_u8u8_1x1(const dc_reordering *r) {
  FOR_EACH_ROW(r, uint8_t, r->output, const uint8_t, r->input, plane[x] = pixel[x * stride])
}

void dc_scalar_deinterleave_u8f32_1x1(const dc_reordering *r) {
  const float scale = r->scale;
  const int32_t zeroPoint = r->zeroPoint;
  FOR_EACH_ROW(r, float, r->output, const uint8_t, r->input, plane[x] = (float)(pixel[x * stride] - zeroPoint) * scale)
}

void dc_scalar_lookup_u8u8_1x1(const dc_map *m) {
  for (int32_t row = 0; row < m->rows; row++) {
    const uint8_t *input = (const uint8_t *)m->input + row * m->inputRowStride;
    uint8_t *output = (uint8_t *)m->output + row * m->outputRowStride;
    for (int32_t i = 0; i < m->count; i++) output[i] = m->table[input[i]];
  }
}
