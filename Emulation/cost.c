/* Runs each kernel on typical layers, with a marker for Scripts/emulation/count.c before and after.

     cost ISA...         instruction sets to run, all available ones else

   Prints a line for each run: ISA, kernel, layer, number of things done and what they are. Scripts/count-aarch64.sh
   joins the lines with the counts. */
#define _GNU_SOURCE
#include "CKernels.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { marker = 100000 };

/* Everything between two markers is counted, so that a second one ends what is printed meanwhile. */
static void mark(void) { syscall(marker); }

static uint64_t state = 1;
static uint32_t next_number(void) { return (uint32_t)((state = state * 6364136223846793005u + 1442695040888963407u) >> 33); }

static void *filled(size_t byteCount, int real) {
  uint8_t *p = aligned_alloc(64, (byteCount + 127) / 64 * 64);
  for (size_t i = 0; i < byteCount; i++) p[i] = (uint8_t)next_number();
  /* No weight is -128, as quantizers make them. */
  for (size_t i = 0; !real && i < byteCount; i++) p[i] = p[i] == 128 ? 127 : p[i];
  for (size_t i = 0; real && i < byteCount / 4; i++) ((float *)(void *)p)[i] = (float)(int8_t)p[i * 4] / 128;
  return p;
}

typedef struct layer {
  const char *name;
  int height, width, channels, rows, columns, stride, outputs; /* input map with its border, filter */
} layer;

static const layer layers[] = {
    {"3x3 3>16 32x32 (ResNet-44)", 34, 34, 3, 3, 3, 1, 16},  {"3x3 16>16 32x32 (ResNet-44)", 34, 34, 16, 3, 3, 1, 16},
    {"3x3 32>32 16x16 (ResNet-44)", 18, 18, 32, 3, 3, 1, 32}, {"3x3 64>64 8x8 (ResNet-44)", 10, 10, 64, 3, 3, 1, 64},
    {"5x5 3>48 36x36 (SVHN)", 40, 40, 3, 5, 5, 1, 48},        {"3x3 128>128 7x7 (SVHN)", 9, 9, 128, 3, 3, 1, 128},
    {"3x3 256>384 13x13 (AlexNet)", 15, 15, 256, 3, 3, 1, 384}, {"dense 4096>1000 (AlexNet)", 1, 1, 4096, 1, 1, 1, 1000},
    {"dense 128>128 (ad)", 1, 1, 128, 1, 1, 1, 128},          {"10x4/2 1>64 25x5 (kws)", 58, 12, 1, 10, 4, 2, 64},
    {"1x1 64>64 25x5 (kws)", 25, 5, 64, 1, 1, 1, 64},         {"1x1 256>256 3x3 (vww)", 3, 3, 256, 1, 1, 1, 256}};

static const layer depthwise[] = {{"3x3 8 48x48 (vww)", 50, 50, 8, 3, 3, 1, 8},
                                  {"3x3 64 25x5 (kws)", 27, 7, 64, 3, 3, 1, 64},
                                  {"3x3 256 3x3 (vww)", 5, 5, 256, 3, 3, 1, 256}};

static int height(const layer *l) { return (l->height - l->rows) / l->stride + 1; }
static int width(const layer *l) { return (l->width - l->columns) / l->stride + 1; }

static dc_filters filters_of(const layer *l, int isDepthwise, int real) {
  dc_filters f = {.outputs = l->outputs, .rows = l->rows, .columns = l->columns, .channelStride = 1};
  f.channels = isDepthwise ? 1 : l->channels, f.columnStride = f.channels, f.rowStride = f.channels * l->columns;
  f.outputStride = f.rowStride * l->rows, f.mapChannelStride = dc_channel_stride(l->channels, real ? 4 : 1);
  return f;
}

