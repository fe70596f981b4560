/* AVX-512 VBMI: what sums of sparse layers come to, brought into the order of channels, which packing has changed. */

/* 64 codes with 64 of the residual, by rules of any size; saturated when the rule is short, else clamped. */
DC_VBMI_INLINE __m512i added64(__m512i codes, __m512i other, const addition16 *rule) {
  if (rule->isShort) return sum64(codes, other, *rule);
  uint8_t a[64] __attribute__((aligned(64))), b[64] __attribute__((aligned(64)));
  _mm512_store_si512(a, codes), _mm512_store_si512(b, other);
  for (int i = 0; i < 64; i += 16) {
    __m512i left = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(const void *)(a + i)));
    __m512i right = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(const void *)(b + i)));
    _mm_store_si128((__m128i *)(void *)(a + i), _mm512_cvtepi32_epi8(sum_of_codes(left, right, *rule)));
  }
  return _mm512_load_si512(a);
}

/* The limits of both rules. */
typedef struct byte_limits {
  __m512i lowest, highest, lowestSum, highestSum;
} byte_limits;

DC_VBMI_INLINE byte_limits byte_limits_of(const dc_convolution *c) {
  byte_limits l;
  l.lowest = _mm512_set1_epi8((char)c->requantization.lowest);
  l.highest = _mm512_set1_epi8((char)c->requantization.highest);
  l.lowestSum = _mm512_set1_epi8((char)c->residual.rule.lowest);
  l.highestSum = _mm512_set1_epi8((char)c->residual.rule.highest);
  return l;
}

/* Clamps the codes of one pixel, adds the residual, and stores those of the channels that are there. */
DC_VBMI_INLINE void store_pixel(const int adds, __m512i codes, const pixel_run *run, int32_t pixel, int32_t block,
                                __mmask64 mask, byte_limits l, const addition16 *addition) {
  codes = _mm512_min_epu8(_mm512_max_epu8(codes, l.lowest), l.highest);
  if (adds) {
    codes = added64(codes, _mm512_maskz_loadu_epi8(mask, run->residual[pixel] + block), addition);
    codes = _mm512_min_epu8(_mm512_max_epu8(codes, l.lowestSum), l.highestSum);
  }
  _mm512_mask_storeu_epi8((uint8_t *)(uintptr_t)run->output[pixel] + block, mask, codes);
}

/* The same for 16 channels or fewer of four pixels, as packing leaves them. */
DC_VBMI_INLINE void store_four(const int adds, __m512i codes, const pixel_run *run, int32_t first, int32_t pixels,
                               int32_t block, __mmask16 mask, byte_limits l, const addition16 *addition) {
  codes = _mm512_min_epu8(_mm512_max_epu8(codes, l.lowest), l.highest);
  if (adds) {
    __m128i other[4];
    for (int p = 0; p < 4; p++)
      other[p] = p < pixels ? _mm_maskz_loadu_epi8(mask, run->residual[first + p] + block) : _mm_setzero_si128();
    __m512i all = _mm512_castsi128_si512(other[0]);
    all = _mm512_inserti32x4(_mm512_inserti32x4(all, other[1], 1), other[2], 2);
    codes = added64(codes, reordered(_mm512_inserti32x4(all, other[3], 3)), addition);
    codes = _mm512_min_epu8(_mm512_max_epu8(codes, l.lowestSum), l.highestSum);
  }
  codes = reordered(codes);
  const __m128i part[4] = {_mm512_castsi512_si128(codes), _mm512_extracti32x4_epi32(codes, 1),
                           _mm512_extracti32x4_epi32(codes, 2), _mm512_extracti32x4_epi32(codes, 3)};
  for (int p = 0; p < 4; p++)
    if (p < pixels) _mm_mask_storeu_epi8((uint8_t *)(uintptr_t)run->output[first + p] + block, mask, part[p]);
}

/* Where vpermb finds each output once four groups' words are exchanged: place 16 g + 4 q + b is at 16 q + 4 g + b of its
   64. */
