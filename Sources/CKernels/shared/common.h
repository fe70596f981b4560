/* What the kernels of all instruction sets share: where a pixel lies, and the arithmetic of one value. */
#ifndef DC_COMMON_H
#define DC_COMMON_H

#include "../include/dc_kernels.h"

/* A product and a sum stay two roundings, on every processor. */
#pragma STDC FP_CONTRACT OFF

#define DC_ALWAYS_INLINE static inline __attribute__((always_inline, unused))

DC_ALWAYS_INLINE int32_t dc_minimum(int32_t a, int32_t b) { return a < b ? a : b; }

/* clamp(wide >> shift), where wide already holds the rounding term. */
DC_ALWAYS_INLINE uint8_t dc_narrow(int64_t wide, int32_t shift, uint8_t lowest, uint8_t highest) {
  int64_t code = wide >> shift;
  return (uint8_t)(code < lowest ? lowest : code > highest ? highest : code);
}

/* The code of one sum. */
DC_ALWAYS_INLINE uint8_t dc_requantize(const dc_requantization *q, int32_t channel, int32_t sum) {
  int64_t wide = (int64_t)sum * q->multipliers[channel] + q->offsets[channel];
  return dc_narrow(wide, q->shift, q->lowest, q->highest);
}

/* The code of a * multiplierA + b * multiplierB. */
DC_ALWAYS_INLINE uint8_t dc_sum_codes(const dc_sum_rule *r, uint8_t a, uint8_t b) {
  int64_t wide = (int64_t)a * r->multiplierA + (int64_t)b * r->multiplierB + r->offset;
  return dc_narrow(wide, r->shift, r->lowest, r->highest);
}

/* The limits of a real value; a NaN becomes the lowest. */
DC_ALWAYS_INLINE float dc_clamp(float x, float lowest, float highest) {
  float raised = x > lowest ? x : lowest;
  return raised < highest ? raised : highest;
}

/* clamp(rint(x / scale) + zeroPoint, 0, 255), half to even; a NaN counts as 0.

   Clamping comes first, which changes nothing, as the limits are whole numbers; adding 3 * 2^22 then leaves no bits
   for a fraction, so the addition rounds. Needs no library, and vectorizes. */
DC_ALWAYS_INLINE uint8_t dc_quantize(float x, float scale, int32_t zeroPoint) {
  float steps = x / scale;
  float code = dc_clamp(steps == steps ? steps : 0.0f, (float)-zeroPoint, (float)(255 - zeroPoint));
  float rounded = (code + 12582912.0f) - 12582912.0f;
  return (uint8_t)((int32_t)rounded + zeroPoint);
}

/* Walks over the output pixels from a given one on. */
typedef struct dc_cursor {
  const uint8_t *input; /* the window */
  uint8_t *output;      /* channel 0 */
  const uint8_t *residual;
  int32_t column;
} dc_cursor;

DC_ALWAYS_INLINE dc_cursor dc_cursor_at(const dc_window *w, const dc_residual *r, int32_t pixel) {
  int32_t row = pixel / w->columns, column = pixel - row * w->columns;
  dc_cursor c;
  c.input = (const uint8_t *)w->input + row * w->inputRowStride + column * w->inputColumnStride;
  c.output = (uint8_t *)w->output + row * w->outputRowStride + column * w->outputColumnStride;
  c.residual = r && r->input ? (const uint8_t *)r->input + row * r->rowStride + column * r->columnStride : 0;
  c.column = column;
  return c;
}

DC_ALWAYS_INLINE void dc_cursor_advance(dc_cursor *c, const dc_window *w, const dc_residual *r) {
  c->column += 1;
  int ends = c->column == w->columns;
  c->column = ends ? 0 : c->column;
  int32_t back = ends ? w->columns - 1 : 0;
  c->input += ends ? w->inputRowStride - back * w->inputColumnStride : w->inputColumnStride;
  c->output += ends ? w->outputRowStride - back * w->outputColumnStride : w->outputColumnStride;
  if (r && c->residual) c->residual += ends ? r->rowStride - back * r->columnStride : r->columnStride;
}

/* Goes on by n pixels, at most those that are left of the row. */
DC_ALWAYS_INLINE void dc_cursor_skip(dc_cursor *c, int32_t n, const dc_window *w, const dc_residual *r) {
  c->column += n, c->input += n * w->inputColumnStride, c->output += n * w->outputColumnStride;
  if (r && c->residual) c->residual += n * r->columnStride;
  if (c->column < w->columns) return;
  c->column = 0;
  c->input += w->inputRowStride - w->columns * w->inputColumnStride;
  c->output += w->outputRowStride - w->columns * w->outputColumnStride;
  if (r && c->residual) c->residual += r->rowStride - w->columns * r->columnStride;
}

/* Bytes of packed weights of one block of 16 outputs. */
DC_ALWAYS_INLINE ptrdiff_t dc_block_byte_count(const dc_window *w, ptrdiff_t elementByteCount) {
  return (ptrdiff_t)w->segmentCount * w->segmentLength * DC_CHANNEL_BLOCK * elementByteCount;
}

/* Bytes of one block of 16 outputs of weights of few levels. */
DC_ALWAYS_INLINE ptrdiff_t dc_leveled_block_byte_count(const dc_window *w, int32_t bits) {
  const int32_t steps = 8 / bits;
  return (ptrdiff_t)w->segmentCount * ((w->segmentLength / 4 + steps - 1) / steps) * 64;
}

/* The first byte of channel c's weights in a depthwise packing (dc_kernels.h has the layout). */
DC_ALWAYS_INLINE ptrdiff_t dc_depthwise_index(int32_t channel, int32_t tap, int32_t groups) {
  ptrdiff_t at = (ptrdiff_t)(channel / 64) * groups + tap / 4;
  at = (at * 4 + channel / 4 % 4) * 4 + channel / 16 % 4;
  return (at * 4 + channel % 4) * 4 + tap % 4;
}

#endif
