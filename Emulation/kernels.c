/* Compares every kernel that runs here with its scalar twin, on sizes around the tiles, between guard pages.

     kernels ISA...       the instruction sets, besides scalar, that this processor is expected to have

   For processors on which the Swift tests cannot run: Scripts/test-aarch64.sh runs it under emulation. Integers must be
   equal, values within rounding, and nothing but the result may be written. Exit code 1 for a difference, 2 for an
   access outside of a buffer. */
#define _GNU_SOURCE
#include "CKernels.h"
#include "guarded.h"

#include <math.h>
#include <signal.h>

/* MARK: Comparing */

static const dc_kernel *list;
static int32_t list_count;
static long long cases[256], differences;
static const dc_kernel *running;
static char case_name[256];

static void fault(int number) {
  (void)number;
  char text[512];
  int n = snprintf(text, sizeof text, "%s left its buffers: %s\n", running ? running->name : "The test", case_name);
  if (write(2, text, (size_t)n) < 0) _exit(3);
  _exit(2);
}

static void run(const dc_kernel *kernel, const void *description) {
  running = kernel;
  ((void (*)(const void *))kernel->run)(description);
}

/* Runs all kernels of an operation on a result full of `blank`; `output` is the description's pointer to it. */
static void compare(dc_operation operation, const void *description, void **output, size_t byteCount,
                    const void *before, int atEnd, double tolerance) {
  const int held = guarded_count;
  uint8_t *expected = 0;
  for (int32_t k = 0; k < list_count; k++) {
    if (list[k].operation != operation || !list[k].run || !dc_isa_is_available(list[k].isa)) continue;
    uint8_t *found = guard(byteCount, atEnd);
    if (before) memcpy(found, before, byteCount);
    else memset(found, 77, byteCount);
    *output = found;
    run(&list[k], description);
    cases[k] += 1;
    if (!expected) {
      expected = found; /* the first of the list is the scalar one */
      continue;
    }
    int equal = memcmp(found, expected, byteCount) == 0;
    if (!equal && tolerance > 0) {
      equal = 1;
      for (size_t i = 0; i < byteCount / 4; i++) {
        const float a = ((const float *)(const void *)found)[i], b = ((const float *)(const void *)expected)[i];
        if (memcmp(&a, &b, 4) != 0 && !(fabs((double)a - (double)b) <= tolerance)) equal = 0;
      }
    }
    if (!equal) {
      size_t at = 0;
      while (at < byteCount && found[at] == expected[at]) at++;
      fprintf(stderr, "%s differs from its twin at byte %zu of %zu: %s\n", list[k].name, at, byteCount, case_name);
      differences += 1;
    }
  }
  release_guarded(held);
}

/* MARK: Layers */

typedef struct layer {
  int rows, columns, channels, outputs, kernelRows, kernelColumns, stride, dilation, mapChannels, skip, firstOutput;
  int shift, isExtreme;
} layer;

static int input_rows(const layer *l) { return (l->rows - 1) * l->stride + (l->kernelRows - 1) * l->dilation + 1; }
static int input_columns(const layer *l) {
  return (l->columns - 1) * l->stride + (l->kernelColumns - 1) * l->dilation + 1;
}

typedef struct prepared {
  dc_convolution convolution;
  dc_filters filters;
  size_t outputCount;
  int terms;
} prepared;

/* A rule that brings sums of so many terms to about the range of codes; parameters up to a multiple of 16. Every other one
   is in few bits, and in reals too where these hold it and every sum. */
static dc_requantization rule(int channels, int terms, int shift, uint64_t *state) {
  const int padded = (channels + 15) / 16 * 16, isBrief = next_number(state) % 2;
  const double step = 300 * ldexp(1, shift) / (10000 * sqrt(terms)), most = fmin(fmax(step, 1), 1 << 30);
  const int dropped = isBrief && most >= 32768 ? ilogb(most) - 14 : 0;
  int32_t *multipliers = guard((size_t)padded * 4, 1);
  int64_t *offsets = guard((size_t)padded * 8, 1);
  float *realMultipliers = guard((size_t)padded * 4, 1), *realOffsets = guard((size_t)padded * 4, 1);
  int isReal = terms * 255ll * 128 <= 1 << 24;
  for (int i = 0; i < padded; i++) {
    const double share = 0.65 + 0.35 * (double)next_value(state);
    multipliers[i] = ((int32_t)(share * most) >> dropped) * (1 << dropped) * (next_number(state) % 2 ? 1 : -1);
    offsets[i] = (int64_t)(127.5 * (1 + (double)next_value(state)) * ldexp(1, shift < 52 ? shift : 52));
    if (isBrief && shift > 6) offsets[i] = offsets[i] >> (shift - 6) << (shift - 6);
    offsets[i] += (int64_t)1 << (shift - 1);
    isReal &= (double)(float)multipliers[i] == multipliers[i] && (int64_t)(float)offsets[i] == offsets[i];
    realMultipliers[i] = ldexpf((float)multipliers[i], -shift), realOffsets[i] = ldexpf((float)offsets[i], -shift);
  }
  const int isWide = next_number(state) % 2;
  return (dc_requantization){multipliers, offsets, shift, isWide ? 0 : 7, isWide ? 255 : 200,
                             isReal ? realMultipliers : 0, isReal ? realOffsets : 0};
}

