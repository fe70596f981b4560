/* See dc_symbols.h. */
#include "include/dc_symbols.h"

#include <string.h>

#define LOWEST 65536u

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "Streams are little-endian, and so is every target so far."
#endif

void dc_fill_entries(uint32_t *entries, uint32_t frequency, uint32_t symbol) {
  uint32_t first = (frequency - 1) << 20 | symbol;
  for (uint32_t place = 0; place < frequency; place++) entries[place] = first | place << 8;
}

int dc_begin_symbols(dc_symbol_stream *stream, int lanes, const uint8_t *bytes, size_t count) {
  if (count < 4 * (size_t)lanes) return 0;
  memcpy(stream->states, bytes, 4 * (size_t)lanes);
  stream->words = bytes + 4 * (size_t)lanes;
  stream->end = bytes + count;
  stream->lanes = lanes;
  stream->next = 0;
  for (int lane = 0; lane < lanes; lane++)
    if (stream->states[lane] < LOWEST) return 0;
  return 1;
}

int dc_symbols_are_over(const dc_symbol_stream *stream) {
  for (int lane = 0; lane < stream->lanes; lane++)
    if (stream->states[lane] != LOWEST) return 0;
  return 1;
}

static inline uint32_t advanced(uint32_t state, uint32_t entry) {
  return ((entry >> 20) + 1) * (state >> 12) + (entry >> 8 & 4095);
}

/* One symbol; two bytes have to be there. Whether a word is taken depends on chance: no branch. */
static inline uint8_t step(uint32_t *state, const uint32_t *table, const uint8_t **words) {
  uint32_t entry = table[*state & 4095], next = advanced(*state, entry);
  uint16_t word;
  memcpy(&word, *words, 2);
  uint32_t filled = next << 16 | word;
  int isLow = __builtin_unpredictable(next < LOWEST);
  *state = isLow ? filled : next;
  *words += (size_t)isLow * 2;
  return (uint8_t)entry;
}

/* MARK: Whole turns of the lanes, as long as words are there for every lane */

static size_t turns_1(dc_symbol_stream *s, const uint32_t *table, uint8_t *symbols, size_t count) {
  const uint8_t *words = s->words;
  uint32_t a = s->states[0];
  size_t i = 0;
  for (; i < count && s->end - words >= 2; i++) symbols[i] = step(&a, table, &words);
  s->states[0] = a;
  s->words = words;
  return i;
}

static size_t turns_4(dc_symbol_stream *s, const uint32_t *table, uint8_t *symbols, size_t count) {
  const uint8_t *words = s->words;
  uint32_t a = s->states[0], b = s->states[1], c = s->states[2], d = s->states[3];
  size_t i = 0;
  for (; i + 4 <= count && s->end - words >= 8; i += 4) {
    symbols[i] = step(&a, table, &words);
    symbols[i + 1] = step(&b, table, &words);
    symbols[i + 2] = step(&c, table, &words);
    symbols[i + 3] = step(&d, table, &words);
  }
  s->states[0] = a, s->states[1] = b, s->states[2] = c, s->states[3] = d;
  s->words = words;
  return i;
}

static size_t turns_32(dc_symbol_stream *s, const uint32_t *table, uint8_t *symbols, size_t count) {
  const uint8_t *words = s->words;
  size_t i = 0;
  for (; i + 32 <= count && s->end - words >= 64; i += 32)
    for (int lane = 0; lane < 32; lane++) symbols[i + (size_t)lane] = step(&s->states[lane], table, &words);
  s->words = words;
  return i;
}

#if defined(__x86_64__) && !defined(DC_CODING_SCALAR)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))

AVX512 static inline __m512i step_16(__m512i state, const uint32_t *table, const uint8_t **words, uint8_t *symbols) {
  __m512i low = _mm512_set1_epi32(4095);
  __m512i entry = _mm512_i32gather_epi32(_mm512_and_si512(state, low), table, 4);
  _mm_storeu_si128((__m128i *)symbols, _mm512_cvtepi32_epi8(entry));
  __m512i frequency = _mm512_add_epi32(_mm512_srli_epi32(entry, 20), _mm512_set1_epi32(1));
  __m512i next = _mm512_add_epi32(_mm512_mullo_epi32(frequency, _mm512_srli_epi32(state, 12)),
                                  _mm512_and_si512(_mm512_srli_epi32(entry, 8), low));
  __mmask16 isLow = _mm512_cmplt_epu32_mask(next, _mm512_set1_epi32(LOWEST));
  __m512i word = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)*words));
  *words += 2 * __builtin_popcount(isLow);
  return _mm512_mask_or_epi32(next, isLow, _mm512_slli_epi32(next, 16), _mm512_maskz_expand_epi32(isLow, word));
}

