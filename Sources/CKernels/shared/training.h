/* Training: the gradient of filters, and passes of batch normalization, with vectors of 16 values that the compiler
   maps to the registers there are. The includer defines DC_TARGET (attributes), DC_NAME(operation, types, tile),
   DC_TILE and DC_TILE_NAME: elements of a segment that it computes at a time. */
#include "common.h"

/* Products and sums may be fused where the processor can: between instruction sets results differ by rounding. */
#pragma STDC FP_CONTRACT ON

typedef float dc_v16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t dc_m16 __attribute__((vector_size(64)));

/* MARK: Gradient of filters */

/* Sums for `tile` elements of a segment and 16 outputs, of which `width` exist. */
#define DC_FILTER_TILE(tile) \
  DC_TARGET static void DC_NAME(filtergradient, tile, sums)(const dc_filter_gradient *g, const uint8_t *input, \
                                                            const uint8_t *gradient, float *result, \
                                                            ptrdiff_t resultStride, int32_t width) { \
    dc_v16 sums[tile]; \
    for (int e = 0; e < tile; e++) sums[e] = *(const dc_v16 *)(const void *)(result + e * resultStride); \
    for (int32_t row = 0; row < g->rows; row++) { \
      const uint8_t *x = input + row * g->inputRowStride, *dy = gradient + row * g->gradientRowStride; \
      for (int32_t column = 0; column < g->columns; column++) { \
        dc_v16 upstream; \
        if (width == 16) { \
          upstream = *(const dc_v16 *)(const void *)dy; \
        } else { \
          upstream = (dc_v16){0}; \
          for (int32_t lane = 0; lane < width; lane++) upstream[lane] = ((const float *)(const void *)dy)[lane]; \
        } \
        _Pragma("clang loop unroll(full)") for (int e = 0; e < tile; e++) sums[e] += \
            ((const float *)(const void *)x)[e] * upstream; \
        x += g->inputColumnStride, dy += g->gradientColumnStride; \
      } \
    } \
    for (int e = 0; e < tile; e++) *(dc_v16 *)(void *)(result + e * resultStride) = sums[e]; \
  }
DC_FILTER_TILE(1)
#if DC_TILE > 1
DC_FILTER_TILE(4)
#endif
#if DC_TILE > 4
DC_FILTER_TILE(16)
#endif

DC_TARGET void DC_NAME(filtergradient, f32f32f32, DC_TILE_NAME)(const dc_filter_gradient *g) {
  const ptrdiff_t stride = (g->outputs + 15) / 16 * 16;
  for (int32_t segment = 0; segment < g->segmentCount; segment++) {
    const uint8_t *input = (const uint8_t *)g->input + g->segmentOffsets[segment];
    float *result = g->result + segment * g->segmentLength * stride;
    for (int32_t output = 0; output < g->outputs; output += 16) {
      const uint8_t *gradient = (const uint8_t *)(g->gradient + output);
      int32_t width = dc_minimum(16, g->outputs - output), e = 0;
#if DC_TILE > 4
      for (; e + 16 <= g->segmentLength; e += 16)
        DC_NAME(filtergradient, 16, sums)(g, input + e * 4, gradient, result + e * stride + output, stride, width);
#endif
#if DC_TILE > 1
      for (; e + 4 <= g->segmentLength; e += 4)
        DC_NAME(filtergradient, 4, sums)(g, input + e * 4, gradient, result + e * stride + output, stride, width);
#endif
      for (; e < g->segmentLength; e++)
        DC_NAME(filtergradient, 1, sums)(g, input + e * 4, gradient, result + e * stride + output, stride, width);
    }
  }
}

/* MARK: Passes over pixels */

/* `body` for every pixel of blocks of 16 channels as vectors, then for each channel that is left as single values.
   Inside, `i` is the index of the first value, `c` the channel, and V the type. */
