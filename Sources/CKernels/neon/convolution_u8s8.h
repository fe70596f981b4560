/* Convolution of u8 codes with s8 weights in 128 bits: one source for NEON, dot products and matrix products.

   A tile is up to most_pixels output pixels by one block of 16 outputs; a single pixel takes up to most_blocks blocks.
   The includer defines DC_TARGET, DC_NAME and DC_TILE, and includes its products.h, which has

     most_pixels, most_blocks
     int start_sums(w, weights, start)                               what each sum of a block of 16 begins with
     void sum_tile(pixels, plain, w, input, weights, start, sums)    sums[pixel][16] of one block
     void sum_pixel(blocks, w, input, weights, blockStride, sums)    sums[block][16] of one pixel

   where `plain` is what start_sums returned: whether the layer suits the shorter of two loops. */
#include "neon.h"

typedef enum ending { ends_in_codes, ends_in_added_codes, ends_in_sums, ends_in_values } ending;

/* The pixels of a tile. */
typedef struct tile_pixels {
  const uint8_t *input[most_pixels];
  uint8_t *output[most_pixels];
  const uint8_t *residual[most_pixels];
} tile_pixels;

/* Brings the sums of `pixels` pixels and one block of 16 outputs to their end, `channels` of them. */
DC_NEON_INLINE void finish(ending ending, const dc_convolution *c, const tile_pixels *at, int32_t pixels,
                           int32_t channel, int32_t channels, const int32_t *sums) {
  /* Copies, which a store to the output cannot change. */
  const dc_requantization rule = c->requantization;
  const dc_sum_rule addition = c->residual.rule;
  for (int32_t p = 0; p < pixels; p++, sums += 16) {
    int32x4_t sum[4];
    UNROLLED for (int o = 0; o < 4; o++) sum[o] = vld1q_s32(sums + 4 * o);
    if (ending == ends_in_sums || ending == ends_in_values) {
      float *output = (float *)(void *)at->output[p] + channel;
      for (int32_t o = 0; o < 4 && o * 4 < channels; o++) {
        float32x4_t value = vreinterpretq_f32_s32(sum[o]);
        if (ending == ends_in_values) {
          value = vmulq_f32(vcvtq_f32_s32(sum[o]), vld1q_f32(c->scales + channel + 4 * o));
          value = vaddq_f32(value, vld1q_f32(c->biases + channel + 4 * o));
        }
        store_values(output + 4 * o, value, channels - 4 * o);
      }
      continue;
    }
    uint8x16_t codes = requantized16(sum, &rule, channel);
    if (ending == ends_in_added_codes)
      codes = sum_of_codes(codes, load_bytes(at->residual[p] + channel, channels), &addition);
    store_bytes(at->output[p] + channel, codes, channels);
  }
}

typedef void (*tile_function)(const dc_window *, const uint8_t *const *, const int8_t *, const int32_t *, int32_t *);

#define NAMED_TILE(name, pixels, plain) \
  DC_TARGET static void name##_##pixels(const dc_window *w, const uint8_t *const *input, const int8_t *weights, \
                                        const int32_t *start, int32_t *sums) { \
    sum_tile(pixels, plain, w, input, weights, start, sums); \
  }
#define TILE(pixels) NAMED_TILE(tile, pixels, 0) NAMED_TILE(plain, pixels, 1)
TILE(1) TILE(2)
#if DC_MOST_PIXELS == 2
static const tile_function tiles[2][3] = {{0, tile_1, tile_2}, {0, plain_1, plain_2}};
#else
TILE(3) TILE(4)
static const tile_function tiles[2][5] = {{0, tile_1, tile_2, tile_3, tile_4},
                                          {0, plain_1, plain_2, plain_3, plain_4}};
#endif
#undef TILE
#undef NAMED_TILE

/* One pixel: no weight is read twice. */
DC_NEON_INLINE void convolve_pixel(const dc_convolution *c, ending ending, const dc_residual *residual) {
  const dc_window *w = &c->window;
  const ptrdiff_t blockStride = dc_block_byte_count(w, 1);
  const dc_cursor cursor = dc_cursor_at(w, residual, w->pixelBegin);
  const tile_pixels at = {{cursor.input}, {cursor.output}, {cursor.residual}};
  int32_t sums[most_blocks * 16];
  for (int32_t channel = w->channelBegin, blocks; channel < w->channelEnd; channel += blocks * 16) {
    const int8_t *weights = (const int8_t *)c->weights + channel / 16 * blockStride;
    blocks = w->channelEnd - channel > (most_blocks - 1) * 16 ? most_blocks : 1;
    if (blocks == most_blocks) sum_pixel(most_blocks, w, cursor.input, weights, blockStride, sums);
    else sum_pixel(1, w, cursor.input, weights, blockStride, sums);
    for (int32_t b = 0; b < blocks; b++)
      finish(ending, c, &at, 1, channel + b * 16, w->channelEnd - channel - b * 16, sums + b * 16);
  }
}

DC_NEON_INLINE void convolve(const dc_convolution *c, ending ending) {
  const dc_window *w = &c->window;
  const ptrdiff_t blockStride = dc_block_byte_count(w, 1);
  const int32_t count = w->pixelEnd - w->pixelBegin;
  const dc_residual *residual = ending == ends_in_added_codes ? &c->residual : 0;
  int32_t sums[most_pixels * 16], start[16];
  tile_pixels at;
  if (count <= 0) return;
  if (count == 1) {
    convolve_pixel(c, ending, residual);
    return;
  }
  const int32_t tileCount = (count + most_pixels - 1) / most_pixels;
  const int32_t pixels = count / tileCount, larger = count % tileCount; /* so many tiles have one pixel more */
  for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel += 16) {
    const int8_t *weights = (const int8_t *)c->weights + channel / 16 * blockStride;
    const tile_function *functions = tiles[start_sums(w, weights, start)];
    dc_cursor cursor = dc_cursor_at(w, residual, w->pixelBegin);
    for (int32_t tile = 0; tile < tileCount; tile++) {
      const int32_t n = pixels + (tile < larger);
      for (int32_t p = 0; p < n; p++) {
        at.input[p] = cursor.input, at.output[p] = cursor.output, at.residual[p] = cursor.residual;
        dc_cursor_advance(&cursor, w, residual);
      }
      functions[n](w, at.input, weights, start, sums);
      finish(ending, c, &at, n, channel, w->channelEnd - channel, sums);
    }
  }
}

DC_TARGET void DC_NAME(conv, u8s8u8, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_codes); }
DC_TARGET void DC_NAME(convadd, u8s8u8, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_added_codes); }
DC_TARGET void DC_NAME(conv, u8s8s32, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_sums); }
DC_TARGET void DC_NAME(conv, u8s8f32, DC_TILE)(const dc_convolution *c) { convolve(c, ends_in_values); }
