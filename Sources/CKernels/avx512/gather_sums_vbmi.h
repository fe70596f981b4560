/* AVX-512 VBMI: sums of u8 codes with sparse s8 weights, of some pixels and groups of 16 outputs.

   A round is a vpermi2b, which picks four codes for each of 16 outputs from 128 bytes of the window, and a vpdpbusd.
   The window of 128 bytes slides by one table, so that an output that is done with a table goes ahead with the next
   while another is not. Several pixels share a round's bytes, and several groups the tables. */
#include "avx512.h"

#define DC_VBMI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,fma")))
#define DC_VBMI_INLINE DC_ALWAYS_INLINE DC_VBMI

enum { most_tile = 8, most_run = 64, most_resident = 6, most_groups = 4, span = DC_GATHER_SPAN };

/* Up to 64 pixels in tiles, and what a span of outputs came to. */
typedef struct pixel_run {
  /* Eight are written at a time. */
  const uint8_t *input[most_run + 8];
  const uint8_t *output[most_run + 8];
  const uint8_t *residual[most_run + 8];
  int32_t tileCount;
  int32_t tileBegin[most_run / most_tile + 1]; /* tiles are about equally large */
  union {
    uint8_t codes[most_run / most_tile][most_tile / 4][span / 16][64]; /* [tile][four pixels][group], as packing leaves them */
    int32_t sums[most_run][span];
  } by_place __attribute__((aligned(64)));
} pixel_run;

DC_VBMI_INLINE __m512i table_at(const dc_window *w, const dc_gather_table *t, const uint8_t *input) {
  return _mm512_maskz_loadu_epi8(t->mask, input + w->segmentOffsets[t->segment] + t->offset);
}

/* The weights of a round. */
DC_VBMI_INLINE __m512i weights_of(const int narrow, const uint8_t *round, __m512i index, __m512i clear, __m512i set) {
  return narrow ? _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), clear, set) : _mm512_loadu_si512(round + 64);
}

/* The sums of `pixels` pixels with one group. A single pixel has two sums, as one would wait for itself. */
DC_VBMI_INLINE void sum_tile(const int pixels, const int narrow, const dc_window *w, const dc_gathered *g,
                             int32_t group, const uint8_t *const *input, __m512i acc[most_tile]) {
  const uint8_t *rounds = g->rounds + (ptrdiff_t)group * g->tableCount;
  const uint8_t *round = g->data + g->groupOffsets[group];
  const dc_gather_table *table = g->tables, *last = table + g->tableCount - 1;
  const __m512i clear = _mm512_set1_epi8(g->levels[0]), set = _mm512_set1_epi8(g->levels[1]);
  const ptrdiff_t step = narrow ? 64 : 128;
  __m512i here[most_tile], next[most_tile], other = _mm512_setzero_si512();
  UNROLLED for (int p = 0; p < pixels; p++) {
    acc[p] = _mm512_setzero_si512();
    next[p] = table_at(w, table, input[p]);
  }
  for (; table <= last; table++) {
    UNROLLED for (int p = 0; p < pixels; p++) here[p] = next[p];
    if (table < last) {
      const ptrdiff_t offset = w->segmentOffsets[table[1].segment] + table[1].offset;
      const __mmask64 mask = table[1].mask;
      UNROLLED for (int p = 0; p < pixels; p++) next[p] = _mm512_maskz_loadu_epi8(mask, input[p] + offset);
    }
    int n = *rounds++;
    if (pixels == 1)
      for (; n > 1; n -= 2, round += 2 * step) {
        const __m512i a = _mm512_loadu_si512(round), b = _mm512_loadu_si512(round + step);
        acc[0] = _mm512_dpbusd_epi32(acc[0], _mm512_permutex2var_epi8(here[0], a, next[0]),
                                     weights_of(narrow, round, a, clear, set));
        other = _mm512_dpbusd_epi32(other, _mm512_permutex2var_epi8(here[0], b, next[0]),
                                    weights_of(narrow, round + step, b, clear, set));
      }
    for (; n > 0; n--, round += step) {
      const __m512i index = _mm512_loadu_si512(round), weights = weights_of(narrow, round, index, clear, set);
      UNROLLED for (int p = 0; p < pixels; p++)
        acc[p] = _mm512_dpbusd_epi32(acc[p], _mm512_permutex2var_epi8(here[p], index, next[p]), weights);
    }
  }
  if (pixels == 1) acc[0] = _mm512_add_epi32(acc[0], other);
}

