/* Convolution of u8 codes with weights of two levels by counting bits: what the instruction sets share.

   For a few pixels at a time, each bit of the codes of their windows that is ever set is brought into words; then every
   block of 16 outputs counts where these meet the high weights. The includer defines DC_TARGET, DC_NAME, DC_TILE,
   finish_block, most_tile and

     word_of(codes, count, bit)        bit `bit` of up to 64 codes, the first in the lowest place
     count_matches(pixels, ...)        counts[16 * p + o] += (ones of words of pixel p and weights of output o) << bit */
#ifndef DC_BINARY_H
#define DC_BINARY_H

enum { most_bits = 8 };

/* Bits of the codes of a tile's windows. */
typedef struct tile_bits {
  uint64_t words[DC_MOST_BINARY_WORDS]; /* [bit that is set somewhere][pixel][word] */
  int32_t bits[most_bits];              /* which bits these are */
  int32_t count;
  int32_t totals[most_tile]; /* sums of codes */
} tile_bits;

/* Brings one bit of a window's codes into words.

   Returns how many are set. */
DC_ALWAYS_INLINE DC_TARGET int32_t pack_bit(const dc_window *w, const dc_binary *b, const uint8_t *window, int32_t bit,
                                            uint64_t *words) {
  const uint64_t *mask = b->mask;
  int32_t total = 0;
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    const uint8_t *codes = window + w->segmentOffsets[segment];
    for (int32_t i = 0; i < w->segmentLength; i += 64, mask++, words++) {
      *words = word_of(codes + i, dc_minimum(64, w->segmentLength - i), bit) & *mask;
      total += __builtin_popcountll(*words);
    }
  }
  return total;
}

DC_ALWAYS_INLINE DC_TARGET void pack_tile(const dc_window *w, const dc_binary *b, int32_t pixels,
                                          const uint8_t *const *input, tile_bits *tile) {
  tile->count = 0;
  for (int32_t p = 0; p < pixels; p++) tile->totals[p] = 0;
  for (int32_t bit = 0; bit < most_bits; bit++) {
    if (!(b->bits >> bit & 1)) continue;
    int32_t found = 0;
    for (int32_t p = 0; p < pixels; p++) {
      const int32_t ones = pack_bit(w, b, input[p], bit, tile->words + (tile->count * pixels + p) * b->words);
      tile->totals[p] += ones << bit;
      found += ones;
    }
    if (found) tile->bits[tile->count++] = bit;
  }
}

/* The sums of a tile with one block of outputs. */
DC_ALWAYS_INLINE DC_TARGET void sum_block(const int pixels, const dc_binary *b, const tile_bits *tile,
                                          const uint64_t *data, int32_t *sums) {
  const int32_t step = b->high - b->low;
  UNROLLED for (int32_t i = 0; i < 16 * pixels; i++) sums[i] = 0;
  for (int32_t i = 0; i < tile->count; i++)
    count_matches(pixels, b->words, tile->words + i * pixels * b->words, data, tile->bits[i], sums);
  UNROLLED for (int32_t p = 0; p < pixels; p++)
    for (int32_t o = 0; o < 16; o++) sums[16 * p + o] = sums[16 * p + o] * step + tile->totals[p] * b->low;
}

/* Computes a tile with one block of outputs. */
DC_ALWAYS_INLINE DC_TARGET void compute_tile(const int pixels, const int wantsCodes, const dc_convolution *c,
                                             const tile_bits *tile, int32_t channel, uint8_t *const *output) {
  const dc_binary *b = (const dc_binary *)c->weights;
  int32_t sums[16 * most_tile];
  sum_block(pixels, b, tile, b->data + (ptrdiff_t)channel * b->words, sums);
  UNROLLED for (int p = 0; p < pixels; p++) finish_block(wantsCodes, c, output[p], channel, sums + 16 * p);
}

#define TILE(name, pixels, wantsCodes) \
  DC_TARGET static void name(const dc_convolution *c, const tile_bits *tile, int32_t channel, uint8_t *const *output) { \
    compute_tile(pixels, wantsCodes, c, tile, channel, output); \
  }
TILE(single_values, 1, 0) TILE(tile_values, most_tile, 0) TILE(single_codes, 1, 1) TILE(tile_codes, most_tile, 1)
#undef TILE

DC_ALWAYS_INLINE DC_TARGET void convolve(const int wantsCodes, const dc_convolution *c) {
  const dc_window *w = &c->window;
  const dc_binary *b = (const dc_binary *)c->weights;
  const int32_t words = b->words * __builtin_popcount(b->bits);
  const int32_t most = words * most_tile <= DC_MOST_BINARY_WORDS ? most_tile : 1;
  tile_bits tile;
  dc_cursor cursor = dc_cursor_at(w, 0, w->pixelBegin);
  for (int32_t pixel = w->pixelBegin, n; pixel < w->pixelEnd; pixel += n) {
    const uint8_t *input[most_tile];
    uint8_t *output[most_tile];
    n = w->pixelEnd - pixel >= most ? most : 1;
    for (int32_t p = 0; p < n; p++) {
      input[p] = cursor.input, output[p] = cursor.output;
      dc_cursor_advance(&cursor, w, 0);
    }
    pack_tile(w, b, n, input, &tile);
    for (int32_t channel = w->channelBegin; channel < w->channelEnd; channel += 16) {
      if (n == 1) (wantsCodes ? single_codes : single_values)(c, &tile, channel, output);
      else (wantsCodes ? tile_codes : tile_values)(c, &tile, channel, output);
    }
  }
}

DC_TARGET void DC_NAME(conv, u8b1u8, DC_TILE)(const dc_convolution *c) { convolve(1, c); }
DC_TARGET void DC_NAME(conv, u8b1f32, DC_TILE)(const dc_convolution *c) { convolve(0, c); }

#endif
