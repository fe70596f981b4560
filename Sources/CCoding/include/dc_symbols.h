/* Symbols out of a stream of interleaved asymmetric numeral systems: the inner loop of the decoders in `Coding`.

   A stream has 1, 4 or 32 lanes, which decode symbols in turn and take 16-bit words from one sequence. With 32 lanes AVX-512
   decodes 16 symbols at a time, where it is there; the results are the same. Nothing is allocated and nothing beyond
   `end` is read. The format is in Documentation/format.md. */
#ifndef DC_SYMBOLS_H
#define DC_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Entries of a table, by the lowest 12 bits of a state: (frequency - 1) << 20 | (slot - sum before) << 8 | symbol. */
#define DC_SYMBOL_TABLE_COUNT 4096

/* Sets the entries of a symbol's `frequency` slots, the first at `entries`. */
void dc_fill_entries(uint32_t *entries, uint32_t frequency, uint32_t symbol);

typedef struct dc_symbol_stream {
  uint32_t states[32];
  const uint8_t *words; /* the next one */
  const uint8_t *end;
  int32_t lanes; /* 1, 4 or 32 */
  int32_t next;  /* the lane that decodes the next symbol */
} dc_symbol_stream;

/* Reads the lanes' states. 0 when there are too few bytes or a state is too small. */
int dc_begin_symbols(dc_symbol_stream *stream, int lanes, const uint8_t *bytes, size_t count);

/* Decodes `count` symbols; returns how many there were words for. */
size_t dc_decode_symbols(dc_symbol_stream *stream, const uint32_t *table, uint8_t *symbols, size_t count);

/* 1 when all lanes have the state with which an encoder starts. */
int dc_symbols_are_over(const dc_symbol_stream *stream);

/* What a symbol of runs stands for: symbol 2 g + s, g < longest, is g zeros and then +1 or (s = 1) -1; 2 longest is
   `longest` zeros; larger ones do not occur. */
typedef struct dc_runs {
  uint16_t symbols[256]; /* how many codes, and in the upper byte the last of them */
} dc_runs;

void dc_prepare_runs(dc_runs *runs, unsigned longest);

/* Writes the ends of `count` runs into codes that are 0, the first starting at `start`.

   Returns where the next run begins, `room` for one of zeros only that would end beyond it, or room + 1 when another does,
   or any does before the last. */
size_t dc_write_runs(const dc_runs *runs, const uint8_t *symbols, size_t count, int8_t *codes, size_t start, size_t room);

/* The longest run, with what ends it. */
#define DC_LONGEST_RUN 128

/* Writes the ends of runs into codes that are 0, the first starting at `*place`, until one reaches `room` or `count` are
   written. `codes` has room for DC_LONGEST_RUN - 1 more than `room`.

   Sets `*place` to where the next run begins; returns how many were written. */
size_t dc_write_runs_until(const dc_runs *runs, const uint8_t *symbols, size_t count, int8_t *codes, size_t *place,
                           size_t room);

#ifdef __cplusplus
}
#endif

#endif