static dc_convolution prepared(const layer *l, const dc_filters *f, int isDepthwise, int real) {
  dc_convolution c;
  memset(&c, 0, sizeof c);
  dc_window *w = &c.window;
  const ptrdiff_t bytes = real ? 4 : 1, pixel = f->mapChannelStride * bytes;
  w->columns = width(l), w->pixelEnd = height(l) * width(l), w->channelEnd = l->outputs;
  w->segmentCount = isDepthwise ? l->rows * l->columns : dc_segment_count(f);
  w->segmentLength = isDepthwise ? 1 : real ? dc_segment_length_f32(f) : dc_segment_length_u8(f);
  ptrdiff_t *offsets = malloc((size_t)w->segmentCount * sizeof *offsets);
  for (int i = 0; i < w->segmentCount; i++)
    offsets[i] = isDepthwise ? (i / l->columns * l->width + i % l->columns) * pixel : i * pixel * l->width;
  w->segmentOffsets = offsets;
  w->inputColumnStride = l->stride * pixel, w->inputRowStride = l->stride * l->width * pixel;
  w->outputColumnStride = dc_channel_stride(l->outputs, real ? 4 : 1) * bytes;
  w->outputRowStride = width(l) * w->outputColumnStride;
  w->input = filled((size_t)(l->height * l->width * pixel) + DC_TAIL_BYTES, real);
  w->output = filled((size_t)(height(l) * w->outputRowStride), 0);
  const size_t channels = (size_t)(l->outputs + 63) / 64 * 64;
  int32_t *multipliers = malloc(channels * 4);
  int64_t *offsets64 = malloc(channels * 8);
  for (size_t i = 0; i < channels; i++) multipliers[i] = 1 << 20, offsets64[i] = (int64_t)1 << 35;
  c.requantization = (dc_requantization){multipliers, offsets64, 36, 0, 255, 0, 0};
  c.biases = c.scales = filled(channels * 4, 1);
  c.lowest = 0, c.highest = 1e30f;
  return c;
}

static double products(const layer *l, int isDepthwise) {
  return (double)height(l) * width(l) * l->outputs * l->rows * l->columns * (isDepthwise ? 1 : l->channels);
}

/* Sparse weights as GatheredFilters in Swift makes them. */
static const dc_gathered *gathered(const dc_filters *f, const int8_t *levels) {
  const int32_t tableCount = dc_gather_tables(f, levels, 0), groups = (f->outputs + 15) / 16;
  dc_gather_table *tables = malloc((size_t)tableCount * sizeof *tables);
  dc_gather_tables(f, levels, tables);
  uint8_t *order = calloc((size_t)f->outputs + 64, 1);
  int32_t *places = calloc((size_t)f->outputs + 64, 4);
  for (int32_t begin = 0; begin < f->outputs; begin += 64) {
    uint8_t block[64];
    const int32_t end = begin + 64 < f->outputs ? begin + 64 : f->outputs;
    dc_gather_order(f, begin, end, block);
    for (int32_t place = 0; place < end - begin; place++)
      order[begin + block[place]] = (uint8_t)place, places[begin + place] = begin + block[place];
  }
  uint8_t *rounds = malloc((size_t)(groups * tableCount));
  uint8_t *data = aligned_alloc(64, dc_gathered_most_bytes(f, levels) * (size_t)groups);
  ptrdiff_t *offsets = malloc((size_t)groups * sizeof *offsets), end = 0;
  for (int32_t g = 0; g < groups; g++) {
    const int32_t count = f->outputs - g * 16 < 16 ? f->outputs - g * 16 : 16;
    offsets[g] = end;
    end += (ptrdiff_t)dc_pack_gathered(f, levels, tables, places + g * 16, count, rounds + g * tableCount, data + end);
  }
  free(places);
  dc_gathered *all = malloc(sizeof *all);
  *all = (dc_gathered){tables, rounds, offsets, data, order, tableCount, levels != 0, {1, -1}};
  return all;
}

static void report(const char *isa, const char *kernel, const char *layer, double count, const char *unit) {
  printf("%s\t%s\t%s\t%.0f\t%s\n", isa, kernel, layer, count, unit);
}

/* Runs one kernel between two markers. */
#define COUNTED(call) (mark(), call, mark())

