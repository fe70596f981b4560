/* Times the kernels on the layers of known networks: best of several rounds, one thread.

     kernel-benchmark [isa ...]       all available instruction sets, or those named; -f a layer filter, -n rounds

   Pin it to a core (taskset -c 1), and compare within a run: the best of N leaves most of the neighbours' noise out,
   and rounds of all instruction sets are interleaved. G/s counts multiply-accumulates, of channels
   that are there; for maps, elements of the input. */
#define _GNU_SOURCE
#include "CKernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct layer {
  const char *name;
  int height, width, channels; /* input map, border included */
  int rows, columns;           /* of a filter */
  int stride;
  int outputs;
  int residual; /* 1: another map is added */
} layer;

static const layer layers[] = {
    {"resnet 3x3 3>16 32x32", 34, 34, 3, 3, 3, 1, 16, 0},
    {"resnet 3x3 16>16 32x32", 34, 34, 16, 3, 3, 1, 16, 0},
    {"resnet 3x3 32>32 16x16", 18, 18, 32, 3, 3, 1, 32, 0},
    {"resnet 3x3 64>64 8x8", 10, 10, 64, 3, 3, 1, 64, 0},
    {"resnet 3x3 16>16 32x32 add", 34, 34, 16, 3, 3, 1, 16, 1},
    {"resnet 3x3 32>32 16x16 add", 18, 18, 32, 3, 3, 1, 32, 1},
    {"resnet 3x3 64>64 8x8 add", 10, 10, 64, 3, 3, 1, 64, 1},
    {"svhn 5x5 3>48 36x36", 40, 40, 3, 5, 5, 1, 48, 0},
    {"svhn 3x3 64>64 18x18", 20, 20, 64, 3, 3, 1, 64, 0},
    {"svhn 3x3 128>128 7x7", 9, 9, 128, 3, 3, 1, 128, 0},
    {"alexnet 12x12/4 3>96 54x54", 224, 224, 3, 12, 12, 4, 96, 0},
    {"alexnet 5x5 48>128 27x27", 31, 31, 48, 5, 5, 1, 128, 0},
    {"alexnet 3x3 256>384 13x13", 15, 15, 256, 3, 3, 1, 384, 0},
    {"alexnet dense 9216>4096", 1, 1, 9216, 1, 1, 1, 4096, 0},
    {"alexnet dense 4096>4096", 1, 1, 4096, 1, 1, 1, 4096, 0},
    {"alexnet dense 4096>1000", 1, 1, 4096, 1, 1, 1, 1000, 0},
    {"ad dense 640>128", 1, 1, 640, 1, 1, 1, 128, 0},
    {"ad dense 128>128", 1, 1, 128, 1, 1, 1, 128, 0},
    {"ad dense 128>8", 1, 1, 128, 1, 1, 1, 8, 0},
    {"ad dense 8>128", 1, 1, 8, 1, 1, 1, 128, 0},
    {"dense 640>128 batch 64", 64, 1, 640, 1, 1, 1, 128, 0},
    {"kws 10x4/2 1>64 25x5", 58, 12, 1, 10, 4, 2, 64, 0},
    {"kws 1x1 64>64 25x5", 25, 5, 64, 1, 1, 1, 64, 0},
    {"vww 1x1 8>16 48x48", 48, 48, 8, 1, 1, 1, 16, 0},
    {"vww 1x1 256>256 3x3", 3, 3, 256, 1, 1, 1, 256, 0},
};

