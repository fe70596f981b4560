/* AVX-512 VNNI: convolution of u8 codes with s8 weights.

   A tile is up to 12 output pixels by 1 or 2 blocks of 16 outputs (or up to 8 pixels by 3, 6 by 4, 3 by 8 blocks), its
   sums all in registers. A step takes 4 input channels: one load of 64 weights a block, one broadcast of 4 codes a pixel, and a
   vpdpbusd for each pair. Pixels have a pointer each, so a tile goes on from one row to the next: small maps fill their
   tiles. Weights are read in order; blocks are the outer loop, so that theirs stay in the cache. */
#if defined(__x86_64__)
#include "avx512.h"

enum { most_blocks = 8, most_sums = 24 };

/* Bytes of a block's weights from which a single pixel takes one block at a time. */
enum { longest_cached_block = 16384 };

/* What becomes of the sums. */
typedef enum ending { ends_in_codes, ends_in_added_codes, ends_in_sums, ends_in_values } ending;

/* Adds the products of pixels x blocks x 16 outputs to `acc`. */
DC_AVX512_INLINE void sum_tile(const int pixels, const int blocks, const dc_window *w, const tile_pixels *at,
                               const int8_t *weights, ptrdiff_t blockStride, __m512i acc[most_sums]) {
  const uint8_t *input[most_pixels];
  UNROLLED for (int p = 0; p < pixels; p++) {
    input[p] = at->input[p];
    UNROLLED for (int b = 0; b < blocks; b++) acc[p * blocks + b] = _mm512_setzero_si512();
  }
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    ptrdiff_t i = w->segmentOffsets[segment];
    ptrdiff_t end = i + w->segmentLength;
    for (; i != end; i += 4, weights += 64) {
      KEEP_INDEX(i);
      __m512i weight[most_blocks];
      UNROLLED for (int b = 0; b < blocks; b++) weight[b] = _mm512_loadu_si512(weights + b * blockStride);
      UNROLLED for (int p = 0; p < pixels; p++) {
        int32_t four;
        __builtin_memcpy(&four, input[p] + i, 4);
        __m512i codes = _mm512_set1_epi32(four);
        UNROLLED for (int b = 0; b < blocks; b++)
          acc[p * blocks + b] = _mm512_dpbusd_epi32(acc[p * blocks + b], codes, weight[b]);
      }
    }
  }
}

/* Adds the products of 16 adjacent pixels with 16 outputs to `acc`, for windows whose rows are three adjacent pixels
   of 16 channels.

   Each code is broadcast once for the three pixels in whose windows it lies, which spares two loads of three, and
   pixels are a constant apart, which spares pointers. */
DC_AVX512_INLINE void sum_sliding(const dc_window *w, const uint8_t *input, const int8_t *weights,
                                  __m512i acc[most_sums]) {
  UNROLLED for (int p = 0; p < 16; p++) acc[p] = _mm512_setzero_si512();
  for (int32_t segment = 0; segment < w->segmentCount; segment++, weights += 3 * 256) {
    const uint8_t *row = input + w->segmentOffsets[segment];
    UNROLLED for (int i = 0; i < 16; i += 4) {
      const __m512i left = _mm512_loadu_si512(weights + i * 16), middle = _mm512_loadu_si512(weights + i * 16 + 256);
      const __m512i right = _mm512_loadu_si512(weights + i * 16 + 512);
      UNROLLED for (int p = 0; p < 18; p++) {
        int32_t four;
        __builtin_memcpy(&four, row + p * 16 + i, 4);
        const __m512i codes = _mm512_set1_epi32(four);
        if (p < 16) acc[p] = _mm512_dpbusd_epi32(acc[p], codes, left);
        if (p > 0 && p < 17) acc[p - 1] = _mm512_dpbusd_epi32(acc[p - 1], codes, middle);
        if (p > 1) acc[p - 2] = _mm512_dpbusd_epi32(acc[p - 2], codes, right);
      }
    }
  }
}