static void count_layers(const char *isa, const dc_kernel_table *k) {
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
    const layer *l = &layers[i];
    for (int real = 0; real < 2; real++) {
      dc_filters f = filters_of(l, 0, real);
      f.weights = filled((size_t)(f.outputs * f.outputStride) * (real ? 4 : 1), real);
      dc_convolution c = prepared(l, &f, 0, real);
      void *packed = filled(real ? dc_packed_byte_count_f32(&f) : dc_packed_byte_count_s8(&f), real);
      (real ? dc_pack_weights_f32 : dc_pack_weights_s8)(&f, 0, f.outputs, packed);
      c.weights = packed;
      if (real) COUNTED(k->conv_f32f32f32(&c));
      else COUNTED(k->conv_u8s8u8(&c));
      report(isa, real ? "conv_f32f32f32" : "conv_u8s8u8", l->name, products(l, 0), "MAC");
    }
  }
  for (size_t i = 0; i < sizeof depthwise / sizeof *depthwise; i++)
    for (int real = 0; real < 2; real++) {
      const layer *l = &depthwise[i];
      dc_filters f = filters_of(l, 1, real);
      f.weights = filled((size_t)(f.outputs * f.outputStride) * (real ? 4 : 1), real);
      dc_convolution c = prepared(l, &f, 1, real);
      void *packed = filled(real ? dc_packed_depthwise_byte_count_f32(&f) : dc_packed_depthwise_byte_count_s8(&f), real);
      (real ? dc_pack_depthwise_f32 : dc_pack_depthwise_s8)(&f, packed);
      c.weights = packed;
      if (real) COUNTED(k->depthwise_f32f32f32(&c));
      else COUNTED(k->depthwise_u8s8u8(&c));
      report(isa, real ? "depthwise_f32f32f32" : "depthwise_u8s8u8", l->name, products(l, 1), "MAC");
    }
}

/* Ternary weights of a density; narrow rounds for a single pixel, as the runtime chooses. */
static void count_sparse(const char *isa, const dc_kernel_table *k, double density) {
  static const int8_t levels[2] = {1, -1};
  for (size_t i = 1; i < 9; i++) {
    const layer *l = &layers[i];
    dc_filters f = filters_of(l, 0, 0);
    const size_t count = (size_t)(f.outputs * f.outputStride);
    int8_t *weights = malloc(count);
    size_t nonzeros = 0;
    for (size_t n = 0; n < count; n++) {
      weights[n] = next_number() % 10000 < (uint32_t)(density * 10000) ? levels[next_number() & 1] : 0;
      nonzeros += weights[n] != 0;
    }
    f.weights = weights;
    dc_convolution c = prepared(l, &f, 0, 0);
    c.weights = gathered(&f, c.window.pixelEnd <= 2 ? levels : 0);
    COUNTED(k->conv_u8g8u8(&c));
    char kernel[64];
    snprintf(kernel, sizeof kernel, "conv_u8g8u8, %.0f %% zeros", 100 * (1 - density));
    report(isa, kernel, l->name, (double)nonzeros * c.window.pixelEnd, "non-zero");
  }
}

/* Ternary weights of a density, of convolutions. */
static void count_added(const char *isa, const dc_kernel_table *k, double density) {
  static const int8_t levels[2] = {57, -43};
  for (size_t i = 1; i < 7; i++) {
    const layer *l = &layers[i];
    dc_filters f = filters_of(l, 0, 0);
    const size_t count = (size_t)(f.outputs * f.outputStride);
    int8_t *weights = malloc(count);
    for (size_t n = 0; n < count; n++)
      weights[n] = next_number() % 10000 < (uint32_t)(density * 10000) ? levels[next_number() & 1] : 0;
    f.weights = weights;
    dc_convolution c = prepared(l, &f, 0, 0);
    dc_added added = {0};
    const int32_t places = dc_added_shape(&f, 1, 1, c.window.pixelEnd / c.window.columns, c.window.columns, &added);
    if (places < 0) continue;
    uint16_t *list = malloc((size_t)places * 2 + 2);
    int32_t *ends = malloc((size_t)f.outputs * 8);
    dc_pack_added(&f, &added, list, ends);
    added.places = list, added.ends = ends;
    c.weights = &added;
    COUNTED(k->conv_u8a2u8(&c));
    char kernel[64];
    snprintf(kernel, sizeof kernel, "conv_u8a2u8, %.0f %% zeros", 100 * (1 - density));
    report(isa, kernel, l->name, (double)places * c.window.pixelEnd, "non-zero");
  }
}