/* The sums of up to four pixels with neighboring groups, which share the tables. */
DC_VBMI_INLINE void sum_groups(const int groups, const int pixels, const dc_window *w, const dc_gathered *g,
                               int32_t group, const uint8_t *const *input, __m512i acc[most_groups][4]) {
  const uint8_t *round[most_groups];
  const ptrdiff_t count = g->tableCount;
  const dc_gather_table *table = g->tables, *last = table + count - 1;
  const uint8_t *rounds = g->rounds + group * count;
  __m512i here[4], next[4];
  UNROLLED for (int i = 0; i < groups; i++) {
    round[i] = g->data + g->groupOffsets[group + i];
    UNROLLED for (int p = 0; p < pixels; p++) acc[i][p] = _mm512_setzero_si512();
  }
  UNROLLED for (int p = 0; p < pixels; p++) next[p] = table_at(w, table, input[p]);
  for (; table <= last; table++, rounds++) {
    UNROLLED for (int p = 0; p < pixels; p++) here[p] = next[p];
    if (table < last) {
      const ptrdiff_t offset = w->segmentOffsets[table[1].segment] + table[1].offset;
      const __mmask64 mask = table[1].mask;
      UNROLLED for (int p = 0; p < pixels; p++) next[p] = _mm512_maskz_loadu_epi8(mask, input[p] + offset);
    }
    UNROLLED for (int i = 0; i < groups; i++)
      for (int n = rounds[i * count]; n > 0; n--, round[i] += 128) {
        const __m512i index = _mm512_loadu_si512(round[i]), weights = _mm512_loadu_si512(round[i] + 64);
        UNROLLED for (int p = 0; p < pixels; p++)
          acc[i][p] = _mm512_dpbusd_epi32(acc[i][p], _mm512_permutex2var_epi8(here[p], index, next[p]), weights);
      }
  }
}

/* Distances of eight pixels from the first of them. */
DC_VBMI_INLINE __m512i distances(ptrdiff_t stride) {
  return _mm512_mullo_epi64(_mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7), _mm512_set1_epi64(stride));
}

/* Writes where n pixels of a row are, and up to 7 more. */
DC_VBMI_INLINE void write_places(const uint8_t **places, int32_t n, const uint8_t *first, ptrdiff_t stride,
                                 __m512i distances) {
  __m512i at = _mm512_add_epi64(_mm512_set1_epi64((int64_t)(intptr_t)first), distances);
  const __m512i step = _mm512_set1_epi64(8 * stride);
  for (int32_t i = 0; i < n; i += 8, at = _mm512_add_epi64(at, step)) _mm512_storeu_si512(places + i, at);
}

/* Takes the next `count` pixels, and divides them into tiles. */
DC_VBMI static void take_gathered_run(pixel_run *run, int32_t count, dc_cursor *c, const dc_window *w,
                                      const dc_residual *r) {
  const __m512i inputs = distances(w->inputColumnStride), outputs = distances(w->outputColumnStride);
  const __m512i residuals = distances(r ? r->columnStride : 0);
  for (int32_t p = 0; p < count;) {
    const int32_t n = dc_minimum(count - p, w->columns - c->column);
    write_places(run->input + p, n, c->input, w->inputColumnStride, inputs);
    write_places(run->output + p, n, c->output, w->outputColumnStride, outputs);
    if (r) write_places(run->residual + p, n, c->residual, r->columnStride, residuals);
    p += n, c->column += n;
    c->input += n * w->inputColumnStride, c->output += n * w->outputColumnStride;
    if (r) c->residual += n * r->columnStride;
    if (c->column < w->columns) break;
    c->column = 0;
    c->input += w->inputRowStride - w->columns * w->inputColumnStride;
    c->output += w->outputRowStride - w->columns * w->outputColumnStride;
    if (r) c->residual += r->rowStride - w->columns * r->columnStride;
  }
  run->tileCount = (count + most_tile - 1) / most_tile;
  for (int32_t t = 0; t <= run->tileCount; t++) run->tileBegin[t] = count * t / run->tileCount;
}