#define DC_CHANNELWISE(operation, types, prepare, body, finish) \
  DC_TARGET void DC_NAME(operation, types, 1x16)(const dc_channelwise *p) { \
    const ptrdiff_t channels = p->channels, end = p->pixels * channels; \
    const float lowest = p->lowest, highest = p->highest; \
    ptrdiff_t c = 0; \
    (void)lowest, (void)highest; \
    for (; c + 16 <= channels; c += 16) { \
      prepare(dc_v16) \
      for (ptrdiff_t i = c; i < end; i += channels) { body(dc_v16) } \
      finish(dc_v16) \
    } \
    for (; c < channels; c++) { \
      prepare(float) \
      for (ptrdiff_t i = c; i < end; i += channels) { body(float) } \
      finish(float) \
    } \
  }

#define DC_AT(V, pointer, index) (*(const V *)(const void *)((pointer) + (index)))
#define DC_PUT(V, pointer, index) (*(V *)(void *)((pointer) + (index)))

/* The gradient where the result of the clamp was inside its limits. A comparison of vectors gives all ones or zeros. */
#define DC_MASKED_dc_v16(g, y) \
  (dc_v16)((dc_m16)(g) & ((y) > (dc_v16){0} + lowest) & ((y) < (dc_v16){0} + highest))
#define DC_MASKED_float(g, y) ((y) > lowest && (y) < highest ? (g) : 0.0f)
#define DC_UPSTREAM(V) \
  V g = DC_AT(V, p->gradient, i); \
  if (p->activated) { \
    const V activated = DC_AT(V, p->activated, i); \
    g = DC_MASKED_##V(g, activated); \
  }

#define DC_PREPARE_SUMS(V) V first = (V){0}, second = (V){0}; const V center = DC_AT(V, p->a, c);
#define DC_FINISH_SUMS(V) DC_PUT(V, p->sums, c) = first; DC_PUT(V, p->sums, channels + c) = second;

#define DC_BODY_MOMENTS(V) \
  const V deviation = DC_AT(V, p->input, i) - center; \
  first += deviation; \
  second += deviation * deviation;
DC_CHANNELWISE(moments, f32f32, DC_PREPARE_SUMS, DC_BODY_MOMENTS, DC_FINISH_SUMS)

#define DC_BODY_GRADIENTSUMS(V) \
  DC_UPSTREAM(V) \
  first += g; \
  second += g * (DC_AT(V, p->input, i) - center);
DC_CHANNELWISE(gradientsums, f32f32, DC_PREPARE_SUMS, DC_BODY_GRADIENTSUMS, DC_FINISH_SUMS)

#define DC_PREPARE_NORMALIZE(V) \
  const V scale = DC_AT(V, p->a, c), offset = DC_AT(V, p->b, c), low = (V){0} + lowest, high = (V){0} + highest;
#define DC_BODY_NORMALIZE(V) \
  V y = DC_AT(V, p->input, i) * scale + offset; \
  if (p->other) y += DC_AT(V, p->other, i); \
  DC_PUT(V, p->result, i) = __builtin_elementwise_min(__builtin_elementwise_max(y, low), high);
#define DC_FINISH_NOTHING(V)
DC_CHANNELWISE(normalize, f32f32, DC_PREPARE_NORMALIZE, DC_BODY_NORMALIZE, DC_FINISH_NOTHING)

#define DC_PREPARE_NORMGRADIENT(V) const V a = DC_AT(V, p->a, c), b = DC_AT(V, p->b, c), d = DC_AT(V, p->d, c);
#define DC_BODY_NORMGRADIENT(V) \
  DC_UPSTREAM(V) \
  V dx = g * a + (DC_AT(V, p->input, i) * b + d); \
  if (p->accumulates) dx += DC_AT(V, p->result, i); \
  DC_PUT(V, p->result, i) = dx;
DC_CHANNELWISE(normgradient, f32f32, DC_PREPARE_NORMGRADIENT, DC_BODY_NORMGRADIENT, DC_FINISH_NOTHING)

/* MARK: Values on a grid */

/* Without fused products, so that all instruction sets, and the definition in Swift, give the same bits. */
#define DC_GRID_EXACTLY _Pragma("STDC FP_CONTRACT OFF")
#define DC_PREPARE_GRID(V) \
  const V scale = DC_AT(V, p->a, c), offset = DC_AT(V, p->b, c), low = (V){0} + lowest, high = (V){0} + highest; \
  const V bottom = (V){0} + p->grid.lowest, top = (V){0} + p->grid.highest; \
  const V step = (V){0} + p->grid.step, inverse = (V){0} + p->grid.inverseStep; \
  const int isSign = p->grid.isSign; \
  (void)bottom, (void)top, (void)step, (void)inverse, (void)isSign;

