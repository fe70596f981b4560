/* Weights of two levels and zeros, brought into the lists of places whose codes kernels add up. */
#include "shared/common.h"

/* Finds the levels and counts the weights of them; -1 where there are too many levels, or weights. */
static int32_t count_places(const dc_filters *f, int8_t levels[2]) {
  int64_t count = 0;
  levels[0] = levels[1] = 0;
  for (int32_t output = 0; output < f->outputs; output++)
    for (int32_t row = 0; row < f->rows; row++)
      for (int32_t column = 0; column < f->columns; column++)
        for (int32_t c = 0; c < f->channels; c++) {
          const int8_t level = *dc_weight_at(f, output, row, column, c);
          if (!level) continue;
          if (!levels[0]) levels[0] = level;
          const int which = level != levels[0];
          if (which && !levels[1]) levels[1] = level;
          if (level != levels[which]) return -1;
          count++;
        }
  return count <= INT32_MAX / 2 ? (int32_t)count : -1;
}

/* Bytes of the planes for so many rows of outputs. */
static int64_t set_planes(dc_added *a, int32_t tileRows) {
  const int32_t planeRows = tileRows + (a->rows - 1) / a->rowStride;
  a->tileRows = tileRows;
  a->planeByteCount = (planeRows * a->pitch + 64 + 15) / 16 * 16;
  return (int64_t)a->planeByteCount * a->channels * a->rowStride * a->columnStride;
}

/* As many rows as stay in the nearest cache; where these are too few to add up well, more. */
static int32_t most_rows(dc_added *a, int32_t rows) {
  const int32_t near = DC_MOST_PLANE_BYTES / 2, few = 128;
  int32_t most = dc_minimum(rows, DC_MOST_TILE_BYTES / a->pitch);
  while (most > 0 && set_planes(a, most) > (most * a->pitch > few ? near : DC_MOST_PLANE_BYTES)) most--;
  return most;
}

int32_t dc_added_shape(const dc_filters *f, int32_t rowStride, int32_t columnStride, int32_t rows, int32_t columns,
                       dc_added *a) {
  const int32_t mostColumns = DC_MOST_TILE_BYTES / 2;
  if (rows < 1 || columns < 1 || columns > mostColumns || f->columns > mostColumns ||
      f->rows > mostColumns || f->rows < 1 || f->columns < 1 || rowStride < 1 || columnStride < 1 || rowStride > 8 ||
      columnStride > 8 || f->channels < 1 || f->channels > DC_MOST_PLANE_BYTES)
    return -1;
  a->channels = f->channels, a->rows = f->rows, a->columns = f->columns;
  a->rowStride = rowStride, a->columnStride = columnStride;
  a->pitch = columns + (f->columns - 1) / columnStride;
  const int32_t most = most_rows(a, rows);
  if (!most) return -1;
  const int32_t tiles = (rows + most - 1) / most;
  set_planes(a, (rows + tiles - 1) / tiles);
  return count_places(f, a->levels);
}

void dc_pack_added(const dc_filters *f, const dc_added *a, uint16_t *places, int32_t *ends) {
  int32_t count = 0;
  for (int32_t output = 0; output < f->outputs; output++)
    for (int which = 0; which < 2; which++) {
      for (int32_t c = 0; a->levels[which] && c < f->channels; c++)
        for (int32_t row = 0; row < f->rows; row++)
          for (int32_t column = 0; column < f->columns; column++) {
            if (*dc_weight_at(f, output, row, column, c) != a->levels[which]) continue;
            const int32_t phase = row % a->rowStride * a->columnStride + column % a->columnStride;
            places[count++] = (uint16_t)((phase * a->channels + c) * a->planeByteCount +
                                         row / a->rowStride * a->pitch + column / a->columnStride);
          }
      *ends++ = count;
    }
}
