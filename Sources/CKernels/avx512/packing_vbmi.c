/* AVX-512 VBMI: packing of weights whose taps lie together, as files have them, for kernels that want channels together.

   Four channels of an output are a run of 4 * taps bytes, at most two registers; a permutation brings the four weights of
   each tap into a word. Exchanging rows and columns of 16 outputs by 16 taps makes what a kernel reads at once. */
#if defined(__x86_64__)
#include "../shared/packing.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi")))

enum { most_taps = 32 };

int dc_weaves_windows_vbmi(const dc_filters *f) {
  const int32_t taps = f->rows * f->columns;
  return !f->columnsApart && taps > 1 && taps <= most_taps && f->columnStride == 1 && f->rowStride == f->columns &&
         f->channelStride == taps && f->channels % 4 == 0 && f->mapChannelStride % 4 == 0 &&
         __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw");
}

#define UNROLLED _Pragma("clang loop unroll(full)")

/* Exchanges rows and columns of 16 x 16 words. */
DC_ALWAYS_INLINE TARGET void turn_words(__m512i rows[16]) {
  __m512i pairs[16], fours[16];
  UNROLLED for (int i = 0; i < 16; i += 2) {
    pairs[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  /* fours[4 * q + r]: word r of each quarter of the rows 4 * q ..< 4 * q + 4. */
  UNROLLED for (int i = 0; i < 16; i += 4) {
    fours[i] = _mm512_unpacklo_epi64(pairs[i], pairs[i + 2]);
    fours[i + 1] = _mm512_unpackhi_epi64(pairs[i], pairs[i + 2]);
    fours[i + 2] = _mm512_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
    fours[i + 3] = _mm512_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
  }
  UNROLLED for (int r = 0; r < 4; r++) {
    const __m512i a = _mm512_shuffle_i32x4(fours[r], fours[4 + r], 0x88);
    const __m512i b = _mm512_shuffle_i32x4(fours[8 + r], fours[12 + r], 0x88);
    const __m512i c = _mm512_shuffle_i32x4(fours[r], fours[4 + r], 0xdd);
    const __m512i d = _mm512_shuffle_i32x4(fours[8 + r], fours[12 + r], 0xdd);
    rows[r] = _mm512_shuffle_i32x4(a, b, 0x88), rows[8 + r] = _mm512_shuffle_i32x4(a, b, 0xdd);
    rows[4 + r] = _mm512_shuffle_i32x4(c, d, 0x88), rows[12 + r] = _mm512_shuffle_i32x4(c, d, 0xdd);
  }
}

TARGET void dc_weave_windows_vbmi(const dc_filters *f, const int8_t *source, int32_t outputs, int32_t length,
                                  int8_t *packed) {
  const int32_t taps = f->rows * f->columns, count = 4 * taps;
  const __mmask64 low = count >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << count) - 1;
  const __mmask64 high = count <= 64 ? 0 : count == 128 ? ~(__mmask64)0 : ((__mmask64)1 << (count - 64)) - 1;
  uint8_t places[128];
  ptrdiff_t tap[most_taps];
  for (int32_t t = 0; t < most_taps; t++) {
    for (int32_t k = 0; k < 4; k++) places[4 * t + k] = (uint8_t)(t < taps ? k * taps + t : 0);
    tap[t] = (ptrdiff_t)(t / f->columns * length + t % f->columns * f->mapChannelStride) * 16;
  }
  const __m512i order0 = _mm512_loadu_si512(places), order1 = _mm512_loadu_si512(places + 64);
  for (int32_t c = 0; c < f->channels; c += 4, source += count, packed += 64)
    for (int32_t first = 0; first < taps; first += 16) {
      const __m512i order = first == 0 ? order0 : order1;
      __m512i words[16];
      UNROLLED for (int o = 0; o < 16; o++) {
        const int8_t *from = source + (o < outputs ? o : 0) * f->outputStride;
        const __m512i a = _mm512_maskz_loadu_epi8(low, from), b = _mm512_maskz_loadu_epi8(high, from + 64);
        words[o] = o < outputs ? _mm512_permutex2var_epi8(a, order, b) : _mm512_setzero_si512();
      }
      turn_words(words);
      UNROLLED for (int t = 0; t < 16; t++)
        if (first + t < taps) _mm512_storeu_si512(packed + tap[first + t], words[t]);
    }
}
#endif