/* Adds the products of one pixel with 16 outputs, for weights that come from memory: these are read in one run from
   end to end, and four sums at a time hide the latency. */
DC_AVX512_INLINE __m512i sum_single(const dc_window *w, const uint8_t *input, const int8_t *weights) {
  __m512i sums[4];
  UNROLLED for (int i = 0; i < 4; i++) sums[i] = _mm512_setzero_si512();
  for (int32_t segment = 0; segment < w->segmentCount; segment++) {
    const uint8_t *codes = input + w->segmentOffsets[segment];
    const uint8_t *end = codes + w->segmentLength;
    int32_t four;
    for (; end - codes >= 16; codes += 16, weights += 256)
      UNROLLED for (int i = 0; i < 4; i++) {
        __builtin_memcpy(&four, codes + i * 4, 4);
        sums[i] = _mm512_dpbusd_epi32(sums[i], _mm512_set1_epi32(four), _mm512_loadu_si512(weights + i * 64));
      }
    for (; codes != end; codes += 4, weights += 64) {
      __builtin_memcpy(&four, codes, 4);
      sums[0] = _mm512_dpbusd_epi32(sums[0], _mm512_set1_epi32(four), _mm512_loadu_si512(weights));
    }
  }
  return _mm512_add_epi32(_mm512_add_epi32(sums[0], sums[1]), _mm512_add_epi32(sums[2], sums[3]));
}

/* Where a tile leaves its results. */
typedef struct tile_results {
  int32_t *sums;   /* [pixel][block][output], or NULL: codes */
  uint8_t *packed; /* codes as packing leaves them, four registers to 64 bytes; or NULL: in the output */
  int adjacent;    /* the tile's outputs, and those of the residual, are one run of bytes */
} tile_results;

/* Stores up to four vectors of codes that lie together. */
DC_AVX512_INLINE void store_run(uint8_t *output, int vectors, __m512i codes) {
  if (vectors >= 4) _mm512_storeu_si512(output, codes);
  else _mm512_mask_storeu_epi8(output, first64(vectors * 16), codes);
}

/* Stores four vectors of codes of a tile, from the `first` on. `n` channels of each pixel are there. */
DC_AVX512_INLINE void store_four(const int pixels, const int blocks, const int first, __m512i codes,
                                 uint8_t *const *output, int32_t channel, int32_t n) {
  const int pixel = first / blocks, block = first % blocks;
  output += pixel, channel += block * 16, n -= block * 16;
  if (blocks >= 4) {
    _mm512_mask_storeu_epi8(output[0] + channel, first64(n), codes);
  } else if (blocks == 2) {
    __m256i low = _mm512_castsi512_si256(codes), high = _mm512_extracti64x4_epi64(codes, 1);
    const __mmask32 mask = (__mmask32)first64(n);
    if (n >= 32) _mm256_storeu_si256((__m256i *)(void *)(output[0] + channel), low);
    else _mm256_mask_storeu_epi8(output[0] + channel, mask, low);
    if (pixels - pixel < 2) return;
    if (n >= 32) _mm256_storeu_si256((__m256i *)(void *)(output[1] + channel), high);
    else _mm256_mask_storeu_epi8(output[1] + channel, mask, high);
  } else {
    __m128i parts[4] = {_mm512_castsi512_si128(codes), _mm512_extracti32x4_epi32(codes, 1),
                        _mm512_extracti32x4_epi32(codes, 2), _mm512_extracti32x4_epi32(codes, 3)};
    UNROLLED for (int i = 0; i < 4; i++) {
      const int p = (block + i) / blocks, b = (block + i) % blocks - block; /* from the first vector */
      if (pixel + p >= pixels) break;
      uint8_t *at = output[p] + channel + b * 16;
      if (n - b * 16 >= 16) _mm_storeu_si128((__m128i *)(void *)at, parts[i]);
      else _mm_mask_storeu_epi8(at, first16(n - b * 16), parts[i]);
    }
  }
}

