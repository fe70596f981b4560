/* Layouts: channel strides, and weights brought into the order in which kernels read them. */
#include "shared/packing.h"

static int32_t rounded_up(int32_t n, int32_t unit) { return (n + unit - 1) / unit * unit; }

int32_t dc_channel_stride(int32_t channels, int32_t elementByteCount) {
  return elementByteCount > 1 || channels < 4 ? channels : rounded_up(channels, 4);
}

int32_t dc_segment_count(const dc_filters *f) { return f->columnsApart ? f->rows * f->columns : f->rows; }

/* Elements that a segment needs: the last pixel's padding is left out. */
static int32_t segment_length(const dc_filters *f) {
  return f->columnsApart ? f->channels : (f->columns - 1) * f->mapChannelStride + f->channels;
}

int32_t dc_segment_length_u8(const dc_filters *f) { return rounded_up(segment_length(f), 4); }
int32_t dc_segment_length_f32(const dc_filters *f) { return segment_length(f); }

size_t dc_packed_byte_count_s8(const dc_filters *f) {
  return (size_t)rounded_up(f->outputs, 16) * (size_t)dc_segment_count(f) * (size_t)dc_segment_length_u8(f);
}

size_t dc_packed_byte_count_f32(const dc_filters *f) {
  return (size_t)rounded_up(f->outputs, 16) * (size_t)dc_segment_count(f) * (size_t)dc_segment_length_f32(f) * 4;
}

size_t dc_count_nonzeros(const int8_t *weights, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count; i += 128) {
    uint8_t part = 0; /* bytes at a time, as far as they hold the count */
    const size_t end = count - i < 128 ? count - i : 128;
    for (size_t k = 0; k < end; k++) part = (uint8_t)(part + (weights[i + k] != 0));
    total += part;
  }
  return total;
}

/* Copies 16 rows of bytes, 4 bytes of each in turn: 16 x count becomes [count / 4][16][4]. */
static void weave_s8(const int8_t *source, ptrdiff_t outputStride, int32_t outputs, int32_t count, int8_t *packed) {
  int32_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (int32_t o = 0; o < outputs; o++) __builtin_memcpy(packed + i * 16 + o * 4, source + o * outputStride + i, 4);
  for (; i < count; i++)
    for (int32_t o = 0; o < outputs; o++) packed[(i & ~3) * 16 + o * 4 + (i & 3)] = source[o * outputStride + i];
}

/* The same of one column of the filters, whose channels lie apart, as far as they come in fours. Returns how many. */
static int32_t weave_channels_s8(const dc_filters *f, const int8_t *source, int32_t outputs, int8_t *packed) {
  const ptrdiff_t stride = f->channelStride;
  const int32_t count = f->channels & ~3;
  for (int32_t o = 0; o < outputs; o++) {
    const int8_t *from = source + o * f->outputStride;
    int8_t *to = packed + o * 4;
    for (int32_t c = 0; c < count; c += 4, from += 4 * stride, to += 64) {
      const uint32_t low = (uint8_t)from[0] | (uint32_t)(uint8_t)from[stride] << 8;
      const uint32_t four = low | (uint32_t)(uint8_t)from[2 * stride] << 16 | (uint32_t)(uint8_t)from[3 * stride] << 24;
      __builtin_memcpy(to, &four, 4);
    }
  }
  return count;
}