static dc_sum_rule sum_rule(int shift, uint64_t *state) {
  const double one = ldexp(1, shift < 30 ? shift : 30);
  dc_sum_rule r;
  r.multiplierA = (int32_t)(0.9 * (double)next_value(state) * one);
  r.multiplierB = (int32_t)((0.55 + 0.35 * (double)next_value(state)) * one);
  r.offset = (int64_t)(50 * (double)next_value(state) * ldexp(1, shift)) + ((int64_t)1 << (shift - 1));
  if (next_number(state) % 2 && shift > 16) { /* numbers of 16 bits with zeros behind them */
    const int64_t unit = (int64_t)1 << (shift < 30 ? shift - 15 : 15);
    r.multiplierA = (int32_t)(r.multiplierA / unit * unit), r.multiplierB = (int32_t)(r.multiplierB / unit * unit);
    r.offset = r.offset / unit * unit;
  }
  r.shift = shift, r.lowest = (uint8_t)(next_number(state) % 10), r.highest = (uint8_t)(200 + next_number(state) % 56);
  return r;
}

/* A layer in guarded memory; `weights` in the order [output][row][column][channel]. */
static prepared prepare(const layer *l, int real, const void *weights, uint64_t *state, int atEnd) {
  prepared p;
  memset(&p, 0, sizeof p);
  const int bytes = real ? 4 : 1, mapChannels = l->mapChannels ? l->mapChannels : l->channels;
  const int stride = dc_channel_stride(mapChannels, bytes), apart = l->dilation > 1 || l->mapChannels > 0;
  const size_t inputCount = (size_t)(input_rows(l) * input_columns(l) * stride);
  dc_filters *f = &p.filters;
  f->weights = weights, f->outputs = l->outputs, f->rows = l->kernelRows, f->columns = l->kernelColumns;
  f->channels = l->channels, f->channelStride = 1, f->columnStride = l->channels;
  f->rowStride = l->channels * l->kernelColumns, f->outputStride = f->rowStride * l->kernelRows;
  f->mapChannelStride = stride, f->columnsApart = apart;
  p.terms = l->channels * l->kernelRows * l->kernelColumns;

  dc_window *w = &p.convolution.window;
  if (real) {
    w->input = guarded_values(inputCount, atEnd, state);
  } else {
    uint8_t *input = guarded_codes(inputCount + (stride % 4 ? DC_TAIL_BYTES : 0), atEnd, state);
    if (l->isExtreme) memset(input, l->isExtreme == 1 ? 255 : 0, inputCount);
    w->input = input;
  }
  w->input = (const uint8_t *)w->input + (mapChannels - l->channels) * bytes;
  const ptrdiff_t pixel = stride * bytes, row = pixel * input_columns(l);
  w->segmentCount = dc_segment_count(f);
  w->segmentLength = real ? dc_segment_length_f32(f) : dc_segment_length_u8(f);
  ptrdiff_t *offsets = guard((size_t)w->segmentCount * sizeof *offsets, 1);
  for (int i = 0; i < w->segmentCount; i++)
    offsets[i] = apart ? i / l->kernelColumns * l->dilation * row + i % l->kernelColumns * l->dilation * pixel : i * row;
  w->segmentOffsets = offsets;
  w->inputRowStride = l->stride * row, w->inputColumnStride = l->stride * pixel;
  w->columns = l->columns, w->pixelBegin = l->skip, w->pixelEnd = l->rows * l->columns - l->skip;
  w->channelBegin = l->firstOutput, w->channelEnd = l->outputs;
  const int outputStride = l->outputs + (int)(next_number(state) % 3), columns = l->columns + 1;
  w->outputColumnStride = outputStride, w->outputRowStride = columns * outputStride;
  p.outputCount = (size_t)(((l->rows - 1) * columns + l->columns - 1) * outputStride + l->outputs);
  p.convolution.residual.input = real ? guarded_values(p.outputCount, atEnd, state)
                                      : guarded_codes(p.outputCount, atEnd, state);
  p.convolution.residual.columnStride = outputStride * bytes;
  p.convolution.residual.rowStride = columns * outputStride * bytes;
  const size_t padded = (size_t)(l->outputs + 15) / 16 * 16;
  p.convolution.biases = guarded_values(padded, 1, state);
  p.convolution.scales = guarded_values(padded, 1, state);
  if (!real) p.convolution.requantization = rule(l->outputs, p.terms, l->shift, state);
  p.convolution.residual.rule = sum_rule(l->shift > 60 ? 35 : l->shift, state);
  p.convolution.lowest = -(float)INFINITY, p.convolution.highest = (float)INFINITY;
  return p;
}

static void compare_layer(dc_operation operation, prepared p, int bytes, double tolerance, int atEnd) {
  p.convolution.window.outputColumnStride *= bytes, p.convolution.window.outputRowStride *= bytes;
  compare(operation, &p.convolution, &p.convolution.window.output, p.outputCount * (size_t)bytes, 0, atEnd, tolerance);
}

static size_t weight_count(const layer *l) {
  return (size_t)l->outputs * (size_t)l->channels * (size_t)l->kernelRows * (size_t)l->kernelColumns;
}

/* Weights of a density; `kind` 0: any, 1: from -127 on, 2: two levels. */
static int8_t *random_weights(const layer *l, double density, int kind, const int8_t levels[2], uint64_t *state) {
  const size_t count = weight_count(l), length = count / (size_t)l->outputs;
  int8_t *weights = malloc(count);
  for (size_t i = 0; i < count; i++) {
    const uint64_t n = next_number(state);
    /* Unevenly: an output in three has all its weights, one in five has none. */
    const double here = density < 1 && i / length % 3 == 0 && kind == 0 ? 1 : i / length % 5 == 1 && kind == 0 ? 0 : density;
    const int8_t any = (int8_t)n, value = kind == 2 ? levels[n & 1] : kind == 1 && any == -128 ? 0 : any;
    weights[i] = (double)(n >> 40) / (1 << 24) < here ? value : 0;
    if (l->isExtreme) weights[i] = -128;
  }
  return weights;
}