static const layer depthwiseLayers[] = {
    {"resnet depthwise 1x1 16 32x32", 32, 32, 16, 1, 1, 1, 16, 0},
    {"resnet depthwise 1x1 32 16x16", 16, 16, 32, 1, 1, 1, 32, 0},
    {"resnet depthwise 1x1 64 8x8", 8, 8, 64, 1, 1, 1, 64, 0},
    {"kws depthwise 3x3 64 25x5", 27, 7, 64, 3, 3, 1, 64, 0},
    {"vww depthwise 3x3 8 48x48", 50, 50, 8, 3, 3, 1, 8, 0},
    {"vww depthwise 3x3/2 16 48x48", 50, 50, 16, 3, 3, 2, 16, 0},
    {"vww depthwise 3x3 128 6x6", 8, 8, 128, 3, 3, 1, 128, 0},
    {"vww depthwise 3x3 256 3x3", 5, 5, 256, 3, 3, 1, 256, 0},
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *filled(size_t byteCount, int real) {
  byteCount = (byteCount + 127) / 64 * 64;
  uint8_t *p = aligned_alloc(4096, (byteCount + 4095) / 4096 * 4096);
  uint32_t seed = 1;
  for (size_t i = 0; i < byteCount; i++) p[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
  if (real)
    for (size_t i = 0; i < byteCount / 4; i++) ((float *)(void *)p)[i] = (float)(int8_t)p[i * 4] / 128;
  return p;
}

/* The description of a layer, its buffers never freed. */
static dc_convolution prepared(const layer *l, int depthwise, int real) {
  dc_convolution c;
  memset(&c, 0, sizeof c);
  int bytes = real ? 4 : 1, stride = dc_channel_stride(l->channels, bytes);
  dc_filters f = {.outputs = l->outputs, .rows = l->rows, .columns = l->columns};
  f.channels = depthwise ? 1 : l->channels;
  f.channelStride = 1, f.columnStride = f.channels, f.rowStride = (ptrdiff_t)f.channels * l->columns;
  f.outputStride = f.rowStride * l->rows, f.mapChannelStride = stride;
  f.weights = filled((size_t)f.outputs * (size_t)f.outputStride * (size_t)bytes, real);
  size_t byteCount = depthwise ? (real ? dc_packed_depthwise_byte_count_f32(&f) : dc_packed_depthwise_byte_count_s8(&f))
                               : (real ? dc_packed_byte_count_f32(&f) : dc_packed_byte_count_s8(&f));
  void *packed = filled(byteCount, real);
  if (depthwise) (real ? dc_pack_depthwise_f32 : dc_pack_depthwise_s8)(&f, packed);
  else (real ? dc_pack_weights_f32 : dc_pack_weights_s8)(&f, 0, f.outputs, packed);
  c.weights = packed;

  dc_window *w = &c.window;
  int height = (l->height - l->rows) / l->stride + 1, width = (l->width - l->columns) / l->stride + 1;
  w->columns = width, w->pixelEnd = height * width, w->channelEnd = l->outputs;
  w->segmentCount = depthwise ? l->rows * l->columns : dc_segment_count(&f);
  w->segmentLength = depthwise ? 1 : real ? dc_segment_length_f32(&f) : dc_segment_length_u8(&f);
  ptrdiff_t *offsets = malloc((size_t)w->segmentCount * sizeof *offsets), pixel = (ptrdiff_t)stride * bytes;
  for (int i = 0; i < w->segmentCount; i++)
    offsets[i] = depthwise ? i / l->columns * pixel * l->width + i % l->columns * pixel : i * pixel * l->width;
  w->segmentOffsets = offsets;
  w->inputColumnStride = l->stride * pixel, w->inputRowStride = l->stride * l->width * pixel;
  w->outputColumnStride = dc_channel_stride(l->outputs, bytes) * bytes;
  w->outputRowStride = width * w->outputColumnStride;
  w->input = filled((size_t)(l->height * l->width * pixel) + DC_TAIL_BYTES, real);
  w->output = filled((size_t)(height * w->outputRowStride), 0);

  int32_t channels = (l->outputs + 63) / 64 * 64;
  int32_t *multipliers = malloc((size_t)channels * 4);
  int64_t *offsets64 = malloc((size_t)channels * 8);
  float *biases = malloc((size_t)channels * 4);
  for (int i = 0; i < channels; i++) multipliers[i] = 1 << 20, offsets64[i] = (int64_t)1 << 35, biases[i] = 0;
  c.requantization = (dc_requantization){multipliers, offsets64, 36, 0, 255};
  c.biases = c.scales = biases;
  if (l->residual) {
    c.residual = (dc_residual){filled((size_t)(height * w->outputRowStride), real), w->outputRowStride,
                               w->outputColumnStride, {(int64_t)1 << 35, 1 << 28, 1 << 29, 36, 0, 255}};
  }
  c.lowest = 0, c.highest = 1e30f;
  return c;
}

typedef void (*run)(const dc_convolution *);

static void measure(const layer *l, int depthwise, int real, const int *chosen, int rounds) {
  dc_convolution c = prepared(l, depthwise, real);
  double macs = (double)c.window.pixelEnd * l->outputs * l->rows * l->columns * (depthwise ? 1 : l->channels);
  run functions[dc_isa_count] = {0};
  double best[dc_isa_count];
  for (int isa = 0; isa < dc_isa_count; isa++) {
    const dc_kernel_table *k = chosen[isa] ? dc_kernels((dc_isa)isa) : 0;
    if (k)
      functions[isa] = depthwise ? (real ? k->depthwise_f32f32f32 : k->depthwise_u8s8u8)
                                 : (real ? k->conv_f32f32f32 : l->residual ? k->convadd_u8s8u8 : k->conv_u8s8u8);
    best[isa] = 1e9;
  }
  for (int round = 0; round < rounds; round++)
    for (int isa = 0; isa < dc_isa_count; isa++) {
      if (!functions[isa] || (isa == dc_isa_scalar && round > 1)) continue;
      int repeats = (int)((isa == dc_isa_scalar ? 1e6 : isa < dc_isa_avx512 ? 2e7 : 1e8) / macs) + 1;
      if (depthwise) repeats = repeats / 10 + 1;
      functions[isa](&c);
      double begin = now();
      for (int i = 0; i < repeats; i++) functions[isa](&c);
      double time = (now() - begin) / repeats;
      if (time < best[isa]) best[isa] = time;
    }
  printf("%-30s", l->name);
  for (int isa = 0; isa < dc_isa_count; isa++)
    if (functions[isa]) printf("  %9.2f us %6.1f G/s", best[isa] * 1e6, macs / best[isa] / 1e9);
  printf("\n");
  fflush(stdout);
}

/* Times dense layers at batch 1 with weights of 8, 4 and 2 bits, in turns. */
static void measureLeveled(const layer *l, const int *chosen, int rounds) {
  dc_convolution calls[3];
  for (int i = 0; i < 3; i++) calls[i] = prepared(l, 0, 0);
  for (int i = 1; i < 3; i++) {
    const int32_t bits = i == 1 ? 4 : 2;
    dc_filters f = {.outputs = l->outputs, .rows = 1, .columns = 1, .channels = l->channels, .channelStride = 1};
    f.columnStride = f.rowStride = f.outputStride = l->channels, f.mapChannelStride = dc_channel_stride(l->channels, 1);
    int8_t *weights = filled((size_t)l->outputs * (size_t)l->channels, 0);
    for (ptrdiff_t n = 0; n < (ptrdiff_t)l->outputs * l->channels; n++)
      weights[n] = (int8_t)((weights[n] & ((1 << bits) - 1)) - (1 << (bits - 1)));
    f.weights = weights;
    dc_leveled *leveled = malloc(sizeof *leveled);
    void *packed = filled(dc_leveled_byte_count(&f, bits), 0);
    leveled->data = packed, leveled->bits = bits;
    dc_find_levels(&f, leveled->levels);
    dc_pack_leveled(&f, bits, leveled->levels, packed);
    calls[i].weights = leveled;
    free(weights);
  }
  const double macs = (double)l->outputs * l->channels;
  for (int isa = 0; isa < dc_isa_count; isa++) {
    const dc_kernel_table *k = chosen[isa] ? dc_kernels((dc_isa)isa) : 0;
    if (!k) continue;
    double best[3] = {1e9, 1e9, 1e9};
    const int repeats = isa == dc_isa_scalar ? 1 : (int)(2e8 / macs) + 1;
    for (int round = 0; round < (isa == dc_isa_scalar ? 2 : rounds); round++)
      for (int i = 0; i < 3; i++) {
        const double begin = now();
        for (int n = 0; n < repeats; n++) (i == 0 ? k->conv_u8s8u8 : k->conv_u8k4u8)(&calls[i]);
        const double time = (now() - begin) / repeats;
        if (time < best[i]) best[i] = time;
      }
    printf("%-30s  %-12s", l->name, dc_isa_name((dc_isa)isa));
    for (int i = 0; i < 3; i++) printf("  %9.2f us %6.1f G/s", best[i] * 1e6, macs / best[i] / 1e9);
    printf("\n");
    fflush(stdout);
  }
}

#define APPLY(operation, type) \
  __attribute__((unused)) static void apply_##operation(const dc_kernel_table *k, const void *description) { \
    k->operation((const type *)description); \
  }
DC_OPERATIONS(APPLY)

/* Times the kernels that move bytes, on maps of 32 x 32 pixels. */
static void measureMaps(const int *chosen, int rounds) {
  enum { side = 32, channels = 64, count = side * side * channels };
  uint8_t *a = filled(count * 4, 1), *b = filled(count * 4, 1), *y = filled(count * 4, 0), *table = filled(256, 0);
  dc_map m = {a, b, y, 0, 0, 0, 1, count, table, {(int64_t)1 << 35, 1 << 28, 1 << 29, 36, 0, 255}, 0.01f, 128, 0, 1};
  dc_reordering planes = {a, y, side * side * 4, side * 4, side * 3, 3, side, side, 3, 0.01f, 128};
  dc_reordering planes4 = planes;
  planes4.pixelRowStride *= 4, planes4.pixelColumnStride *= 4;
  ptrdiff_t four[] = {0, channels, side * channels, (side + 1) * channels}, four4[4];
  ptrdiff_t all[side * side], all4[side * side];
  for (int i = 0; i < 4; i++) four4[i] = four[i] * 4;
  for (int i = 0; i < side * side; i++) all[i] = i * channels, all4[i] = all[i] * 4;
  int32_t multiplier = 1 << 20;
  int64_t offset = (int64_t)1 << 35;
  dc_pooling small = {{a, y, four, side * channels * 2, channels * 2, side / 2 * channels, channels, 4, 1, side / 2, 0,
                       side * side / 4, 0, channels}, {&multiplier, &offset, 36, 0, 255}, 4};
  dc_pooling whole = small;
  whole.window.segmentOffsets = all, whole.window.segmentCount = side * side, whole.window.pixelEnd = 1;
  dc_pooling small4 = small, whole4 = whole;
  small4.window.segmentOffsets = four4, whole4.window.segmentOffsets = all4;
  small4.window.inputRowStride *= 4, small4.window.inputColumnStride *= 4;
  small4.window.outputRowStride *= 4, small4.window.outputColumnStride *= 4;
#define ROW(text, elements, operation, description) {text, elements, apply_##operation, &(description)}
  const struct {
    const char *name;
    double elements;
    void (*apply)(const dc_kernel_table *, const void *);
    const void *description;
  } rows[] = {ROW("add u8", count, add_u8u8u8, m),
              ROW("lookup u8", count, lookup_u8u8, m),
              ROW("quantize", count, quantize_f32u8, m),
              ROW("dequantize", count, dequantize_u8f32, m),
              ROW("add f32", count, add_f32f32f32, m),
              ROW("interleave quantizing 3x32x32", side * side * 3, interleave_f32u8, planes),
              ROW("interleave f32 3x32x32", side * side * 3, interleave_f32f32, planes4),
              ROW("maxpool 2x2 u8", count, maxpool_u8u8, small),
              ROW("avgpool 2x2 u8", count, avgpool_u8u8, small),
              ROW("avgpool 32x32 u8", count, avgpool_u8u8, whole),
              ROW("maxpool 2x2 f32", count, maxpool_f32f32, small4),
              ROW("avgpool 32x32 f32", count, avgpool_f32f32, whole4)};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    printf("%-30s", rows[i].name);
    for (int isa = 0; isa < dc_isa_count; isa++) {
      const dc_kernel_table *k = chosen[isa] ? dc_kernels((dc_isa)isa) : 0;
      if (!k) continue;
      double best = 1e9;
      for (int round = 0; round < rounds; round++) {
        double begin = now();
        for (int n = 0; n < 20; n++) rows[i].apply(k, rows[i].description);
        double time = (now() - begin) / 20;
        if (time < best) best = time;
      }
      printf("  %9.2f us %6.1f G/s", best * 1e6, rows[i].elements / best / 1e9);
    }
    printf("\n");
  }
}