void dc_pack_weights_s8(const dc_filters *f, int32_t outputBegin, int32_t outputEnd, void *packed) {
  int32_t segments = dc_segment_count(f), length = dc_segment_length_u8(f);
  int32_t columns = f->columnsApart ? 1 : f->columns;
  /* Where a segment of the source is one run of bytes, four at a time are copied. */
  int whole = f->channelStride == 1 &&
              (columns == 1 || (f->columnStride == f->mapChannelStride && f->channels == f->mapChannelStride));
  const int weaves = !whole && dc_weaves_windows_vbmi(f);
  const int fills = whole || (weaves && f->channels == f->mapChannelStride);
  for (int32_t output = outputBegin; output < outputEnd; output += 16) {
    int32_t outputs = dc_minimum(16, outputEnd - output);
    int8_t *block = (int8_t *)packed + (ptrdiff_t)output * segments * length;
    if (!fills || outputs < 16 || segment_length(f) != length)
      __builtin_memset(block, 0, (size_t)16 * segments * length);
    if (weaves) {
      dc_weave_windows_vbmi(f, (const int8_t *)f->weights + output * f->outputStride, outputs, length, block);
      continue;
    }
    for (int32_t segment = 0; segment < segments; segment++) {
      int32_t row = f->columnsApart ? segment / f->columns : segment;
      int32_t column = f->columnsApart ? segment % f->columns : 0;
      const int8_t *source = (const int8_t *)f->weights + output * f->outputStride + row * f->rowStride +
                             column * f->columnStride;
      int8_t *at = block + (ptrdiff_t)segment * length * 16;
      if (whole) {
        weave_s8(source, f->outputStride, outputs, segment_length(f), at);
        continue;
      }
      for (int32_t x = 0; x < columns; x++) {
        const int8_t *pixel = source + x * f->columnStride;
        int32_t c = 0;
        if (x * f->mapChannelStride % 4 == 0)
          c = weave_channels_s8(f, pixel, outputs, at + (ptrdiff_t)x * f->mapChannelStride * 16);
        for (; c < f->channels; c++) {
          int32_t i = x * f->mapChannelStride + c;
          int8_t *to = at + (i & ~3) * 16 + (i & 3);
          for (int32_t o = 0; o < outputs; o++) to[o * 4] = pixel[o * f->outputStride + c * f->channelStride];
        }
      }
    }
  }
}

void dc_pack_weights_f32(const dc_filters *f, int32_t outputBegin, int32_t outputEnd, void *packed) {
  int32_t segments = dc_segment_count(f), length = dc_segment_length_f32(f);
  int32_t columns = f->columnsApart ? 1 : f->columns;
  for (int32_t output = outputBegin; output < outputEnd; output += 16) {
    int32_t outputs = dc_minimum(16, outputEnd - output);
    float *block = (float *)packed + (ptrdiff_t)output * segments * length;
    if (outputs < 16 || f->channels != f->mapChannelStride)
      __builtin_memset(block, 0, (size_t)16 * segments * length * 4);
    for (int32_t segment = 0; segment < segments; segment++) {
      int32_t row = f->columnsApart ? segment / f->columns : segment;
      int32_t column = f->columnsApart ? segment % f->columns : 0;
      const float *source = (const float *)f->weights + output * f->outputStride + row * f->rowStride +
                            column * f->columnStride;
      float *at = block + (ptrdiff_t)segment * length * 16;
      for (int32_t x = 0; x < columns; x++)
        for (int32_t c = 0; c < f->channels; c++) {
          const float *from = source + x * f->columnStride + c * f->channelStride;
          float *to = at + (ptrdiff_t)(x * f->mapChannelStride + c) * 16;
          for (int32_t o = 0; o < outputs; o++) to[o] = from[o * f->outputStride];
        }
    }
  }
}

size_t dc_packed_depthwise_byte_count_s8(const dc_filters *f) {
  return (size_t)rounded_up(f->outputs, 64) * (size_t)rounded_up(f->rows * f->columns, 4);
}

size_t dc_packed_depthwise_byte_count_f32(const dc_filters *f) {
  return (size_t)rounded_up(f->outputs, 16) * (size_t)(f->rows * f->columns) * 4;
}

void dc_pack_depthwise_s8(const dc_filters *f, void *packed) {
  int32_t taps = f->rows * f->columns, groups = (taps + 3) / 4;
  int32_t filled = f->outputs < 64 && 64 % f->outputs == 0 ? 64 : f->outputs;
  __builtin_memset(packed, 0, dc_packed_depthwise_byte_count_s8(f));
  for (int32_t c = 0; c < filled; c++)
    for (int32_t t = 0; t < taps; t++) {
      const int8_t *from = (const int8_t *)f->weights + c % f->outputs * f->outputStride +
                           t / f->columns * f->rowStride + t % f->columns * f->columnStride;
      ((int8_t *)packed)[dc_depthwise_index(c, t, groups)] = *from;
    }
}

void dc_pack_depthwise_f32(const dc_filters *f, void *packed) {
  int32_t taps = f->rows * f->columns;
  __builtin_memset(packed, 0, dc_packed_depthwise_byte_count_f32(f));
  for (int32_t t = 0; t < taps; t++)
    for (int32_t c = 0; c < f->outputs; c++)
      ((float *)packed)[(c / 16 * taps + t) * 16 + c % 16] =
          ((const float *)f->weights)[c * f->outputStride + t / f->columns * f->rowStride +
                                      t % f->columns * f->columnStride];
}