/* Whether rules leave 32 bits, which packing saturates: limits are then applied to four registers at once. */
DC_AVX512_INLINE int leaves_words(const dc_requantization *q) { return q->realMultipliers || q->shift >= 32; }

/* Turns 16 sums in each of pixels x blocks registers into codes, and stores them. */
DC_AVX512_INLINE void store_codes(const int pixels, const int blocks, const dc_convolution *c, const tile_pixels *at,
                                  int32_t channel, const tile_results *to, __m512i acc[most_sums]) {
  const dc_requantization *q = &c->requantization;
  const __m128i shift = _mm_cvtsi32_si128(q->shift - 32);
  UNROLLED for (int b = 0; b < blocks; b++) {
    const rule16 rule = rule16_at(q, channel + b * 16);
    if (rule.isReal) {
      UNROLLED for (int p = 0; p < pixels; p++) acc[p * blocks + b] = floored(acc[p * blocks + b], rule);
    } else {
      UNROLLED for (int p = 0; p < pixels; p++)
        acc[p * blocks + b] = _mm512_sra_epi32(high_halves(acc[p * blocks + b], rule), shift);
    }
  }
  const __m512i lowest = _mm512_set1_epi8((char)q->lowest), highest = _mm512_set1_epi8((char)q->highest);
  const int32_t n = c->window.channelEnd - channel;
  __m512i codes[most_sums / 4];
  UNROLLED for (int i = 0; i < pixels * blocks; i += 4) {
    const int left = pixels * blocks - i;
    codes[i / 4] = packed_bytes(acc[i], left > 1 ? acc[i + 1] : acc[i], left > 2 ? acc[i + 2] : acc[i],
                                left > 3 ? acc[i + 3] : acc[i]);
    codes[i / 4] = _mm512_min_epu8(_mm512_max_epu8(codes[i / 4], lowest), highest);
  }
  if (to->packed) {
    UNROLLED for (int i = 0; i < pixels * blocks; i += 4) _mm512_store_si512(to->packed + i * 16, codes[i / 4]);
    return;
  }
  if (to->adjacent) {
    UNROLLED for (int i = 0; i < pixels * blocks; i += 4)
      store_run(at->output[0] + channel + i * 16, pixels * blocks - i, reordered(codes[i / 4]));
    return;
  }
  UNROLLED for (int i = 0; i < pixels * blocks; i += 4)
    store_four(pixels, blocks, i, reordered(codes[i / 4]), at->output, channel, n);
}

