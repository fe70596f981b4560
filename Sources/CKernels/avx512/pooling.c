/* AVX-512: pooling. The greatest of each channel is found for up to four registers of channels at once. */
#if defined(__x86_64__)
#define DC_ISA avx512
#define DC_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma")))
#define DC_TILE_32 1x16
#define DC_POOL_32 16
#define DC_HAS_OWN_MAXPOOL 1
#include "../shared/names.h"
#include "../shared/pooling.h"
#include "avx512.h"

enum { most_vectors = 4 };

/* Of `vectors` registers of channels, or of those in `mask` of one. */
DC_AVX512_INLINE void greatest_codes(const int vectors, const __mmask64 mask, const dc_window *w, dc_cursor at,
                                     int32_t channel) {
  __m512i best[most_vectors];
  const uint8_t *input = at.input + channel;
  UNROLLED for (int v = 0; v < vectors; v++) best[v] = _mm512_setzero_si512();
  for (int32_t tap = 0; tap < w->segmentCount; tap++) {
    const uint8_t *codes = input + w->segmentOffsets[tap];
    UNROLLED for (int v = 0; v < vectors; v++)
      best[v] = _mm512_max_epu8(best[v], _mm512_maskz_loadu_epi8(mask, codes + v * 64));
  }
  UNROLLED for (int v = 0; v < vectors; v++) _mm512_mask_storeu_epi8(at.output + channel + v * 64, mask, best[v]);
}

DC_AVX512_INLINE void greatest_values(const int vectors, const __mmask16 mask, const dc_window *w, dc_cursor at,
                                      int32_t channel) {
  __m512 best[most_vectors];
  const float *input = (const float *)(const void *)(at.input + w->segmentOffsets[0]) + channel;
  UNROLLED for (int v = 0; v < vectors; v++) best[v] = _mm512_maskz_loadu_ps(mask, input + v * 16);
  for (int32_t tap = 1; tap < w->segmentCount; tap++) {
    const float *values = (const float *)(const void *)(at.input + w->segmentOffsets[tap]) + channel;
    /* Of a NaN and a number the second operand is taken: what was there. */
    UNROLLED for (int v = 0; v < vectors; v++)
      best[v] = _mm512_max_ps(_mm512_maskz_loadu_ps(mask, values + v * 16), best[v]);
  }
  float *output = (float *)(void *)at.output + channel;
  UNROLLED for (int v = 0; v < vectors; v++) _mm512_mask_storeu_ps(output + v * 16, mask, best[v]);
}

#define MAXPOOL(name, width, greatest, first) \
  DC_AVX512 void name(const dc_pooling *p) { \
    const dc_window *w = &p->window; \
    dc_cursor at = dc_cursor_at(w, 0, w->pixelBegin); \
    for (int32_t pixel = w->pixelBegin; pixel < w->pixelEnd; pixel++) { \
      for (int32_t channel = w->channelBegin, vectors; channel < w->channelEnd; channel += vectors * width) { \
        const int32_t left = w->channelEnd - channel; \
        vectors = left >= 4 * width ? 4 : left >= 2 * width ? 2 : 1; \
        if (vectors == 4) greatest(4, first(width), w, at, channel); \
        else if (vectors == 2) greatest(2, first(width), w, at, channel); \
        else if (left >= width) greatest(1, first(width), w, at, channel); \
        else greatest(1, first(left), w, at, channel); \
      } \
      dc_cursor_advance(&at, w, 0); \
    } \
  }

MAXPOOL(dc_avx512_maxpool_u8u8_1x64, 64, greatest_codes, first64)
MAXPOOL(dc_avx512_maxpool_f32f32_1x16, 16, greatest_values, first16)
#endif