static void name_layer(const layer *l, const char *kind, uint64_t seed) {
  snprintf(case_name, sizeof case_name,
           "%s, %dx%d pixels, %d to %d channels, filter %dx%d, stride %d, dilation %d, map of %d, skip %d, "
           "first output %d, shift %d, extreme %d, seed %llu",
           kind, l->rows, l->columns, l->channels, l->outputs, l->kernelRows, l->kernelColumns, l->stride, l->dilation,
           l->mapChannels, l->skip, l->firstOutput, l->shift, l->isExtreme, (unsigned long long)seed);
}

static void test_dense(const layer *l, uint64_t seed) {
  uint64_t state = seed;
  const int atEnd = seed % 2 == 0;
  name_layer(l, "dense", seed);
  int8_t *weights = random_weights(l, 1, seed % 3 == 0 ? 1 : 0, 0, &state);
  prepared p = prepare(l, 0, weights, &state, atEnd);
  void *packed = guard(dc_packed_byte_count_s8(&p.filters), atEnd);
  dc_pack_weights_s8(&p.filters, 0, l->outputs, packed);
  p.convolution.weights = packed;
  compare_layer(dc_operation_conv_u8s8u8, p, 1, 0, atEnd);
  compare_layer(dc_operation_convadd_u8s8u8, p, 1, 0, atEnd);
  compare_layer(dc_operation_conv_u8s8s32, p, 4, 0, atEnd);
  compare_layer(dc_operation_conv_u8s8f32, p, 4, 0, atEnd);
  release_guarded(0);
  free(weights);
}

static void test_values(const layer *l, uint64_t seed) {
  uint64_t state = seed;
  const int atEnd = seed % 2 == 0;
  name_layer(l, "values", seed);
  float *weights = malloc(weight_count(l) * 4);
  for (size_t i = 0; i < weight_count(l); i++) weights[i] = next_value(&state);
  prepared p = prepare(l, 1, weights, &state, atEnd);
  void *packed = guard(dc_packed_byte_count_f32(&p.filters), atEnd);
  dc_pack_weights_f32(&p.filters, 0, l->outputs, packed);
  p.convolution.weights = packed;
  if (atEnd) p.convolution.residual.input = 0, p.convolution.lowest = 0, p.convolution.highest = 1.5f;
  /* Partial sums are about a third of the root of the terms, and each is rounded. */
  compare_layer(dc_operation_conv_f32f32f32, p, 4, 4e-6 * sqrt(p.terms), atEnd);
  release_guarded(0);
  free(weights);
}

/* Sparse weights as GatheredFilters in Swift makes them. */
static dc_gathered *gather(const dc_filters *f, const int8_t *levels) {
  const int32_t tableCount = dc_gather_tables(f, levels, 0), groups = (f->outputs + 15) / 16;
  dc_gather_table *tables = guard((size_t)tableCount * sizeof *tables, 1);
  dc_gather_tables(f, levels, tables);
  uint8_t *order = guard((size_t)(f->outputs + 63) / 64 * 64, 1);
  int32_t *places = calloc((size_t)f->outputs + 64, 4);
  for (int32_t begin = 0; begin < f->outputs; begin += DC_GATHER_SPAN) {
    uint8_t block[DC_GATHER_SPAN];
    const int32_t end = begin + DC_GATHER_SPAN < f->outputs ? begin + DC_GATHER_SPAN : f->outputs;
    dc_gather_order(f, begin, end, block);
    for (int32_t place = 0; place < end - begin; place++)
      order[begin + block[place]] = (uint8_t)place, places[begin + place] = begin + block[place];
  }
  uint8_t *rounds = guard((size_t)(groups * tableCount), 1);
  ptrdiff_t *offsets = guard((size_t)groups * sizeof *offsets, 1);
  const size_t most = dc_gathered_most_bytes(f, levels);
  uint8_t *all = malloc(most * (size_t)groups);
  size_t byteCount = 0;
  for (int32_t g = 0; g < groups; g++) {
    const int32_t count = f->outputs - g * 16 < 16 ? f->outputs - g * 16 : 16;
    offsets[g] = (ptrdiff_t)byteCount;
    byteCount += dc_pack_gathered(f, levels, tables, places + g * 16, count, rounds + g * tableCount, all + byteCount);
  }
  dc_gathered weights = {tables, rounds, offsets, guarded_copy(all, byteCount, 1), order, tableCount, levels != 0, {0}};
  if (levels) weights.levels[0] = levels[0], weights.levels[1] = levels[1];
  free(all), free(places);
  return guarded_copy(&weights, sizeof weights, 1);
}

static void test_sparse(const layer *l, uint64_t seed) {
  static const struct {
    double density;
    int kind, isNarrow;
    int8_t levels[2];
  } patterns[] = {{0.1, 2, 0, {1, -1}}, {0.1, 2, 1, {7, -127}}, {0.3, 0, 0, {0, 0}},
                  {1, 2, 1, {127, -128}}, {0.02, 2, 1, {3, 5}}, {0, 1, 0, {0, 0}}};
  if (l->isExtreme || l->firstOutput % DC_GATHER_SPAN) return;
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    uint64_t state = seed + i;
    const int atEnd = (seed + i) % 2 == 0;
    char kind[64];
    snprintf(kind, sizeof kind, "sparse %g%s", patterns[i].density, patterns[i].isNarrow ? ", narrow" : "");
    name_layer(l, kind, seed);
    int8_t *weights = random_weights(l, patterns[i].density, patterns[i].kind, patterns[i].levels, &state);
    prepared p = prepare(l, 0, weights, &state, atEnd);
    p.convolution.weights = gather(&p.filters, patterns[i].isNarrow ? patterns[i].levels : 0);
    compare_layer(dc_operation_conv_u8g8u8, p, 1, 0, atEnd);
    compare_layer(dc_operation_convadd_u8g8u8, p, 1, 0, atEnd);
    compare_layer(dc_operation_conv_u8g8f32, p, 4, 0, atEnd);
    release_guarded(0);
    free(weights);
  }
}

