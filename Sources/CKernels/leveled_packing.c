/* Weights of few levels, brought into the codes that kernels unpack in registers. */
#include "shared/common.h"

/* Whether the weights of a segment are one run of bytes, without a gap between its pixels. */
static int is_whole(const dc_filters *f) {
  return f->channelStride == 1 && (f->columnsApart || f->columns == 1 ||
                                   (f->columnStride == f->mapChannelStride && f->channels == f->mapChannelStride));
}

int32_t dc_find_levels(const dc_filters *f, int8_t levels[16]) {
  const int whole = f->channelStride == 1;
  uint8_t occurs[256] = {0};
  occurs[128] = 1; /* level 0 */
  for (int32_t output = 0; output < f->outputs; output++) {
    for (int32_t row = 0; row < f->rows; row++)
      for (int32_t column = 0; column < f->columns; column++) {
        const int8_t *weights = dc_weight_at(f, output, row, column, 0);
        if (whole) for (int32_t c = 0; c < f->channels; c++) occurs[weights[c] + 128] = 1;
        else for (int32_t c = 0; c < f->channels; c++) occurs[weights[c * f->channelStride] + 128] = 1;
      }
    int32_t count = 0;
    for (int32_t level = 0; level < 256; level++) count += occurs[level];
    if (count > 16) return 17;
  }
  int32_t count = 0;
  for (int32_t level = -128; level < 128; level++)
    if (occurs[level + 128]) levels[count++] = (int8_t)level;
  for (int32_t i = count; i < 16; i++) levels[i] = 0;
  return count;
}

size_t dc_leveled_byte_count(const dc_filters *f, int32_t bits) {
  const dc_window w = {.segmentCount = dc_segment_count(f), .segmentLength = dc_segment_length_u8(f)};
  return (size_t)(f->outputs + 15) / 16 * (size_t)dc_leveled_block_byte_count(&w, bits);
}

void dc_pack_leveled(const dc_filters *f, int32_t bits, const int8_t *levels, void *packed) {
  const int32_t steps = 8 / bits, count = 1 << bits, segments = dc_segment_count(f);
  const int32_t groups = (dc_segment_length_u8(f) / 4 + steps - 1) / steps, columns = f->columnsApart ? 1 : f->columns;
  const int whole = is_whole(f);
  uint8_t codes[256] = {0}, *to = (uint8_t *)packed;
  for (int32_t code = count - 1; code >= 0; code--) codes[levels[code] + 128] = (uint8_t)code;
  /* What belongs to no channel is level 0. */
  uint8_t blank = 0;
  for (int32_t s = 0; s < steps; s++) blank |= (uint8_t)(codes[128] << (bits * s));
  __builtin_memset(packed, blank, dc_leveled_byte_count(f, bits));
  for (int32_t output = 0; output < f->outputs; output++)
    for (int32_t segment = 0; segment < segments; segment++) {
      const int32_t row = f->columnsApart ? segment / f->columns : segment;
      const int32_t first = f->columnsApart ? segment % f->columns : 0;
      uint8_t *block = to + ((ptrdiff_t)(output / 16) * segments + segment) * groups * 64 + output % 16 * 4;
      const int8_t *run = dc_weight_at(f, output, row, first, 0);
      int32_t done = 0;
      if (whole)
        for (; done + 4 * steps <= columns * f->channels; done += 4 * steps, block += 64, run += 4 * steps)
          for (int32_t k = 0; k < 4; k++) {
            uint32_t byte = 0;
            for (int32_t s = 0; s < steps; s++) byte |= (uint32_t)codes[run[4 * s + k] + 128] << (bits * s);
            block[k] = (uint8_t)byte;
          }
      if (whole && done == columns * f->channels) continue;
      for (int32_t x = 0; x < columns; x++)
        for (int32_t c = 0; c < f->channels; c++) {
          const int32_t i = x * f->mapChannelStride + c - done, step = i / 4, shift = bits * (step % steps);
          if (i < 0) continue;
          uint8_t *byte = block + (ptrdiff_t)(step / steps) * 64 + i % 4;
          const uint8_t code = codes[*dc_weight_at(f, output, row, first + x, c) + 128];
          *byte = (uint8_t)((*byte & ~((count - 1) << shift)) | code << shift);
        }
    }
}
