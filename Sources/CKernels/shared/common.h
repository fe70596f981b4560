/* What the kernels of all instruction sets share: where a pixel lies, and the arithmetic of one value. */
#ifndef DC_COMMON_H
#define DC_COMMON_H

#include "../include/dc_kernels.h"

/* A product and a sum stay two roundings, on every processor. */
#pragma STDC FP_CONTRACT OFF

#define DC_ALWAYS_INLINE static inline __attribute__((always_inline, unused))

DC_ALWAYS_INLINE int32_t dc_minimum(int32_t a, int32_t b) { return a < b ? a : b; }

DC_ALWAYS_INLINE int32_t dc_maximum(int32_t a, int32_t b) { return a > b ? a : b; }

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

/* A rule for the sum of two maps in products of 16 bits, for instructions that add up pairs of them.

   Codes have 8 bits, so 16-bit halves of the multipliers do: with M = high * 2^16 + low, and the offset split likewise,

     (a * Ma + b * Mb + offset) >> 16 = a * highA + b * highB + highOffset + ((a * lowA + b * lowB + lowOffset) >> 16)

   is exact in 32 bits. Holds for shifts of 16...47 and offsets below 2^45; rules that want more go the long way.

   Where multipliers have 16 bits once the zeros at the end of all numbers are left out, one pair of products is all. */
typedef struct dc_short_sum {
  int32_t lowMultipliers, highMultipliers; /* A below, B above */
  int32_t lowOffset, highOffset;
  int32_t wordMultipliers, wordOffset, wordShift; /* the same, of rules of 16 bits */
  int isWord, isShort;
} dc_short_sum;

DC_ALWAYS_INLINE int32_t dc_pair(int64_t low, int64_t high) {
  return (int32_t)((uint32_t)high << 16 | (uint16_t)low);
}

DC_ALWAYS_INLINE dc_short_sum dc_short_sum_of(const dc_sum_rule *r) {
  const int32_t lowA = (int16_t)r->multiplierA, lowB = (int16_t)r->multiplierB;
  const int64_t highA = ((int64_t)r->multiplierA - lowA) >> 16, highB = ((int64_t)r->multiplierB - lowB) >> 16;
  const int64_t highOffset = r->offset >> 16;
  /* The numbers without zeros at their end. */
  const uint64_t bits = (uint64_t)r->offset | (uint32_t)r->multiplierA | (uint32_t)r->multiplierB;
  const int32_t zeros = dc_minimum(r->shift, bits ? __builtin_ctzll(bits) : 0);
  const int32_t A = r->multiplierA >> zeros, B = r->multiplierB >> zeros;
  const int64_t offset = r->offset >> zeros, most = (int64_t)1 << 30; /* products stay below 2^24 */
  dc_short_sum s;
  s.isWord = A == (int16_t)A && B == (int16_t)B && offset < most && offset > -most && r->shift - zeros <= 31;
  s.isShort = s.isWord || (r->shift >= 16 && r->shift <= 47 && highA < 32768 && highB < 32768 &&
                           highOffset < (1 << 29) && highOffset > -(1 << 29));
  s.lowMultipliers = dc_pair(lowA, lowB), s.highMultipliers = dc_pair(highA, highB);
  s.lowOffset = (int32_t)(r->offset & 0xffff), s.highOffset = (int32_t)highOffset;
  s.wordMultipliers = dc_pair(A, B), s.wordOffset = (int32_t)offset, s.wordShift = r->shift - zeros;
  return s;
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

/* Where a weight of 8 bits of the filters stands. */
DC_ALWAYS_INLINE const int8_t *dc_weight_at(const dc_filters *f, int32_t output, int32_t row, int32_t column,
                                            int32_t channel) {
  return (const int8_t *)f->weights + output * f->outputStride + row * f->rowStride + column * f->columnStride +
         channel * f->channelStride;
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