/* Loads four vectors of the residual of a tile, from the `first` on. `n` channels of each pixel are there. */
DC_AVX512_INLINE __m512i load_four(const int pixels, const int blocks, const int first, const uint8_t *const *input,
                                   int32_t channel, int32_t n) {
  const int pixel = first / blocks, block = first % blocks;
  input += pixel, channel += block * 16, n -= block * 16;
  if (blocks >= 4) return _mm512_maskz_loadu_epi8(first64(n), input[0] + channel);
  if (blocks == 2) {
    const __mmask32 mask = n >= 32 ? 0xffffffff : (__mmask32)first64(n);
    __m512i low = _mm512_castsi256_si512(_mm256_maskz_loadu_epi8(mask, input[0] + channel));
    return pixels - pixel < 2 ? low : _mm512_inserti64x4(low, _mm256_maskz_loadu_epi8(mask, input[1] + channel), 1);
  }
  __m128i parts[4] = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
  UNROLLED for (int i = 0; i < 4; i++) {
    const int p = (block + i) / blocks, b = (block + i) % blocks - block; /* from the first vector */
    if (pixel + p >= pixels) break;
    parts[i] = _mm_maskz_loadu_epi8(first16(n - b * 16), input[p] + channel + b * 16);
  }
  __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(parts[0]), parts[1], 1);
  __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(parts[2]), parts[3], 1);
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* Adds the residual to the packed codes of a tile, and stores the sums. */
DC_AVX512_INLINE void store_sums_of_codes(const int pixels, const int blocks, const dc_convolution *c,
                                          const tile_pixels *at, int32_t channel, const tile_results *from,
                                          addition16 rule) {
  const __m512i lowest = _mm512_set1_epi8((char)c->residual.rule.lowest);
  const __m512i highest = _mm512_set1_epi8((char)c->residual.rule.highest);
  const int32_t n = c->window.channelEnd - channel;
  for (int i = 0; i < pixels * blocks; i += 4) {
    const int left = pixels * blocks - i;
    __m512i other;
    if (!from->adjacent) other = load_four(pixels, blocks, i, at->residual, channel, n);
    else other = _mm512_maskz_loadu_epi8(first64(left * 16), at->residual[0] + channel + i * 16);
    __m512i sums = sum64(_mm512_load_si512(from->packed + i * 16), reordered(other), rule);
    sums = reordered(_mm512_min_epu8(_mm512_max_epu8(sums, lowest), highest));
    if (!from->adjacent) store_four(pixels, blocks, i, sums, at->output, channel, n);
    else store_run(at->output[0] + channel + i * 16, left, sums);
  }
}

DC_AVX512_INLINE void end_tile(const int pixels, const int blocks, const dc_convolution *c, const tile_pixels *at,
                               int32_t channel, const tile_results *to, __m512i acc[most_sums]) {
  if (!to->sums) {
    store_codes(pixels, blocks, c, at, channel, to, acc);
    return;
  }
  UNROLLED for (int i = 0; i < pixels * blocks; i++) _mm512_store_si512(to->sums + i * 16, acc[i]);
}

DC_AVX512_INLINE void compute_tile(const int pixels, const int blocks, const dc_convolution *c, const tile_pixels *at,
                                   const int8_t *weights, ptrdiff_t blockStride, int32_t channel,
                                   const tile_results *to) {
  __m512i acc[most_sums];
  sum_tile(pixels, blocks, &c->window, at, weights, blockStride, acc);
  end_tile(pixels, blocks, c, at, channel, to, acc);
}

typedef void (*tile_function)(const dc_convolution *, const tile_pixels *, const int8_t *, ptrdiff_t, int32_t,
                              const tile_results *);

#define TILE(pixels, blocks) \
  DC_AVX512 static void tile_##pixels##x##blocks(const dc_convolution *c, const tile_pixels *at, \
                                                 const int8_t *weights, ptrdiff_t blockStride, int32_t channel, \
                                                 const tile_results *to) { \
    compute_tile(pixels, blocks, c, at, weights, blockStride, channel, to); \
  }
#define TILES(X, blocks) \
  X(1, blocks) X(2, blocks) X(3, blocks) X(4, blocks) X(5, blocks) X(6, blocks) \
  X(7, blocks) X(8, blocks) X(9, blocks) X(10, blocks) X(11, blocks) X(12, blocks)