DC_VBMI_INLINE __m512i exchanged_places(const uint8_t *order) {
  const __m512i places = _mm512_loadu_si512(order), low = _mm512_set1_epi8(3);
  const __m512i q = _mm512_and_si512(_mm512_srli_epi16(places, 2), low);
  const __m512i g = _mm512_and_si512(_mm512_srli_epi16(places, 4), low);
  return _mm512_or_si512(_mm512_or_si512(_mm512_slli_epi16(q, 4), _mm512_slli_epi16(g, 2)),
                         _mm512_and_si512(places, _mm512_set1_epi8((char)0xC3)));
}

/* The codes of four groups for each of four pixels, their words exchanged. The codes of groups that are not there are
   any. */
DC_VBMI_INLINE void exchange(const uint8_t (*codes)[64], int32_t groups, __m512i four[4]) {
  const __m512i a = _mm512_load_si512(codes[0]), b = groups > 1 ? _mm512_load_si512(codes[1]) : a;
  const __m512i d = groups > 2 ? _mm512_load_si512(codes[2]) : a, e = groups > 3 ? _mm512_load_si512(codes[3]) : a;
  const __m512i ab01 = _mm512_unpacklo_epi32(a, b), ab23 = _mm512_unpackhi_epi32(a, b);
  const __m512i de01 = _mm512_unpacklo_epi32(d, e), de23 = _mm512_unpackhi_epi32(d, e);
  four[0] = _mm512_unpacklo_epi64(ab01, de01), four[1] = _mm512_unpackhi_epi64(ab01, de01);
  four[2] = _mm512_unpacklo_epi64(ab23, de23), four[3] = _mm512_unpackhi_epi64(ab23, de23);
}

/* Where vpermi2b finds each of 32 outputs of two pixels in two groups' packed codes: place 16 g + 4 q + b of pixel p of
   four is at 64 g + 16 q + 4 p + b. */
DC_VBMI_INLINE __m512i paired_places(const uint8_t *order) {
  const __m512i places = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(const void *)order));
  const __m512i low = _mm512_set1_epi8(3), pixel = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi8(4), 1);
  const __m512i q = _mm512_and_si512(_mm512_srli_epi16(places, 2), low);
  const __m512i g = _mm512_and_si512(_mm512_srli_epi16(places, 4), low);
  return _mm512_or_si512(_mm512_or_si512(_mm512_slli_epi16(g, 6), _mm512_slli_epi16(q, 4)),
                         _mm512_or_si512(pixel, _mm512_and_si512(places, low)));
}

/* Whether pixels of a row are as far apart as they are long, in the result and in the residual. */
DC_VBMI_INLINE int columns_touch(const int adds, const dc_convolution *c, int32_t channels) {
  return c->window.outputColumnStride == channels && (!adds || c->residual.columnStride == channels);
}

/* Whether four pixels then lie side by side, be it in two rows. */
DC_VBMI_INLINE int four_touch(const int adds, const pixel_run *run, int32_t first, int32_t channels) {
  const int32_t last = first + 3;
  return run->output[last] - run->output[first] == 3 * channels &&
         (!adds || run->residual[last] - run->residual[first] == 3 * channels);
}

/* Clamps 64 codes that lie together, adds the residual, and stores them. */
DC_VBMI_INLINE void store_64(const int adds, __m512i codes, const uint8_t *output, const uint8_t *residual,
                             byte_limits l, const addition16 *addition) {
  codes = _mm512_min_epu8(_mm512_max_epu8(codes, l.lowest), l.highest);
  if (adds) {
    codes = added64(codes, _mm512_loadu_si512(residual), addition);
    codes = _mm512_min_epu8(_mm512_max_epu8(codes, l.lowestSum), l.highestSum);
  }
  _mm512_storeu_si512((uint8_t *)(uintptr_t)output, codes);
}