static void test_leveled(const layer *l, uint64_t seed) {
  static const int8_t all[2][16] = {{-128, -100, -77, -50, -13, -5, -1, 0, 1, 4, 9, 33, 60, 90, 111, 127}, {-128, 0, 1, 127}};
  for (int bits = 2; bits <= 4; bits += 2) {
    uint64_t state = seed + (uint64_t)bits;
    const int atEnd = (seed + (uint64_t)bits / 2) % 2 == 0;
    name_layer(l, bits == 2 ? "4 levels" : "16 levels", seed);
    int8_t *weights = malloc(weight_count(l));
    for (size_t i = 0; i < weight_count(l); i++)
      weights[i] = l->isExtreme ? -128 : all[bits == 2][next_number(&state) % (bits == 2 ? 4 : 16)];
    prepared p = prepare(l, 0, weights, &state, atEnd);
    dc_leveled leveled = {guard(dc_leveled_byte_count(&p.filters, bits), atEnd), bits, {0}};
    dc_find_levels(&p.filters, leveled.levels);
    dc_pack_leveled(&p.filters, bits, leveled.levels, (void *)(uintptr_t)leveled.data);
    p.convolution.weights = guarded_copy(&leveled, sizeof leveled, 1);
    compare_layer(dc_operation_conv_u8k4u8, p, 1, 0, atEnd);
    compare_layer(dc_operation_conv_u8k4f32, p, 4, 0, atEnd);
    /* And the definition: the sums of the dense twin. */
    void *packed = guard(dc_packed_byte_count_s8(&p.filters), atEnd);
    dc_pack_weights_s8(&p.filters, 0, l->outputs, packed);
    const dc_kernel_table *scalar = dc_kernels(dc_isa_scalar);
    dc_convolution dense = p.convolution;
    dense.weights = packed, dense.window.output = guarded_codes(p.outputCount, atEnd, &state);
    p.convolution.window.output = guarded_copy(dense.window.output, p.outputCount, atEnd);
    scalar->conv_u8s8u8(&dense), scalar->conv_u8k4u8(&p.convolution);
    if (memcmp(dense.window.output, p.convolution.window.output, p.outputCount) != 0) {
      fprintf(stderr, "scalar_conv_u8k4u8 differs from scalar_conv_u8s8u8: %s\n", case_name);
      differences += 1;
    }
    release_guarded(0);
    free(weights);
  }
}

static void test_binary(const layer *l, uint64_t seed) {
  static const int8_t pairs[2][2] = {{-1, 1}, {-7, 100}};
  for (int i = 0; i < 2; i++) {
    uint64_t state = seed + (uint64_t)i;
    const int atEnd = (seed + (uint64_t)i) % 2 == 0;
    name_layer(l, "2 levels", seed);
    int8_t *weights = random_weights(l, 1, 2, pairs[i], &state);
    prepared p = prepare(l, 0, weights, &state, atEnd);
    int8_t levels[2];
    const int32_t words = dc_binary_words(&p.filters);
    if (dc_find_two_levels(&p.filters, levels) <= 2 && words * 8 <= DC_MOST_BINARY_WORDS) {
      uint64_t *data = guard((size_t)(l->outputs + 15) / 16 * 16 * (size_t)words * 8, atEnd);
      uint64_t *mask = guard((size_t)words * 8, atEnd);
      dc_pack_binary(&p.filters, levels[1], data, mask);
      const dc_binary binary = {data, mask, words, 255, levels[0], levels[1]};
      p.convolution.weights = guarded_copy(&binary, sizeof binary, 1);
      compare_layer(dc_operation_conv_u8b1u8, p, 1, 0, atEnd);
      compare_layer(dc_operation_conv_u8b1f32, p, 4, 0, atEnd);
    }
    release_guarded(0);
    free(weights);
  }
}

static void test_added(const layer *l, uint64_t seed) {
  static const struct {
    double density;
    int8_t levels[2];
  } patterns[] = {{0.1, {57, -43}}, {0.04, {127, -128}}, {0, {1, -1}}, {1, {3, -128}}};
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    uint64_t state = seed + i;
    const int atEnd = (seed + i) % 2 == 0;
    name_layer(l, "added", seed);
    int8_t *weights = random_weights(l, patterns[i].density, 2, patterns[i].levels, &state);
    prepared p = prepare(l, 0, weights, &state, atEnd);
    dc_added added = {0};
    const int32_t count = dc_added_shape(&p.filters, l->stride, l->stride, l->rows, l->columns, &added);
    if (count >= 0 && l->dilation == 1) {
      uint16_t *places = guard((size_t)count * 2 + 2, 1);
      int32_t *ends = guard((size_t)l->outputs * 8, 1);
      dc_pack_added(&p.filters, &added, places, ends);
      added.places = places, added.ends = ends;
      p.convolution.weights = guarded_copy(&added, sizeof added, 1);
      compare_layer(dc_operation_conv_u8a2u8, p, 1, 0, atEnd);
      compare_layer(dc_operation_convadd_u8a2u8, p, 1, 0, atEnd);
    }
    release_guarded(0);
    free(weights);
  }
}