/* Dense layers of one row, with 16 or 4 levels. */
static void count_leveled(const char *isa, const dc_kernel_table *k, int32_t bits) {
  for (size_t i = 7; i < 9; i++) {
    const layer *l = &layers[i];
    dc_filters f = filters_of(l, 0, 0);
    const size_t count = (size_t)(f.outputs * f.outputStride);
    int8_t *weights = malloc(count);
    for (size_t n = 0; n < count; n++) weights[n] = (int8_t)(next_number() % (1u << bits)) - (1 << (bits - 1));
    f.weights = weights;
    dc_convolution c = prepared(l, &f, 0, 0);
    uint8_t *packed = filled(dc_leveled_byte_count(&f, bits), 0);
    dc_leveled leveled = {packed, bits, {0}};
    dc_find_levels(&f, leveled.levels);
    dc_pack_leveled(&f, bits, leveled.levels, packed);
    c.weights = &leveled;
    COUNTED(k->conv_u8k4u8(&c));
    report(isa, bits == 4 ? "conv_u8k4u8, 4 bits" : "conv_u8k4u8, 2 bits", l->name, products(l, 0), "MAC");
  }
}

static void count_maps(const char *isa, const dc_kernel_table *k) {
  enum { side = 32, channels = 64, count = side * side * channels };
  uint8_t *a = filled(count * 4, 1), *b = filled(count * 4, 1), *y = filled(count * 4, 0), *table = filled(256, 0);
  const dc_map m = {a, b, y, 0, 0, 0, 1, count, table, {(int64_t)1 << 35, 1 << 28, 1 << 29, 36, 0, 255}, 0.01f, 128, 0, 1};
  const dc_reordering planes = {a, y, side * side * 4, side * 4, side * 3, 3, side, side, 3, 0.01f, 128};
  ptrdiff_t four[] = {0, channels, side * channels, (side + 1) * channels}, all[side * side];
  for (int i = 0; i < side * side; i++) all[i] = i * channels;
  const int32_t multiplier = 1 << 20;
  const int64_t offset = (int64_t)1 << 35;
  const dc_pooling small = {{a, y, four, side * channels * 2, channels * 2, side / 2 * channels, channels, 4, 1, side / 2,
                             0, side * side / 4, 0, channels}, {&multiplier, &offset, 36, 0, 255, 0, 0}, 4};
  dc_pooling whole = small;
  whole.window.segmentOffsets = all, whole.window.segmentCount = side * side, whole.window.pixelEnd = 1;
#define MAP(operation, description, name, elements) \
  COUNTED(k->operation(description)), report(isa, #operation, name, elements, "element")
  MAP(add_u8u8u8, &m, "32x32x64", count);
  MAP(lookup_u8u8, &m, "32x32x64", count);
  MAP(quantize_f32u8, &m, "32x32x64", count);
  MAP(dequantize_u8f32, &m, "32x32x64", count);
  MAP(interleave_f32u8, &planes, "3x32x32", side * side * 3);
  MAP(maxpool_u8u8, &small, "2x2 of 32x32x64", count);
  MAP(avgpool_u8u8, &small, "2x2 of 32x32x64", count);
  MAP(avgpool_u8u8, &whole, "all of 32x32x64", count);
}

int main(int argc, char **argv) {
  for (int isa = 0; isa < dc_isa_count; isa++) {
    const dc_kernel_table *k = dc_kernels((dc_isa)isa);
    const char *name = dc_isa_name((dc_isa)isa);
    int wanted = argc < 2;
    for (int i = 1; i < argc; i++) wanted |= strcmp(argv[i], name) == 0;
    if (!k || !wanted) continue;
    state = 1; /* the same weights for all */
    count_layers(name, k);
    count_sparse(name, k, 0.2), count_sparse(name, k, 0.1), count_sparse(name, k, 0.05);
    count_added(name, k, 0.2), count_added(name, k, 0.1), count_added(name, k, 0.05);
    count_leveled(name, k, 4), count_leveled(name, k, 2);
    count_maps(name, k);
  }
  return 0;
}