int main(int argc, char **argv) {
  int chosen[dc_isa_count], named = 0, rounds = 15;
  const char *filter = "";
  memset(chosen, 0, sizeof chosen);
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "-f") && i + 1 < argc) filter = argv[++i];
    else if (!strcmp(argv[i], "-n") && i + 1 < argc) rounds = atoi(argv[++i]);
    else
      for (int isa = 0; isa < dc_isa_count; isa++)
        if (!strcmp(argv[i], dc_isa_name((dc_isa)isa))) chosen[isa] = 1, named = 1;
  }
  for (int isa = 0; isa < dc_isa_count && !named; isa++) chosen[isa] = 1;
  for (int real = 0; real < 2; real++) {
    printf("%-30s", real ? "f32" : "u8 x s8, requantized");
    for (int isa = 0; isa < dc_isa_count; isa++)
      if (chosen[isa] && dc_isa_is_available((dc_isa)isa)) printf("  %23s", dc_isa_name((dc_isa)isa));
    printf("\n");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
      if (strstr(layers[i].name, filter)) measure(&layers[i], 0, real, chosen, rounds);
    for (size_t i = 0; i < sizeof depthwiseLayers / sizeof *depthwiseLayers; i++)
      if (strstr(depthwiseLayers[i].name, filter)) measure(&depthwiseLayers[i], 1, real, chosen, rounds);
  }
  printf("%-44s  %23s  %23s  %23s\n", "dense at batch 1, by bits of a weight", "8", "4", "2");
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
    if (layers[i].height * layers[i].width == 1 && strstr(layers[i].name, filter))
      measureLeveled(&layers[i], chosen, rounds);
  if (strstr("maps", filter)) printf("maps of 32x32 pixels and 64 channels, elements\n"), measureMaps(chosen, rounds);
  return 0;
}