AVX512 static size_t turns_32_avx512(dc_symbol_stream *s, const uint32_t *table, uint8_t *symbols, size_t count) {
  const uint8_t *words = s->words;
  __m512i a = _mm512_loadu_si512(s->states), b = _mm512_loadu_si512(s->states + 16);
  size_t i = 0;
  for (; i + 32 <= count && s->end - words >= 64; i += 32) {
    a = step_16(a, table, &words, symbols + i);
    b = step_16(b, table, &words, symbols + i + 16);
  }
  _mm512_storeu_si512(s->states, a);
  _mm512_storeu_si512(s->states + 16, b);
  s->words = words;
  return i;
}

static int has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
#else
static int has_avx512(void) { return 0; }
#define turns_32_avx512 turns_32
#endif

/* MARK: Any number */

static size_t turns(dc_symbol_stream *s, const uint32_t *table, uint8_t *symbols, size_t count) {
  if (s->lanes == 1) return turns_1(s, table, symbols, count);
  if (s->lanes == 4) return turns_4(s, table, symbols, count);
  return has_avx512() ? turns_32_avx512(s, table, symbols, count) : turns_32(s, table, symbols, count);
}

/* Up to `count` symbols of single lanes, until the first lane's turn; stops when there is no word for a lane that needs one. */
static size_t singles(dc_symbol_stream *s, const uint32_t *table, uint8_t *symbols, size_t count) {
  size_t i = 0;
  while (i < count) {
    uint32_t *state = &s->states[s->next];
    uint32_t entry = table[*state & 4095], next = advanced(*state, entry);
    if (next < LOWEST) {
      if (s->end - s->words < 2) return i;
      next = next << 16 | (uint32_t)s->words[0] | (uint32_t)s->words[1] << 8;
      s->words += 2;
    }
    *state = next;
    symbols[i++] = (uint8_t)entry;
    s->next = s->next + 1 == s->lanes ? 0 : s->next + 1;
    if (s->next == 0) break;
  }
  return i;
}

size_t dc_decode_symbols(dc_symbol_stream *s, const uint32_t *table, uint8_t *symbols, size_t count) {
  size_t done = 0;
  while (done < count) {
    if (s->next == 0) done += turns(s, table, symbols + done, count - done);
    if (done == count) break;
    size_t more = singles(s, table, symbols + done, count - done);
    if (more == 0) break;
    done += more;
  }
  return done;
}

void dc_prepare_runs(dc_runs *runs, unsigned longest) {
  for (unsigned symbol = 0; symbol < 256; symbol++) {
    int isRun = symbol < 2 * longest;
    const unsigned end = !isRun ? 0 : symbol % 2 ? 255 : 1;
    runs->symbols[symbol] = (uint16_t)(end << 8 | (isRun ? symbol / 2 + 1 : longest));
  }
}

size_t dc_write_runs(const dc_runs *runs, const uint8_t *symbols, size_t count, int8_t *codes, size_t start,
                     size_t room) {
  /* Every step writes: zeros end in a zero. */
  size_t place = start;
  for (size_t i = 0; i < count; i++) {
    const uint16_t run = runs->symbols[symbols[i]];
    const size_t end = place + (run & 255);
    if (end > room) return run >> 8 == 0 && i == count - 1 && place < room ? room : room + 1;
    codes[end - 1] = (int8_t)(run >> 8);
    place = end;
  }
  return place;
}

size_t dc_write_runs_until(const dc_runs *runs, const uint8_t *symbols, size_t count, int8_t *codes, size_t *place,
                           size_t room) {
  size_t end = *place, i = 0;
  for (; i < count && end < room; i++) {
    const uint16_t run = runs->symbols[symbols[i]];
    end += run & 255;
    codes[end - 1] = (int8_t)(run >> 8);
  }
  *place = end;
  return i;
}