static void test_layer(layer l, uint64_t seed) {
  if (!l.kernelRows) l.kernelRows = l.kernelColumns = 1;
  if (!l.stride) l.stride = 1;
  if (!l.dilation) l.dilation = 1;
  if (!l.shift) l.shift = 36;
  test_leveled(&l, seed);
  test_binary(&l, seed);
  test_added(&l, seed);
  for (uint64_t s = 0; s < 2; s++) test_dense(&l, seed * 2 + s), test_values(&l, seed * 2 + s);
  if (l.firstOutput % 64 == 0) test_sparse(&l, seed);
}

/* Pixels around the tiles, outputs around blocks, segments around 4, 8 and 16 codes, tables around 63 and 64. */
static void test_layers(void) {
  static const int pixels[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 17, 18, 19, 25};
  static const int outputs[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 100, 128, 129, 144};
  static const int channels[] = {1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 20, 24, 28, 33};
  static const int shifts[] = {1, 20, 31, 32, 33, 45, 50};
  static const layer others[] = {
      {2, 16, 32, 64, 3, 3, 1, 1, 0, 0, 0, 36, 0},  {2, 12, 32, 64, 3, 3, 1, 1, 0, 0, 0, 30, 0},
      {4, 4, 36, 40, 3, 3, 1, 1, 0, 3, 16, 36, 0},  {2, 15, 16, 16, 3, 3, 1, 1, 0, 0, 0, 0, 0},
      {2, 29, 16, 48, 2, 3, 1, 1, 0, 5, 0, 0, 0},   {3, 17, 8, 48, 3, 3, 1, 1, 0, 0, 0, 0, 0},
      {1, 1, 1028, 50, 1, 1, 1, 1, 0, 0, 0, 0, 0},  {1, 1, 344, 20, 3, 1, 1, 1, 0, 0, 0, 20, 0},
      {8, 3, 1, 64, 10, 4, 2, 1, 0, 0, 0, 0, 0},    {3, 3, 3, 16, 12, 12, 4, 1, 0, 0, 0, 0, 0},
      {4, 5, 6, 16, 3, 3, 1, 2, 0, 0, 0, 0, 0},     {4, 5, 8, 24, 5, 5, 1, 1, 16, 0, 0, 0, 0},
      {3, 3, 4, 4, 3, 3, 1, 1, 12, 0, 0, 0, 0},     {1, 2, 600, 33, 1, 1, 1, 1, 0, 0, 0, 0, 0},
      {2, 7, 100, 20, 1, 1, 1, 1, 0, 0, 0, 0, 1},   {2, 7, 100, 20, 1, 1, 1, 1, 0, 0, 0, 0, 2},
      {1, 1, 700, 130, 1, 1, 1, 1, 0, 0, 0, 62, 1}, {1, 1, 700, 130, 1, 1, 1, 1, 0, 0, 0, 62, 2},
      {3, 7, 64, 200, 1, 1, 1, 1, 0, 0, 128, 45, 0}, {3, 7, 16, 130, 3, 3, 1, 1, 0, 2, 64, 0, 0},
      {1, 63, 16, 17, 1, 3, 1, 1, 0, 0, 0, 30, 0},  {1, 65, 16, 17, 1, 3, 1, 1, 0, 0, 0, 30, 0},
      {1, 130, 16, 17, 1, 3, 1, 1, 0, 0, 0, 30, 0}, {1, 11, 16, 193, 1, 3, 1, 1, 0, 1, 0, 30, 0},
      {1, 5, 16, 256, 1, 3, 1, 1, 0, 0, 0, 0, 0},   {2, 3, 16, 300, 1, 3, 1, 1, 0, 2, 256, 0, 0},
      {17, 17, 32, 18, 3, 3, 1, 1, 0, 5, 0, 0, 0},  {11, 33, 20, 16, 3, 3, 2, 1, 0, 0, 0, 30, 0},
  };
  static const int lengths[] = {48, 60, 64, 65, 84, 128, 252, 256, 260};
#define COUNT(array) (int)(sizeof array / sizeof *array)
  uint64_t seed = 1;
  for (int i = 0; i < COUNT(pixels); i++) {
    test_layer((layer){.rows = 1, .columns = pixels[i], .channels = 4, .outputs = i % 5 * 15 + 16}, seed++);
    test_layer((layer){.rows = pixels[i], .columns = 1, .channels = 8 + 4 * (i % 3), .outputs = 16, .shift = 20}, seed++);
  }
  for (int i = 0; i < COUNT(outputs); i++) {
    test_layer((layer){.rows = 1, .columns = 1, .channels = 20, .outputs = outputs[i]}, seed++);
    test_layer((layer){.rows = 1, .columns = 3, .channels = 8, .outputs = outputs[i], .shift = 33}, seed++);
  }
  for (int i = 0; i < COUNT(channels); i++) {
    layer l = {.rows = 5, .columns = 5, .channels = channels[i], .outputs = 19, .kernelRows = 3, .kernelColumns = 3};
    test_layer(l, seed++);
    l.rows = 3, l.columns = 4, l.outputs = 16, l.kernelRows = l.kernelColumns = 5, l.stride = 2, l.shift = 40;
    test_layer(l, seed++);
  }
  for (int i = 0; i < COUNT(shifts); i++)
    test_layer((layer){.rows = 2, .columns = 7, .channels = 9, .outputs = 20, .shift = shifts[i]}, seed++);
  for (int i = 0; i < COUNT(lengths); i++) {
    test_layer((layer){.rows = 2, .columns = 3, .channels = lengths[i], .outputs = 33, .kernelRows = 3, .kernelColumns = 1},
               seed++);
    test_layer((layer){.rows = 1, .columns = 1, .channels = lengths[i], .outputs = 80}, seed++);
  }
  for (int i = 0; i < COUNT(others); i++) test_layer(others[i], seed++);
}