/* Stores the packed codes of a run in the order of channels, at most 64. */
DC_VBMI_INLINE void finish_codes(const int adds, const dc_convolution *c, int32_t block, int32_t channels,
                                 const pixel_run *run, const addition16 *addition) {
  const __m512i places = exchanged_places(((const dc_gathered *)c->weights)->order + block);
  const byte_limits limits = byte_limits_of(c);
  const __mmask64 mask = first64(channels);
  const __m512i pairs = paired_places(((const dc_gathered *)c->weights)->order + block);
  const __m512i otherPairs = _mm512_or_si512(pairs, _mm512_set1_epi8(8));
  const int touches = channels == 32 && columns_touch(adds, c, channels);
  for (int32_t tile = 0; tile < run->tileCount; tile++)
    for (int32_t first = run->tileBegin[tile], end = run->tileBegin[tile + 1], i = 0; first < end; first += 4, i++) {
      const uint8_t(*codes)[64] = run->by_place.codes[tile][i];
      const int32_t pixels = end - first;
      const __m512i a = _mm512_load_si512(codes[0]);
      if (channels <= 16) {
        store_four(adds, a, run, first, pixels, block, (__mmask16)mask, limits, addition);
        continue;
      }
      if (touches && pixels >= 4 && four_touch(adds, run, first, channels)) {
        const __m512i b = _mm512_load_si512(codes[1]);
        const uint8_t *const output = run->output[first] + block;
        const uint8_t *const residual = adds ? run->residual[first] + block : 0;
        store_64(adds, _mm512_permutex2var_epi8(a, pairs, b), output, residual, limits, addition);
        store_64(adds, _mm512_permutex2var_epi8(a, otherPairs, b), output + 64, adds ? residual + 64 : 0, limits,
                 addition);
        continue;
      }
      __m512i four[4];
      exchange(codes, (channels + 15) / 16, four);
      UNROLLED for (int p = 0; p < 4; p++)
        if (p < pixels)
          store_pixel(adds, _mm512_permutexvar_epi8(places, four[p]), run, first + p, block, mask, limits, addition);
    }
}

/* The same for more channels, which may be anywhere in their span. */
DC_VBMI_INLINE void finish_span(const int adds, const dc_convolution *c, int32_t begin, int32_t channels,
                                const pixel_run *run, const addition16 *addition) {
  const uint8_t *order = ((const dc_gathered *)c->weights)->order + begin;
  const byte_limits limits = byte_limits_of(c);
  const int32_t groups = (channels + 15) / 16, blocks = (channels + 63) / 64;
  __m512i places[span / 64], four[span / 64][4];
  for (int32_t b = 0; b < blocks; b++) places[b] = exchanged_places(order + 64 * b);
  for (int32_t tile = 0; tile < run->tileCount; tile++)
    for (int32_t first = run->tileBegin[tile], end = run->tileBegin[tile + 1], i = 0; first < end; first += 4, i++) {
      for (int32_t b = 0; b < blocks; b++)
        exchange(run->by_place.codes[tile][i] + 4 * b, groups - 4 * b, four[b]);
      for (int32_t p = 0; p < dc_minimum(end - first, 4); p++)
        for (int32_t b = 0; b < blocks; b++) {
          __m512i codes = _mm512_permutex2var_epi8(four[0][p], places[b], four[1][p]);
          if (blocks > 2) {
            const __m512i upper = _mm512_permutex2var_epi8(four[2][p], places[b], four[blocks - 1][p]);
            codes = _mm512_mask_blend_epi8(_mm512_movepi8_mask(places[b]), codes, upper);
          }
          store_pixel(adds, codes, run, first + p, begin + 64 * b, first64(channels - 64 * b), limits, addition);
        }
    }
}

/* Stores the values that sums of a run come to in the order of channels. */
DC_VBMI_INLINE void finish_sums(const dc_convolution *c, int32_t block, int32_t channels, const pixel_run *run) {
  const uint8_t *order = ((const dc_gathered *)c->weights)->order + block;
  for (int32_t p = 0; p < run->tileBegin[run->tileCount]; p++)
    for (int32_t o = 0; o < channels; o++) {
      const int32_t sum = run->by_place.sums[p][order[o]], place = block + order[o];
      const float product = (float)sum * c->scales[place];
      ((float *)(uintptr_t)run->output[p])[block + o] = product + c->biases[place];
    }
}
