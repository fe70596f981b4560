/* Convolution of u8 codes with weights of few levels in 128 bits, which tbl looks up in a register: one source for NEON,
   dot and matrix products.

   A tile is one or DC_MOST_TILE pixels by one block of 16 outputs, or one pixel by DC_MOST_TILE blocks. Where codes and
   weights cannot be multiplied as they are, levels are looked up plus 128, which costs nothing, and 128 times the codes
   are taken off at the end. The includer defines DC_TARGET, DC_NAME, DC_TILE, DC_MOST_TILE and the products (see
   convolution_u8s8.h). */
#include "neon.h"

enum { most_tile = DC_MOST_TILE };

/* Adds the products of one step, number s of its 64 bytes, with each block. */
DC_NEON_INLINE void add_step(const int pixels, const int blocks, const int bits, const int s, uint8x16_t table,
                             const uint8_t *const *input, ptrdiff_t at, const uint8_t *data, ptrdiff_t blockStride,
                             int32x4_t (*acc)[4][quarter_registers], uint32x4_t *totals) {
  const uint8x16_t mask = vdupq_n_u8((1 << bits) - 1);
  const int8x16_t shift = vdupq_n_s8((int8_t)(-bits * s));
  uint8x16_t codes[most_tile];
  UNROLLED for (int p = 0; p < pixels; p++) {
    codes[p] = vreinterpretq_u8_u32(vdupq_n_u32(four_bytes(input[p] + at)));
    if (DC_SUMS_HAVE_START) totals[p] = vpadalq_u16(totals[p], vpaddlq_u8(codes[p]));
  }
  UNROLLED for (int b = 0; b < blocks; b++)
    UNROLLED for (int q = 0; q < 4; q++) {
      const uint8x16_t packed = vld1q_u8(data + b * blockStride + 16 * q);
      const uint8x16_t weights = vqtbl1q_u8(table, vandq_u8(vshlq_u8(packed, shift), mask));
      UNROLLED for (int p = 0; p < pixels; p++) add_raised(acc[blocks == 1 ? p : b][q], codes[p], weights);
    }
}

/* The sums of `pixels` pixels with one block, or of one with `blocks`. */
DC_NEON_INLINE void sum_tile(const int pixels, const int blocks, const int bits, const dc_window *w,
                             const dc_leveled *g, const uint8_t *const *input, const uint8_t *data,
                             ptrdiff_t blockStride, int32_t *sums) {
  const int steps = 8 / bits, count = blocks == 1 ? pixels : blocks;
  const uint8x16_t table = signed_codes(vreinterpretq_u8_s8(vld1q_s8(g->levels)));
  int32x4_t acc[most_tile][4][quarter_registers];
  uint32x4_t totals[most_tile];
  UNROLLED for (int p = 0; p < pixels; p++) totals[p] = vdupq_n_u32(0);
  UNROLLED for (int i = 0; i < count; i++)
    UNROLLED for (int q = 0; q < 4; q++)
      UNROLLED for (int r = 0; r < quarter_registers; r++) acc[i][q][r] = vdupq_n_s32(0);
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    int32_t left = w->segmentLength / 4;
    for (; left >= steps; left -= steps, data += 64)
      UNROLLED for (int s = 0; s < steps; s++, i += 4)
        add_step(pixels, blocks, bits, s, table, input, i, data, blockStride, acc, totals);
    for (int s = 0; s < left; s++, i += 4)
      add_step(pixels, blocks, bits, s, table, input, i, data, blockStride, acc, totals);
    if (left > 0) data += 64;
  }
  UNROLLED for (int i = 0; i < count; i++)
    UNROLLED for (int q = 0; q < 4; q++) {
      const int32x4_t excess = vreinterpretq_s32_u32(vshlq_n_u32(totals[blocks == 1 ? i : 0], 7));
      const int32x4_t sum = whole_sums(acc[i][q]);
      vst1q_s32(sums + 16 * i + 4 * q, DC_SUMS_HAVE_START ? vsubq_s32(sum, excess) : sum);
    }
}

typedef void (*tile_function)(const dc_window *, const dc_leveled *, const uint8_t *const *, const uint8_t *, ptrdiff_t,
                              int32_t *);
#define TILE(name, pixels, blocks, bits) \
  DC_TARGET static void name(const dc_window *w, const dc_leveled *g, const uint8_t *const *input, \
                             const uint8_t *data, ptrdiff_t blockStride, int32_t *sums) { \
    sum_tile(pixels, blocks, bits, w, g, input, data, blockStride, sums); \
  }
#if DC_MOST_TILE == 2
TILE(wide4, 1, 2, 4) TILE(tile4_1, 1, 1, 4) TILE(tile4_2, 2, 1, 4)
TILE(wide2, 1, 2, 2) TILE(tile2_1, 1, 1, 2) TILE(tile2_2, 2, 1, 2)
static const tile_function tiles[2][3] = {{wide4, tile4_1, tile4_2}, {wide2, tile2_1, tile2_2}};
#else
TILE(tile4_1, 1, 1, 4) TILE(tile2_1, 1, 1, 2)
static const tile_function tiles[2][2] = {{tile4_1, tile4_1}, {tile2_1, tile2_1}};
#endif
#undef TILE

DC_NEON_INLINE void convolve(const int wantsCodes, const dc_convolution *c) {
  const dc_window *w = &c->window;
  const dc_leveled *g = (const dc_leveled *)c->weights;
  const tile_function *functions = tiles[g->bits == 2];
  const ptrdiff_t blockStride = dc_leveled_block_byte_count(w, g->bits);
  const int32_t count = w->pixelEnd - w->pixelBegin;
  int32_t sums[16 * most_tile];
  for (int32_t channel = w->channelBegin, blocks; channel < w->channelEnd; channel += blocks * 16) {
    blocks = count == 1 && w->channelEnd - channel > (most_tile - 1) * 16 ? most_tile : 1;
    const uint8_t *data = g->data + channel / 16 * blockStride;
    dc_cursor cursor = dc_cursor_at(w, 0, w->pixelBegin);
    for (int32_t pixel = 0, n; pixel < count; pixel += n) {
      const uint8_t *input[most_tile];
      uint8_t *output[most_tile];
      n = dc_minimum(most_tile, count - pixel);
      for (int32_t p = 0; p < n; p++) {
        input[p] = cursor.input, output[p] = cursor.output;
        dc_cursor_advance(&cursor, w, 0);
      }
      functions[blocks > 1 ? 0 : n](w, g, input, data, blockStride, sums);
      for (int32_t i = 0; i < n * blocks; i++)
        finish_block(wantsCodes, c, output[blocks == 1 ? i : 0], channel + (blocks == 1 ? 0 : 16 * i), sums + 16 * i);
    }
  }
}

DC_TARGET void DC_NAME(conv, u8k4u8, DC_TILE)(const dc_convolution *c) { convolve(1, c); }
DC_TARGET void DC_NAME(conv, u8k4f32, DC_TILE)(const dc_convolution *c) { convolve(0, c); }