/* MARK: Depthwise and pooling */

static void test_taps(int rows, int columns, int channels, int kernelRows, int kernelColumns, int stride, int spare,
                      int skip, int firstChannel, int shift, uint64_t seed) {
  const int pixel = channels + spare, inputColumns = (columns - 1) * stride + kernelColumns;
  const int inputRows = (rows - 1) * stride + kernelRows, taps = kernelRows * kernelColumns, atEnd = seed % 2 == 0;
  const size_t inputCount = (size_t)(inputRows * inputColumns * pixel - spare);
  const size_t outputCount = (size_t)((rows * columns - 1) * pixel + channels);
  uint64_t state = seed;
  snprintf(case_name, sizeof case_name,
           "%dx%d pixels, %d channels from %d, filter %dx%d, stride %d, spare %d, skip %d, shift %d, seed %llu", rows,
           columns, channels, firstChannel, kernelRows, kernelColumns, stride, spare, skip, shift, (unsigned long long)seed);
  for (int real = 0; real < 2; real++) {
    const int bytes = real ? 4 : 1;
    ptrdiff_t *offsets = guard((size_t)taps * sizeof *offsets, 1);
    for (int t = 0; t < taps; t++)
      offsets[t] = (ptrdiff_t)(t / kernelColumns * inputColumns + t % kernelColumns) * pixel * bytes;
    dc_window w = {0, 0, offsets, stride * inputColumns * pixel * bytes, stride * pixel * bytes, columns * pixel * bytes,
                   pixel * bytes, taps, 1, columns, skip, rows * columns - skip, firstChannel, channels};
    w.input = real ? guarded_values(inputCount, atEnd, &state) : guarded_codes(inputCount, atEnd, &state);

    dc_filters f = {0, taps, kernelColumns, 1, 1, channels, kernelRows, kernelColumns, 1, 1, 0};
    void *weights = real ? guarded_values((size_t)(channels * taps), 1, &state)
                         : guarded_codes((size_t)(channels * taps), 1, &state);
    f.weights = weights;
    dc_convolution c = {.window = w, .lowest = -0.5f, .highest = 0.75f};
    void *packed = guard(real ? dc_packed_depthwise_byte_count_f32(&f) : dc_packed_depthwise_byte_count_s8(&f), atEnd);
    (real ? dc_pack_depthwise_f32 : dc_pack_depthwise_s8)(&f, packed);
    c.weights = packed, c.biases = guarded_values((size_t)(channels + 15) / 16 * 16, 1, &state);
    if (!real) c.requantization = rule(channels, taps, shift, &state);
    compare(real ? dc_operation_depthwise_f32f32f32 : dc_operation_depthwise_u8s8u8, &c, &c.window.output,
            outputCount * (size_t)bytes, 0, atEnd, real ? 4e-6 * sqrt(taps) : 0);

    dc_pooling p = {.window = w, .divisor = (float)taps};
    p.window.channelBegin = firstChannel / 16 * 16;
    compare(real ? dc_operation_maxpool_f32f32 : dc_operation_maxpool_u8u8, &p, &p.window.output,
            outputCount * (size_t)bytes, 0, atEnd, 0);
    if (!real) p.requantization = rule(1, taps, shift, &state);
    compare(real ? dc_operation_avgpool_f32f32 : dc_operation_avgpool_u8u8, &p, &p.window.output,
            outputCount * (size_t)bytes, 0, atEnd, 0);
  }
  release_guarded(0);
}

static void test_all_taps(void) {
  static const int channels[] = {1,  2,  3,  4,  5,  7,  8,  9,  12, 15, 16, 17,  24,
                                 31, 32, 33, 47, 48, 49, 63, 64, 65, 80, 96, 127, 128, 130};
  static const int kernels[][2] = {{1, 1}, {1, 2}, {1, 3}, {2, 2}, {1, 5}, {2, 3}, {1, 7}, {2, 4}, {5, 5}, {1, 25}};
  static const int shifts[] = {1, 15, 16, 31, 32, 40, 47, 48};
  uint64_t seed = 1;
  for (int i = 0; i < COUNT(channels); i++) {
    test_taps(3, 5, channels[i], 3, 3, 1, 0, 0, 0, 35, seed++);
    test_taps(2, 3, channels[i], 3, 3, 2, 0, 1, 0, 24, seed++);
    test_taps(2, 3, channels[i], 3, 3, 1, 3, 0, 0, 35, seed++);
  }
  for (int i = 0; i < COUNT(kernels); i++) {
    test_taps(2, 2, 16, kernels[i][0], kernels[i][1], 1, 0, 0, 0, 35, seed++);
    test_taps(1, 2, 70, kernels[i][0], kernels[i][1], 2, 0, 0, 0, 35, seed++);
  }
  for (int i = 0; i < COUNT(shifts); i++) test_taps(3, 9, 20, 1, 1, 1, 0, 2, 0, shifts[i], seed++);
  test_taps(2, 2, 150, 3, 3, 1, 0, 0, 64, 35, seed++);
  test_taps(1, 1, 64, 8, 8, 1, 0, 0, 0, 35, seed++);
  test_taps(4, 19, 8, 3, 3, 1, 0, 7, 0, 35, seed++);
}

