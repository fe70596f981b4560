/* Weights of two levels, brought into the bits that kernels count. */
#include "shared/common.h"

int32_t dc_find_two_levels(const dc_filters *f, int8_t levels[2]) {
  if (f->outputs == 0 || f->rows * f->columns * f->channels == 0) return 3;
  const int8_t first = *dc_weight_at(f, 0, 0, 0, 0);
  int8_t second = first;
  for (int32_t output = 0; output < f->outputs; output++)
    for (int32_t row = 0; row < f->rows; row++)
      for (int32_t column = 0; column < f->columns; column++)
        for (int32_t c = 0; c < f->channels; c++) {
          const int8_t level = *dc_weight_at(f, output, row, column, c);
          if (level == first || level == second) continue;
          if (second != first) return 3;
          second = level;
        }
  levels[0] = first < second ? first : second;
  levels[1] = first < second ? second : first;
  return first == second ? 1 : 2;
}

static int32_t words_of_segment(const dc_filters *f) { return (dc_segment_length_u8(f) + 63) / 64; }

int32_t dc_binary_words(const dc_filters *f) { return dc_segment_count(f) * words_of_segment(f); }

void dc_pack_binary(const dc_filters *f, int8_t high, uint64_t *data, uint64_t *mask) {
  const int32_t words = dc_binary_words(f), length = words_of_segment(f), columns = f->columnsApart ? 1 : f->columns;
  __builtin_memset(mask, 0, (size_t)words * 8);
  __builtin_memset(data, 0, (size_t)(f->outputs + 15) / 16 * 16 * (size_t)words * 8);
  for (int32_t segment = 0; segment < dc_segment_count(f); segment++) {
    const int32_t row = f->columnsApart ? segment / f->columns : segment;
    const int32_t first = f->columnsApart ? segment % f->columns : 0;
    for (int32_t x = 0; x < columns; x++)
      for (int32_t c = 0; c < f->channels; c++) {
        const int32_t i = x * f->mapChannelStride + c, word = segment * length + i / 64;
        const uint64_t bit = (uint64_t)1 << (i % 64);
        mask[word] |= bit;
        for (int32_t output = 0; output < f->outputs; output++)
          if (*dc_weight_at(f, output, row, first + x, c) == high)
            data[((ptrdiff_t)(output / 16) * words + word) * 16 + output % 16] |= bit;
      }
  }
}