TILES(TILE, 1)
TILES(TILE, 2)
TILE(1, 3) TILE(2, 3) TILE(3, 3) TILE(4, 3) TILE(5, 3) TILE(6, 3) TILE(7, 3) TILE(8, 3)
TILE(1, 4) TILE(2, 4) TILE(3, 4) TILE(4, 4) TILE(5, 4) TILE(6, 4)
TILE(1, 8) TILE(2, 8) TILE(3, 8)
DC_AVX512 static void tile_sliding(const dc_convolution *c, const tile_pixels *at, const int8_t *weights,
                                   int32_t channel, const tile_results *to) {
  __m512i acc[most_sums];
  sum_sliding(&c->window, at->input[0], weights, acc);
  end_tile(16, 1, c, at, channel, to, acc);
}
DC_AVX512 static void tile_single(const dc_convolution *c, const tile_pixels *at, const int8_t *weights,
                                  int32_t channel, const tile_results *to) {
  __m512i acc[most_sums] = {sum_single(&c->window, at->input[0], weights)};
  end_tile(1, 1, c, at, channel, to, acc);
}
#define TILE_NAME(pixels, blocks) tile_##pixels##x##blocks,
static const tile_function tiles1[] = {0, TILES(TILE_NAME, 1)};
static const tile_function tiles2[] = {0, TILES(TILE_NAME, 2)};
static const tile_function tiles3[] = {0,        tile_1x3, tile_2x3, tile_3x3, tile_4x3,
                                       tile_5x3, tile_6x3, tile_7x3, tile_8x3};
static const tile_function tiles4[] = {0, tile_1x4, tile_2x4, tile_3x4, tile_4x4, tile_5x4, tile_6x4};
static const tile_function tiles8[] = {0, tile_1x8, tile_2x8, tile_3x8};

/* Brings the sums of one block of 16 outputs to their end, `channels` of them. */
DC_AVX512_INLINE void finish(ending ending, const dc_convolution *c, const tile_pixels *at, int32_t pixels,
                             int32_t channel, int32_t channels, const int32_t *sums, ptrdiff_t sumStride) {
  __mmask16 mask = first16(channels);
  if (ending == ends_in_sums) {
    for (int32_t p = 0; p < pixels; p++)
      _mm512_mask_storeu_epi32(at->output[p] + channel * 4, mask, _mm512_load_si512(sums + p * sumStride));
    return;
  }
  if (ending == ends_in_values) {
    __m512 scales = _mm512_maskz_loadu_ps(mask, c->scales + channel);
    __m512 biases = _mm512_maskz_loadu_ps(mask, c->biases + channel);
    for (int32_t p = 0; p < pixels; p++) {
      __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_load_si512(sums + p * sumStride)), scales);
      _mm512_mask_storeu_ps(at->output[p] + channel * 4, mask, _mm512_add_ps(product, biases));
    }
    return;
  }
  rule16 rule = rule16_at(&c->requantization, channel);
  limits16 limits = limits16_of(c->requantization.shift, c->requantization.lowest, c->requantization.highest);
  addition16 addition;
  if (ending == ends_in_added_codes) addition = addition16_of(&c->residual.rule);
  for (int32_t p = 0; p < pixels; p++) {
    __m512i codes = requantized(_mm512_load_si512(sums + p * sumStride), rule, limits);
    if (ending == ends_in_added_codes) {
      __m128i other = mask == 0xffff ? _mm_loadu_si128((const __m128i *)(const void *)(at->residual[p] + channel))
                                     : _mm_maskz_loadu_epi8(mask, at->residual[p] + channel);
      codes = sum_of_codes(codes, _mm512_cvtepu8_epi32(other), addition);
    }
    __m128i bytes = _mm512_cvtepi32_epi8(codes);
    if (mask == 0xffff) _mm_storeu_si128((__m128i *)(void *)(at->output[p] + channel), bytes);
    else _mm_mask_storeu_epi8(at->output[p] + channel, mask, bytes);
  }
}