/* MARK: Maps */

static void test_map(int count, int rows, int shift, uint64_t seed) {
  uint64_t state = seed;
  const int atEnd = seed % 2 == 0, stride = count + 3;
  const size_t all = (size_t)((rows - 1) * stride + count);
  snprintf(case_name, sizeof case_name, "map of %dx%d, shift %d, seed %llu", rows, count, shift, (unsigned long long)seed);
  dc_map codes = {.inputRowStride = stride, .otherRowStride = stride, .outputRowStride = stride, .rows = rows, .count = count};
  codes.input = guarded_codes(all, atEnd, &state), codes.other = guarded_codes(all, atEnd, &state);
  codes.table = guarded_codes(256, 1, &state), codes.rule = sum_rule(shift, &state);
  codes.scale = 0.01f, codes.zeroPoint = (int32_t)(next_number(&state) % 256), codes.lowest = -0.5f, codes.highest = 0.75f;
  compare(dc_operation_add_u8u8u8, &codes, &codes.output, all, 0, atEnd, 0);
  compare(dc_operation_lookup_u8u8, &codes, &codes.output, all, 0, atEnd, 0);
  dc_map values = codes;
  values.inputRowStride *= 4, values.otherRowStride *= 4, values.outputRowStride *= 4;
  float *input = guarded_values(all, atEnd, &state);
  for (size_t i = 0; i < all; i++) input[i] *= 2;
  if (count > 2) input[0] = NAN, input[1] = (float)INFINITY, input[2] = 0.005f;
  values.input = input, values.other = guarded_values(all, atEnd, &state);
  compare(dc_operation_add_f32f32f32, &values, &values.output, all * 4, 0, atEnd, 0);
  compare(dc_operation_mul_f32f32f32, &values, &values.output, all * 4, 0, atEnd, 0);
  compare(dc_operation_clamp_f32f32, &values, &values.output, all * 4, 0, atEnd, 0);
  dc_map quantize = values;
  quantize.outputRowStride = stride;
  compare(dc_operation_quantize_f32u8, &quantize, &quantize.output, all, 0, atEnd, 0);
  dc_map dequantize = codes;
  dequantize.outputRowStride = stride * 4;
  compare(dc_operation_dequantize_u8f32, &dequantize, &dequantize.output, all * 4, 0, atEnd, 0);
  release_guarded(0);
}

static void test_reordering(int columns, int channels, int spare, uint64_t seed) {
  uint64_t state = seed;
  const int atEnd = seed % 2 == 0, rows = 3, planeRow = columns + 1, plane = planeRow * rows + 2;
  const int pixel = channels + spare, pixelRow = pixel * columns + 3;
  const size_t planar = (size_t)(plane * (channels - 1) + planeRow * (rows - 1) + columns);
  const size_t pixels = (size_t)(pixelRow * (rows - 1) + pixel * (columns - 1) + channels);
  snprintf(case_name, sizeof case_name, "%d columns, %d channels, spare %d, seed %llu", columns, channels, spare,
           (unsigned long long)seed);
  static const struct {
    dc_operation operation;
    int planarBytes, pixelBytes, toPlanes;
  } kinds[] = {{dc_operation_interleave_f32f32, 4, 4, 0},   {dc_operation_interleave_u8u8, 1, 1, 0},
               {dc_operation_interleave_f32u8, 4, 1, 0},    {dc_operation_deinterleave_f32f32, 4, 4, 1},
               {dc_operation_deinterleave_u8u8, 1, 1, 1},   {dc_operation_deinterleave_u8f32, 4, 1, 1}};
  for (int k = 0; k < COUNT(kinds); k++) {
    const int a = kinds[k].planarBytes, b = kinds[k].pixelBytes, toPlanes = kinds[k].toPlanes;
    const size_t inputCount = toPlanes ? pixels : planar, outputCount = toPlanes ? planar : pixels;
    const int inputBytes = toPlanes ? b : a, outputBytes = toPlanes ? a : b;
    dc_reordering r = {.planeStride = plane * a, .planeRowStride = planeRow * a, .pixelRowStride = pixelRow * b,
                       .pixelColumnStride = pixel * b, .rows = rows, .columns = columns, .channels = channels,
                       .scale = 0.01f, .zeroPoint = 120};
    r.input = inputBytes == 4 ? guarded_values(inputCount, atEnd, &state) : guarded_codes(inputCount, atEnd, &state);
    compare(kinds[k].operation, &r, &r.output, outputCount * (size_t)outputBytes, 0, atEnd, 0);
    release_guarded(0);
  }
}

static void test_maps(void) {
  static const int counts[] = {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130};
  static const int shifts[] = {1, 15, 16, 31, 32, 35, 47, 55};
  static const int channels[][2] = {{1, 0}, {1, 3}, {3, 0}, {3, 1}, {4, 0}, {5, 3}, {17, 0}};
  uint64_t seed = 1;
  for (int i = 0; i < COUNT(counts); i++) {
    for (int k = 0; k < COUNT(shifts); k++) test_map(counts[i], 1 + k % 3, shifts[k], seed++);
    for (int k = 0; k < COUNT(channels); k++) test_reordering(counts[i], channels[k][0], channels[k][1], seed++);
  }
}

/* MARK: Training */

