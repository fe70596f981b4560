/* Sparse weights, brought into rounds of the kernels that pick codes from tables. */
#include "shared/common.h"

enum { lanes = 16, table_bytes = 64, round_bytes = 64 };

int32_t dc_gather_tables(const dc_filters *f, const int8_t *levels, dc_gather_table *tables) {
  const int32_t length = dc_segment_length_u8(f), most = levels ? table_bytes - 1 : table_bytes;
  const int32_t parts = (length + most - 1) / most, segments = dc_segment_count(f);
  for (int32_t t = 0; tables && t < parts * segments; t++) {
    /* Tables of a segment are about equally long: a window of two then holds as much everywhere. */
    const int32_t begin = (int32_t)((int64_t)length * (t % parts) / parts);
    const int32_t end = (int32_t)((int64_t)length * (t % parts + 1) / parts);
    tables[t].segment = t / parts;
    tables[t].offset = begin;
    tables[t].mask = end - begin == 64 ? ~(uint64_t)0 : ((uint64_t)1 << (end - begin)) - 1;
  }
  return parts * segments;
}

static int32_t table_length(uint64_t mask) { return mask ? 64 - __builtin_clzll(mask) : 0; }

/* Copies the weights of one output for one table. */
static void take_row(const dc_filters *f, int32_t output, const dc_gather_table *table, int8_t row[table_bytes]) {
  const int32_t length = table_length(table->mask);
  const int32_t y = f->columnsApart ? table->segment / f->columns : table->segment;
  const int32_t x = f->columnsApart ? table->segment % f->columns : 0;
  const int8_t *from = (const int8_t *)f->weights + output * f->outputStride + y * f->rowStride + x * f->columnStride;
  const int32_t columns = f->columnsApart ? 1 : f->columns;
  int32_t column = table->offset / f->mapChannelStride, channel = table->offset % f->mapChannelStride;
  for (int32_t i = 0; i < length;) {
    int32_t end = dc_minimum(length, i + f->mapChannelStride - channel);
    int32_t there = column < columns ? dc_minimum(end, i + f->channels - channel) : i;
    const int8_t *source = from + column * f->columnStride + channel * f->channelStride;
    if (f->channelStride == 1 && there > i) __builtin_memcpy(row + i, source, (size_t)(there - i));
    else for (int32_t k = i; k < there; k++) row[k] = source[(k - i) * f->channelStride];
    for (i = there > i ? there : i; i < end; i++) row[i] = 0;
    column += 1, channel = 0;
  }
}

static int32_t nonzero_count(const dc_filters *f, int32_t output) {
  int32_t count = 0;
  for (int32_t y = 0; y < f->rows; y++)
    for (int32_t x = 0; x < f->columns; x++) {
      const int8_t *at = (const int8_t *)f->weights + output * f->outputStride + y * f->rowStride + x * f->columnStride;
      for (int32_t c = 0; c < f->channels; c++) count += at[c * f->channelStride] != 0;
    }
  return count;
}

void dc_gather_order(const dc_filters *f, int32_t outputBegin, int32_t outputEnd, uint8_t *outputs) {
  const int32_t n = outputEnd - outputBegin;
  int32_t counts[DC_GATHER_SPAN];
  for (int32_t o = 0; o < n; o++) {
    counts[o] = n > lanes ? nonzero_count(f, outputBegin + o) : 0;
    /* Sorted by insertion; those that are equal keep their order. */
    int32_t place = o;
    for (; place > 0 && counts[outputs[place - 1]] < counts[o]; place--) outputs[place] = outputs[place - 1];
    outputs[place] = (uint8_t)o;
  }
}

size_t dc_gathered_most_bytes(const dc_filters *f, const int8_t *levels) {
  return (size_t)dc_gather_tables(f, levels, 0) * (table_bytes / 4) * (levels ? round_bytes : 2 * round_bytes);
}

/* The weights of one output that wait for a place. */
typedef struct waiting {
  int32_t count;
  int32_t urgent; /* the first so many are of the table at hand, the others of the next */
  uint8_t at[2 * table_bytes];
  int8_t weight[2 * table_bytes];
} waiting;

static void append_table(waiting *w, const int8_t row[table_bytes], int32_t length) {
  for (int32_t i = 0; i < length; i++)
    if (row[i]) w->at[w->count] = (uint8_t)i, w->weight[w->count++] = row[i];
}

/* Fills `rounds` rounds with the weights of one output, those of the table at hand first. */
static void fill_lane(waiting *w, int32_t lane, int32_t rounds, const int8_t *levels, uint8_t *data) {
  const int32_t taken = dc_minimum(w->count, rounds * 4);
  for (int32_t k = 0; k < taken; k++) {
    uint8_t *round = data + (ptrdiff_t)(k / 4) * (levels ? round_bytes : 2 * round_bytes);
    const int32_t byte = lane * 4 + k % 4;
    const uint8_t at = (uint8_t)(w->at[k] + (k < w->urgent ? 0 : table_bytes));
    if (levels) round[byte] = (uint8_t)(at | (w->weight[k] == levels[1] ? 0x80 : 0));
    else round[byte] = at, round[round_bytes + byte] = (uint8_t)w->weight[k];
  }
  w->count -= taken;
  w->urgent -= dc_minimum(taken, w->urgent);
  for (int32_t k = 0; k < w->count; k++) w->at[k] = w->at[k + taken], w->weight[k] = w->weight[k + taken];
}

size_t dc_pack_gathered(const dc_filters *f, const int8_t *levels, const dc_gather_table *tables,
                        const int32_t *outputs, int32_t outputCount, uint8_t *rounds, uint8_t *data) {
  const int32_t tableCount = dc_gather_tables(f, levels, 0);
  const ptrdiff_t stride = levels ? round_bytes : 2 * round_bytes;
  waiting lane[lanes];
  int8_t row[table_bytes];
  uint8_t *at = data;
  for (int32_t o = 0; o < outputCount; o++) {
    lane[o].count = 0;
    take_row(f, outputs[o], &tables[0], row);
    append_table(&lane[o], row, table_length(tables[0].mask));
  }
  for (int32_t t = 0; t < tableCount; t++) {
    /* As many rounds as the fullest output needs to be done with this table; the others go ahead with the next. */
    int32_t most = 0;
    for (int32_t o = 0; o < outputCount; o++) {
      lane[o].urgent = lane[o].count;
      if ((lane[o].count + 3) / 4 > most) most = (lane[o].count + 3) / 4;
      if (t + 1 == tableCount) continue;
      take_row(f, outputs[o], &tables[t + 1], row);
      append_table(&lane[o], row, table_length(tables[t + 1].mask));
    }
    for (int32_t r = 0; r < most; r++) __builtin_memset(at + r * stride, levels ? table_bytes - 1 : 0, (size_t)stride);
    for (int32_t o = 0; o < outputCount; o++) fill_lane(&lane[o], o, most, levels, at);
    rounds[t] = (uint8_t)most;
    at += most * stride;
  }
  return (size_t)(at - data);
}