DC_AVX512_INLINE void convolve(const dc_convolution *c, ending ending) {
  const dc_window *w = &c->window;
  const ptrdiff_t blockStride = dc_block_byte_count(w, 1);
  const int32_t count = w->pixelEnd - w->pixelBegin;
  const dc_residual *residual = ending == ends_in_added_codes ? &c->residual : 0;
  int32_t memory[most_sums * 16] __attribute__((aligned(64)));
  addition16 addition;
  if (ending == ends_in_added_codes) addition = addition16_of(&c->residual.rule);
  /* Rules that are common: codes straight from registers. */
  const int direct = ending == ends_in_codes && leaves_words(&c->requantization);
  const int packs = ending == ends_in_added_codes && leaves_words(&c->requantization) && addition.isShort;
  tile_results to = {direct || packs ? 0 : memory, packs ? (uint8_t *)memory : 0, 0};
  /* Windows of one output pixel in a row of 16 channels overlap: see sum_sliding. */
  const int slides = w->inputColumnStride == 16 && w->segmentLength == 48;
  const int isSingle = count == 1 && blockStride >= longest_cached_block;
  tile_pixels at;
  if (count <= 0) return;
  for (int32_t channel = w->channelBegin; channel < w->channelEnd;) {
    int32_t left = (w->channelEnd - channel + 15) / 16;
    int32_t blocks = isSingle ? 1 : count <= 3 && left >= 8 ? 8 : count <= 6 && left >= 4 ? 4
                   : left == 3 ? 3 : left >= 2 ? 2 : 1;
    const tile_function *functions = blocks == 8   ? tiles8
                                     : blocks == 4 ? tiles4
                                     : blocks == 3 ? tiles3
                                     : blocks == 2 ? tiles2
                                                   : tiles1;
    int32_t most = blocks == 3 ? 8 : 12, tiles = (count + most - 1) / most;
    int32_t pixels = count / tiles, larger = count % tiles; /* so many tiles have one pixel more */
    /* Pixels of no more than these channels. */
    const int isPacked = w->outputColumnStride == blocks * 16 && w->channelEnd - channel >= blocks * 16 &&
                         (!residual || residual->columnStride == blocks * 16);
    const int8_t *weights = (const int8_t *)c->weights + channel / 16 * blockStride;
    dc_cursor cursor = dc_cursor_at(w, residual, w->pixelBegin);
    for (int32_t n, rest = count; rest > 0; rest -= n) {
      n = pixels + (larger-- > 0);
      if (blocks == 1 && slides) { /* 16 pixels of a row, or what is left of it */
        int32_t run = dc_minimum(rest, w->columns - cursor.column);
        n = run >= 16 ? 16 : run > 12 ? 8 : run;
      }
      to.adjacent = isPacked && cursor.column + n <= w->columns;
      /* Sums that do not become codes here need a pointer a pixel. */
      if (n == 16 && to.adjacent && !to.sums) take_run(&at, n, &cursor, w, residual);
      else take_pixels(&at, n, &cursor, w, residual);
      if (isSingle) tile_single(c, &at, weights, channel, &to);
      else if (n == 16) tile_sliding(c, &at, weights, channel, &to);
      else functions[n](c, &at, weights, blockStride, channel, &to);
      if (direct) continue;
      if (packs) {
        if (n == 16) store_sums_of_codes(16, 1, c, &at, channel, &to, addition);
        else if (blocks == 1) store_sums_of_codes(n, 1, c, &at, channel, &to, addition);
        else if (blocks == 2) store_sums_of_codes(n, 2, c, &at, channel, &to, addition);
        else store_sums_of_codes(n, blocks, c, &at, channel, &to, addition);
        continue;
      }
      for (int32_t b = 0; b < blocks; b++)
        finish(ending, c, &at, n, channel + b * 16, w->channelEnd - channel - b * 16, memory + b * 16, blocks * 16);
    }
    channel += blocks * 16;
  }
}

DC_AVX512 void dc_avx512_conv_u8s8u8_12x32(const dc_convolution *c) { convolve(c, ends_in_codes); }
DC_AVX512 void dc_avx512_convadd_u8s8u8_12x32(const dc_convolution *c) { convolve(c, ends_in_added_codes); }
DC_AVX512 void dc_avx512_conv_u8s8s32_12x32(const dc_convolution *c) { convolve(c, ends_in_sums); }
DC_AVX512 void dc_avx512_conv_u8s8f32_12x32(const dc_convolution *c) { convolve(c, ends_in_values); }
#endif