static void test_filter_gradient(int length, int outputs, uint64_t seed) {
  uint64_t state = seed;
  const int rows = 3, columns = 4, segments = 2, rowStride = columns * length + 3, offset = 2, atEnd = seed % 2 == 0;
  const size_t width = (size_t)(outputs + 15) / 16 * 16, count = (size_t)(segments * length) * width;
  snprintf(case_name, sizeof case_name, "filter gradient of %d elements, %d outputs", length, outputs);
  ptrdiff_t *offsets = guard(2 * sizeof *offsets, 1);
  offsets[0] = 0, offsets[1] = offset * 4;
  dc_filter_gradient g = {.segmentOffsets = offsets, .inputRowStride = rowStride * 4, .inputColumnStride = length * 4,
                          .gradientRowStride = columns * outputs * 4, .gradientColumnStride = outputs * 4,
                          .segmentCount = segments, .segmentLength = length, .rows = rows, .columns = columns,
                          .outputs = outputs};
  g.input = guarded_values((size_t)((rows - 1) * rowStride + (columns - 1) * length + offset + length), atEnd, &state);
  g.gradient = guarded_values((size_t)(rows * columns * outputs), atEnd, &state);
  const void *before = guarded_values(count, atEnd, &state);
  compare(dc_operation_filtergradient_f32f32f32, &g, (void **)&g.result, count * 4, before, 1, 1e-5);
  release_guarded(0);
}

static void test_channelwise(int channels, int hasOption, uint64_t seed) {
  uint64_t state = seed;
  const int pixels = 7, atEnd = seed % 2 == 0;
  const size_t count = (size_t)(pixels * channels), sums = (size_t)(2 * channels);
  snprintf(case_name, sizeof case_name, "%d channels, option %d, seed %llu", channels, hasOption, (unsigned long long)seed);
  dc_channelwise p = {.pixels = pixels, .channels = channels, .accumulates = hasOption, .lowest = -0.25f, .highest = 0.5f};
  p.input = guarded_values(count, atEnd, &state), p.gradient = guarded_values(count, atEnd, &state);
  p.other = hasOption ? guarded_values(count, atEnd, &state) : 0;
  p.activated = hasOption ? guarded_values(count, atEnd, &state) : 0;
  p.a = guarded_values((size_t)channels, 1, &state), p.b = guarded_values((size_t)channels, 1, &state);
  p.d = guarded_values((size_t)channels, 1, &state);
  const void *before = guarded_values(count, atEnd, &state);
  compare(dc_operation_moments_f32f32, &p, (void **)&p.sums, sums * 4, 0, 1, 1e-5);
  compare(dc_operation_gradientsums_f32f32, &p, (void **)&p.sums, sums * 4, 0, 1, 1e-5);
  compare(dc_operation_normalize_f32f32, &p, (void **)&p.result, count * 4, 0, 1, 1e-6);
  compare(dc_operation_normgradient_f32f32, &p, (void **)&p.result, count * 4, before, 1, 1e-6);

  /* On a grid all processors give the same bits, but for sums. */
  p.grid = (dc_grid){.step = 0.0625f, .inverseStep = 16, .lowest = -4, .highest = 7, .isSign = seed % 3 == 0};
  compare(dc_operation_normquantize_f32f32, &p, (void **)&p.result, count * 4, 0, 1, 0);
  compare(dc_operation_ranges_f32f32, &p, (void **)&p.sums, (size_t)(3 * channels) * 4, 0, 1, 1e-5);
  float *results = guard(count * 4, 1);
  p.result = results;
  compare(dc_operation_quantgradient_f32f32, &p, (void **)&p.sums, (size_t)(5 * channels) * 4, 0, 1, 1e-5);
  p.sums = guard((size_t)(5 * channels) * 4, 1);
  compare(dc_operation_quantgradient_f32f32, &p, (void **)&p.result, count * 4, 0, 1, 0);
  release_guarded(0);
}

static void test_training(void) {
  static const int lengths[] = {1, 3, 4, 5, 9, 16, 21, 37}, outputs[] = {1, 10, 15, 16, 17, 18, 32};
  static const int channels[] = {1, 3, 15, 16, 17, 31, 32, 50};
  uint64_t seed = 1;
  for (int i = 0; i < COUNT(lengths); i++)
    for (int k = 0; k < COUNT(outputs); k++) test_filter_gradient(lengths[i], outputs[k], seed++);
  for (int i = 0; i < COUNT(channels); i++)
    for (int option = 0; option < 2; option++) test_channelwise(channels[i], option, seed++);
}

int main(int argc, char **argv) {
  signal(SIGSEGV, fault), signal(SIGBUS, fault);
  list = dc_kernel_list(&list_count);
  int wrong = 0;
  for (int isa = dc_isa_scalar + 1; isa < dc_isa_count; isa++) {
    int expected = 0;
    for (int i = 1; i < argc; i++) expected |= strcmp(argv[i], dc_isa_name((dc_isa)isa)) == 0;
    if (expected == !!dc_isa_is_available((dc_isa)isa)) continue;
    fprintf(stderr, "%s is %s.\n", dc_isa_name((dc_isa)isa), expected ? "missing" : "there, and was not expected");
    wrong = 1;
  }
  if (wrong) return 1;
  test_layers(), test_all_taps(), test_maps(), test_training();
  long long compared = 0, kernels = 0;
  for (int32_t k = 0; k < list_count; k++) {
    if (!list[k].run || !dc_isa_is_available(list[k].isa) || list[k].isa == dc_isa_scalar) continue;
    if (!cases[k]) fprintf(stderr, "%s was not tested.\n", list[k].name), differences += 1;
    compared += cases[k], kernels += 1;
  }
  printf("%lld kernels, %lld comparisons with the scalar twins, %lld differences\n", kernels, compared, differences);
  return differences != 0;
}