/* The value before the grid: `raw`, and `x` inside the limits. */
#define DC_BEFORE_GRID(V) \
  V raw = DC_AT(V, p->input, i) * scale + offset; \
  if (p->other) raw += DC_AT(V, p->other, i); \
  const V x = __builtin_elementwise_min(__builtin_elementwise_max(raw, low), high);

#define DC_WHERE_dc_v16(condition, x) (dc_v16)((condition) & (dc_m16)(x))
#define DC_WHERE_float(condition, x) ((condition) ? (x) : 0.0f)

/* Adding 3 * 2^22 leaves no bits for a fraction, so the addition rounds, half to even. */
#define DC_ROUNDED(V, t) \
  (isSign ? DC_WHERE_##V(x >= (V){0}, top) + DC_WHERE_##V(x < (V){0}, bottom) : ((t) + 12582912.0f) - 12582912.0f)

#define DC_BODY_NORMQUANTIZE(V) \
  DC_GRID_EXACTLY \
  DC_BEFORE_GRID(V) \
  const V t = __builtin_elementwise_min(__builtin_elementwise_max(x * inverse, bottom), top); \
  const V rounded = DC_ROUNDED(V, t); \
  DC_PUT(V, p->result, i) = rounded * step;
DC_CHANNELWISE(normquantize, f32f32, DC_PREPARE_GRID, DC_BODY_NORMQUANTIZE, DC_FINISH_NOTHING)

#define DC_PREPARE_RANGES(V) \
  DC_PREPARE_GRID(V) \
  V smallest = (V){0} + __builtin_inff(), largest = -smallest, magnitudes = (V){0};
#define DC_BODY_RANGES(V) \
  DC_GRID_EXACTLY \
  DC_BEFORE_GRID(V) \
  smallest = __builtin_elementwise_min(smallest, x); \
  largest = __builtin_elementwise_max(largest, x); \
  magnitudes += __builtin_elementwise_abs(x);
#define DC_FINISH_RANGES(V) \
  DC_PUT(V, p->sums, c) = smallest; \
  DC_PUT(V, p->sums, channels + c) = largest; \
  DC_PUT(V, p->sums, 2 * channels + c) = magnitudes;
DC_CHANNELWISE(ranges, f32f32, DC_PREPARE_RANGES, DC_BODY_RANGES, DC_FINISH_RANGES)

#define DC_PREPARE_QUANTGRADIENT(V) \
  DC_PREPARE_GRID(V) \
  const V center = DC_AT(V, p->d, c); \
  V first = (V){0}, second = (V){0}, below = (V){0}, above = (V){0}, inside = (V){0};
#define DC_BODY_QUANTGRADIENT(V) \
  DC_GRID_EXACTLY \
  DC_BEFORE_GRID(V) \
  const V g = DC_AT(V, p->gradient, i), t = x * inverse, rounded = DC_ROUNDED(V, t); \
  const V between = DC_WHERE_##V((t >= bottom) & (t <= top), g); \
  const V passed = DC_WHERE_##V((raw > low) & (raw < high), between); \
  below += DC_WHERE_##V(t < bottom, g); \
  above += DC_WHERE_##V(t > top, g); \
  inside += between * (rounded - t); \
  first += passed; \
  second += passed * (DC_AT(V, p->input, i) - center); \
  DC_PUT(V, p->result, i) = passed;
#define DC_FINISH_QUANTGRADIENT(V) \
  DC_FINISH_SUMS(V) \
  DC_PUT(V, p->sums, 2 * channels + c) = below; \
  DC_PUT(V, p->sums, 3 * channels + c) = above; \
  DC_PUT(V, p->sums, 4 * channels + c) = inside;
DC_CHANNELWISE(quantgradient, f32f32, DC_PREPARE_QUANTGRADIENT, DC_BODY_QUANTGRADIENT, DC_FINISH_QUANTGRADIENT)
