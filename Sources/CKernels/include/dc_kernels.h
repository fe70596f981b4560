/* The kernels of DeepChip: what they read, what they write, and how to find the one that runs here.

   Rules for all of them
   - Feature maps are interleaved, [row][column][channel], u8 codes or f32 values. A pixel holds dc_channel_stride()
     elements; those past the last channel may hold anything. Borders are the caller's: it leaves room around a map and
     fills it (zero point, 0.0), so a kernel knows no padding.
   - All strides and offsets are in bytes, of any sign, so a map may be a view into a larger one; those of f32 maps are
     multiples of 4.
   - A kernel reads and writes exactly what its description names, not one byte more, allocates nothing, keeps no
     state and returns nothing. It trusts the description: `Kernels`, the Swift face, states the preconditions.
   - The output must not overlap an input, except where a comment allows it. No alignment is needed; maps and packed
     weights that start at a multiple of 64 bytes are faster.
   - Integers are the same, bit for bit, on every instruction set and for every partition of the work. Floats are the
     same for every partition; between instruction sets, sums of products differ by rounding (some have a fused
     multiply-add). Everything that is not a sum of products is the same everywhere. */
#ifndef DC_KERNELS_H
#define DC_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Output channels that lie together in packed weights. A range of channels begins at a multiple of it, and
   parameters that go by channel are readable (any value) up to the next multiple. */
#define DC_CHANNEL_BLOCK 16
/* Outputs of sparse weights that trade places, so that those with as many weights lie together. */
#define DC_GATHER_SPAN 256

/* Readable bytes that must follow the u8 input map of a convolution of fewer than 4 channels (stride 1, 2 or 3): the
   length of a segment is rounded up to 4 bytes. Nothing else needs any. */
#define DC_TAIL_BYTES 3

/* MARK: Descriptions */

/* Where windows lie in the input, and results in the output.

   Output pixels are numbered row by row, `columns` to a row; a kernel computes those in pixelBegin..<pixelEnd, of the
   channels in channelBegin..<channelEnd. The window of pixel (row, column) begins at
   input + row * inputRowStride + column * inputColumnStride: the convolution's stride is part of these. It consists
   of `segmentCount` runs of `segmentLength` elements, at segmentOffsets[i] bytes from its beginning. */
typedef struct dc_window {
  const void *input;               /* the first element of the window of pixel 0 */
  void *output;                    /* channel 0 of pixel 0 */
  const ptrdiff_t *segmentOffsets; /* bytes, from the first element of the window */
  ptrdiff_t inputRowStride;
  ptrdiff_t inputColumnStride;
  ptrdiff_t outputRowStride;
  ptrdiff_t outputColumnStride;
  int32_t segmentCount;
  int32_t segmentLength; /* elements; a multiple of 4 for u8. 1 (ignored) for depthwise and pooling: a tap each */
  int32_t columns;
  int32_t pixelBegin;
  int32_t pixelEnd;
  int32_t channelBegin; /* a multiple of DC_CHANNEL_BLOCK; of 64 for depthwise, of DC_GATHER_SPAN for sparse weights */
  int32_t channelEnd;
} dc_window;

/* The rule from a sum to a code: clamp((sum * multiplier + offset) >> shift, lowest, highest), exact in 64 bits.

   The rounding term is part of the offset: offset = K + 2^(shift-1), and so are the input's zero point times the
   weights' sum and the output's zero point: sums are of the codes as they are stored. The caller has proved that
   |sum * multiplier + offset| < 2^63. A shift of 32 or more is fastest.

   Where the same numbers fit in reals, realMultipliers[c] = multiplier / 2^shift and realOffsets[c] = offset / 2^shift,
   without rounding, for all channels; else both are NULL. The caller then has proved as well that |sum| <= 2^24 and
   |sum * realMultiplier + realOffset| < 2^31. The product and sum, rounded down once, and then down to a whole number, is
   the exact quotient rounded down: no whole number below 2^24 lies between a real and what it is rounded down to. */
typedef struct dc_requantization {
  const int32_t *multipliers; /* by channel, any sign */
  const int64_t *offsets;     /* by channel */
  int32_t shift;              /* 1...62 */
  uint8_t lowest;
  uint8_t highest;
  const float *realMultipliers; /* by channel, or NULL */
  const float *realOffsets;
} dc_requantization;

/* The rule for the sum of two maps: clamp((a * multiplierA + b * multiplierB + offset) >> shift, lowest, highest),
   where offset = K + 2^(shift-1). */
typedef struct dc_sum_rule {
  int64_t offset;
  int32_t multiplierA;
  int32_t multiplierB;
  int32_t shift; /* 1...62 */
  uint8_t lowest;
  uint8_t highest;
} dc_sum_rule;

/* A second map that is added to the result at the same pixel and channel. */
typedef struct dc_residual {
  const void *input; /* channel 0 of pixel 0; for f32 NULL means none */
  ptrdiff_t rowStride;
  ptrdiff_t columnStride;
  dc_sum_rule rule; /* integers only: a is the convolution's code, b the one read here */
} dc_residual;

/* Convolution, pointwise and dense layers; a group each call. A dense layer has one output pixel a batch row.

   A K x K convolution over a map with no dilation has K segments of K * channelStride elements; a dilated or grouped
   one K * K of channelStride (of the group's channels). A dense layer over a map has a segment a row, or one in all.

   Types, by kernel: conv_u8s8u8 requantizes; convadd_u8s8u8 requantizes and adds `residual`; conv_u8s8s32 stores the
   sums; conv_u8s8f32 stores (float)sum * scales[c] + biases[c], with two roundings; conv_f32f32f32 stores
   clamp(sum + biases[c] + residual, lowest, highest).

   conv_u8g8u8, convadd_u8g8u8, conv_u8g8f32: the same from sparse weights, a dc_gathered. A range of channels begins at
   a multiple of DC_GATHER_SPAN. conv_u8k4u8, conv_u8k4f32: the same from weights of few levels, a dc_leveled. conv_u8b1u8,
   conv_u8b1f32: the same from weights of two levels, a dc_binary, with codes in which few bits are ever set.
   conv_u8a2u8, convadd_u8a2u8: the same from two levels and zeros, a dc_added.

   Overflow: |sum of codes * weights| < 2^31 holds below 65 793 products, and is otherwise for the packer to prove.
   The residual may be the very map that is written. */
typedef struct dc_convolution {
  dc_window window;
  const void *weights;              /* all channels, as dc_pack_weights_s8 or _f32 made them */
  dc_requantization requantization; /* conv_u8s8u8, convadd_u8s8u8, depthwise_u8s8u8 */
  dc_residual residual;             /* convadd_u8s8u8, conv_f32f32f32 */
  const float *scales;              /* conv_u8s8f32 */
  const float *biases;              /* conv_u8s8f32, conv_f32f32f32, depthwise_f32f32f32 */
  float lowest;                     /* conv_f32f32f32, depthwise_f32f32f32: -infinity when not clamped */
  float highest;
} dc_convolution;

/* Up to 64 bytes of a window's segment, from which a kernel picks codes. */
typedef struct dc_gather_table {
  int32_t segment;
  int32_t offset; /* bytes, from the beginning of the segment */
  uint64_t mask;  /* bit i: byte i is there; ones from bit 0 on. The others are taken for 0, and not read */
} dc_gather_table;

/* Sparse weights for the kernels that pick codes (types u8g8...), to which `weights` points.

   Outputs are taken 16 at a time, a group. A round picks four codes for each of them from two tables, t and t + 1, and
   multiplies them with a weight each: byte 4 * o + k of a round says which code is the k-th of output o, i % 64 of
   table t (i < 64) or t + 1. Wide rounds are 64 such bytes, and 64 weights. Narrow ones are 64 bytes: bit 7 tells which
   of two weights; a place that has none picks a byte that the mask leaves out.

   Within DC_GATHER_SPAN outputs the order is free: output c of them is computed at place order[c]. Parameters that go by channel
   (multipliers, offsets, scales, biases) are given by place; maps keep the order of channels. */
typedef struct dc_gathered {
  const dc_gather_table *tables;
  const uint8_t *rounds;         /* [group][table]: rounds that begin at a table; the last has no next one */
  const ptrdiff_t *groupOffsets; /* [group]: where its rounds begin in `data` */
  const uint8_t *data;           /* aligned to 64 */
  const uint8_t *order;          /* [outputs, rounded up to 64]: places within DC_GATHER_SPAN */
  int32_t tableCount;
  int32_t isNarrow;
  int8_t levels[2]; /* narrow: the weights for bit 7 clear and set */
} dc_gathered;

/* Weights of few levels, which stay packed in memory, to which `weights` points (types u8k4...).

   A weight is levels[code], its code has 4 or 2 bits. 64 bytes hold the codes of 8 / bits steps of four inputs by 16
   outputs: bits * s ..< bits * (s + 1) of byte 4 * o + k are input k of step s for output o. They lie in the order
   [outputs / 16][segment][steps of a segment, rounded up to 64 bytes]. */
typedef struct dc_leveled {
  const uint8_t *data;
  int32_t bits;      /* 4 or 2 */
  int8_t levels[16]; /* 2 bits: the first four */
} dc_leveled;

/* Weights of two levels as bits, to which `weights` points (types u8b1...), for codes in which few bits are ever set.

   A sum is taken by bits of codes: with o[k] the codes of a window that have bit k, and h[k] those of them whose weight
   is the high level, sum = low * total + (high - low) * matches, where total = sum of o[k] << k and matches = sum of
   h[k] << k. Counting 64 products takes an and, a count and an addition. A bit that no code of a tile has takes no time.

   Bits lie in the order [outputs / 16][segment][codes of a segment / 64, rounded up][16]; bit i of a word belongs to code
   i of its 64. Codes that are no channel's are 0 in `mask`, and not counted. */
typedef struct dc_binary {
  const uint64_t *data;
  const uint64_t *mask; /* [segment][codes / 64, rounded up] */
  int32_t words;        /* of a window; words * set bits of `bits` is at most DC_MOST_BINARY_WORDS */
  uint8_t bits;         /* ones where a code may have a bit, those of the border included */
  int8_t low;           /* the weight for a clear bit */
  int8_t high;          /* the weight for a set bit */
} dc_binary;

/* Weights of two levels, and zeros, as lists of places, to which `weights` points (types u8a2...).

   A sum is levels[0] * the codes at some places + levels[1] * those at others, additions but for two products. Pixels that
   follow each other are computed side by side: the codes of `tileRows` rows of outputs, and of what their windows see
   beyond, are first laid out in planes, one a channel and phase (which rows and columns of each stride), whose rows
   are `pitch` bytes apart, so that a weight reads one run of bytes. The codes of window element (row, column, channel)
   begin in plane (row % rowStride * columnStride + column % columnStride) * channels + channel,
   row / rowStride * pitch + column / columnStride bytes in.

   Rows of the window begin with their first segments, and rowStride of them on is inputRowStride; columns lie
   inputColumnStride / columnStride bytes apart. No dilation. */
typedef struct dc_added {
  const uint16_t *places; /* by output: those of levels[0], then those of levels[1]; bytes from the first plane on */
  const int32_t *ends;    /* [output][2]: where their lists end in `places`, each beginning where the one before ends */
  int32_t channels;       /* of the input */
  int32_t rows, columns;  /* of the window */
  int32_t rowStride, columnStride;
  int32_t tileRows;
  int32_t pitch;          /* tileRows * pitch is at most DC_MOST_TILE_BYTES */
  int32_t planeByteCount; /* with 64 bytes after the last row; of all planes at most DC_MOST_PLANE_BYTES */
  int8_t levels[2];
} dc_added;

#define DC_MOST_TILE_BYTES 1152
#define DC_MOST_PLANE_BYTES 65536

/* Words of a window, times bits of codes, that the kernels for weights of two levels hold. */
#define DC_MOST_BINARY_WORDS 4096

/* Pooling over the taps of a window. maxpool_u8u8, maxpool_f32f32: the greatest. avgpool_u8u8: the sum, requantized
   with multipliers[0] and offsets[0] for all channels. avgpool_f32f32: sum / divisor. */
typedef struct dc_pooling {
  dc_window window;
  dc_requantization requantization;
  float divisor;
} dc_pooling;

/* An elementwise operation on `rows` runs of `count` elements. Input and output may be the same, not overlap in part.

   lookup_u8u8: output = table[input]. quantize_f32u8: clamp(rint(input / scale) + zeroPoint, 0, 255), half to even, a
   NaN counting as 0. dequantize_u8f32: (float)(code - zeroPoint) * scale. add_f32f32f32, mul_f32f32f32:
   clamp(input + other), clamp(input * other). clamp_f32f32: clamp(input). add_u8u8u8: `rule`, a input and b other. */
typedef struct dc_map {
  const void *input;
  const void *other; /* add and mul */
  void *output;
  ptrdiff_t inputRowStride;
  ptrdiff_t otherRowStride;
  ptrdiff_t outputRowStride;
  int32_t rows;
  int32_t count;
  const uint8_t *table; /* lookup: 256 entries */
  dc_sum_rule rule;     /* add_u8u8u8 */
  float scale;          /* quantize, dequantize */
  int32_t zeroPoint;    /* quantize, dequantize: 0...255 */
  float lowest;         /* add, mul, clamp of f32 */
  float highest;
} dc_map;

/* A change between planes, [channel][row][column], and interleaved pixels.

   interleave_*: planes to pixels; deinterleave_*: pixels to planes. interleave_f32u8 also quantizes, deinterleave_u8f32
   also dequantizes, by the rules of dc_map. Channels past the last are left alone. Columns of a plane are adjacent. */
typedef struct dc_reordering {
  const void *input;
  void *output;
  ptrdiff_t planeStride;       /* planar side: from channel to channel */
  ptrdiff_t planeRowStride;    /* planar side: from row to row */
  ptrdiff_t pixelRowStride;    /* interleaved side: from row to row */
  ptrdiff_t pixelColumnStride; /* interleaved side: from pixel to pixel */
  int32_t rows;
  int32_t columns;
  int32_t channels;
  float scale;
  int32_t zeroPoint;
} dc_reordering;

/* The gradient of a convolution's filters: what one image adds to it.

   result[segment][element][output] += sum over pixels of input[pixel, segment, element] * gradient[pixel, output],
   for the windows and segments of the forward convolution. A row of `result` has `outputs` rounded up to a multiple of
   DC_CHANNEL_BLOCK values; those past the last output get multiples of 0. Strides are in bytes. Every sum is one chain
   over the pixels, row by row. */
typedef struct dc_filter_gradient {
  const float *input;              /* the first element of the window of pixel 0 */
  const float *gradient;           /* output 0 of pixel 0 */
  float *result;
  const ptrdiff_t *segmentOffsets; /* bytes, from the first element of the window */
  ptrdiff_t inputRowStride;
  ptrdiff_t inputColumnStride;
  ptrdiff_t gradientRowStride;
  ptrdiff_t gradientColumnStride;
  int32_t segmentCount;
  int32_t segmentLength;
  int32_t rows;
  int32_t columns;
  int32_t outputs;
} dc_filter_gradient;

/* An operation on pixels of adjacent channels, with parameters by channel: batch normalization, forward and backward.

   moments_f32f32:       sums[c] = sum of (input - a[c]); sums[channels + c] = sum of (input - a[c])^2.
   normalize_f32f32:     result = clamp(input * a[c] + b[c] + other, lowest, highest); other may be NULL.
   gradientsums_f32f32:  sums[c] = sum of g; sums[channels + c] = sum of g * (input - a[c]).
   normgradient_f32f32:  result = g * a[c] + input * b[c] + d[c], added to what is there if `accumulates`.

   g is gradient where lowest < activated < highest, else 0; all of gradient where activated is NULL. Sums are chains
   over the pixels of a call: callers add those of many calls in a wider type. `result` may be `input`, `gradient` or
   `other`.

   With x = clamp(input * a[c] + b[c] + other, lowest, highest), where other may be NULL, and t = x * grid.inverseStep
   (ActivationRule in Swift is the definition, and all processors give its bits):

   normquantize_f32f32:  result = grid.step * rint(clamp(t, grid.lowest, grid.highest)), half to even; of a sign, one of
                         the two ends, the highest for x >= 0.
   ranges_f32f32:        sums[c] = smallest x; sums[channels + c] = largest x; sums[2 * channels + c] = sum of |x|.
   quantgradient_f32f32: result = gradient where lowest < unclamped x < highest and grid.lowest <= t <= grid.highest,
                         else 0; sums[c] = sum of result; sums[channels + c] = sum of result * (input - d[c]); and sums of
                         gradient where t is below the grid, where it is above, and, times (what rint gives - t), where
                         it is inside, at 2, 3 and 4 * channels. */
typedef struct dc_grid {
  float step;
  float inverseStep;
  float lowest; /* in steps, whole numbers below 2^22 */
  float highest;
  int32_t isSign;
} dc_grid;

typedef struct dc_channelwise {
  const float *input;
  const float *other;
  const float *gradient;
  const float *activated;
  float *result;
  float *sums; /* 2 * channels; 3 of ranges, 5 of quantgradient */
  const float *a;
  const float *b;
  const float *d;
  ptrdiff_t pixels;
  int32_t channels;
  int32_t accumulates;
  float lowest;
  float highest;
  dc_grid grid;
} dc_channelwise;

/* Values of f32 as bf16, rounded to the nearest, halves to even; NaN stays NaN, subnormal results may become 0.

   Rows of `count` values. With `second`, results are words of two: the value of `first` in the low half, that of
   `second` in the high one. Strides are in bytes. */
typedef struct dc_narrowing {
  const float *first;
  const float *second; /* or NULL */
  void *result;
  ptrdiff_t inputStride; /* of both */
  ptrdiff_t resultStride;
  int32_t rows;
  int32_t count;
} dc_narrowing;

/* MARK: Operations and instruction sets */

/* Every operation with the type of its description; in the order of dc_operation. */
#define DC_OPERATIONS(X) \
  X(conv_u8s8u8, dc_convolution) \
  X(convadd_u8s8u8, dc_convolution) \
  X(conv_u8s8s32, dc_convolution) \
  X(conv_u8s8f32, dc_convolution) \
  X(conv_u8g8u8, dc_convolution) \
  X(convadd_u8g8u8, dc_convolution) \
  X(conv_u8g8f32, dc_convolution) \
  X(conv_u8k4u8, dc_convolution) \
  X(conv_u8k4f32, dc_convolution) \
  X(conv_u8b1u8, dc_convolution) \
  X(conv_u8b1f32, dc_convolution) \
  X(conv_u8a2u8, dc_convolution) \
  X(convadd_u8a2u8, dc_convolution) \
  X(conv_f32f32f32, dc_convolution) \
  X(conv_b16b16f32, dc_convolution) \
  X(depthwise_u8s8u8, dc_convolution) \
  X(depthwise_f32f32f32, dc_convolution) \
  X(maxpool_u8u8, dc_pooling) \
  X(avgpool_u8u8, dc_pooling) \
  X(maxpool_f32f32, dc_pooling) \
  X(avgpool_f32f32, dc_pooling) \
  X(add_u8u8u8, dc_map) \
  X(lookup_u8u8, dc_map) \
  X(quantize_f32u8, dc_map) \
  X(dequantize_u8f32, dc_map) \
  X(add_f32f32f32, dc_map) \
  X(mul_f32f32f32, dc_map) \
  X(clamp_f32f32, dc_map) \
  X(interleave_f32f32, dc_reordering) \
  X(interleave_u8u8, dc_reordering) \
  X(interleave_f32u8, dc_reordering) \
  X(deinterleave_f32f32, dc_reordering) \
  X(deinterleave_u8u8, dc_reordering) \
  X(deinterleave_u8f32, dc_reordering) \
  X(filtergradient_f32f32f32, dc_filter_gradient) \
  X(filtergradient_b16b16f32, dc_filter_gradient) \
  X(narrow_f32b16, dc_narrowing) \
  X(moments_f32f32, dc_channelwise) \
  X(normalize_f32f32, dc_channelwise) \
  X(gradientsums_f32f32, dc_channelwise) \
  X(normgradient_f32f32, dc_channelwise) \
  X(normquantize_f32f32, dc_channelwise) \
  X(ranges_f32f32, dc_channelwise) \
  X(quantgradient_f32f32, dc_channelwise)

#define DC_OPERATION_ENUMERATOR(operation, description) dc_operation_##operation,
typedef enum dc_operation { DC_OPERATIONS(DC_OPERATION_ENUMERATOR) dc_operation_count } dc_operation;
#undef DC_OPERATION_ENUMERATOR

/* The kernels of one instruction set: a function an operation. Where the set has no kernel of its own, a simpler
   set's stands in, so every pointer can be called. */
#define DC_OPERATION_POINTER(operation, description) void (*operation)(const description *);
typedef struct dc_kernel_table { DC_OPERATIONS(DC_OPERATION_POINTER) } dc_kernel_table;
#undef DC_OPERATION_POINTER

/* Instruction sets, simplest first. */
typedef enum dc_isa {
  dc_isa_scalar,     /* portable C */
  dc_isa_avx2,       /* AVX2 and FMA */
  dc_isa_avxvnni,    /* and AVX-VNNI: 8-bit dot products of 256 bits */
  dc_isa_avx512,     /* AVX-512 F, BW, DQ, VL and VNNI */
  dc_isa_avx512vbmi, /* and VBMI, VPOPCNTDQ: byte permutations, counts of bits */
  dc_isa_avx512bf16, /* and BF16: dot products of 16-bit floats */
  dc_isa_neon,       /* AArch64: NEON, which all have */
  dc_isa_dotprod,    /* and dot products of 8-bit integers (FEAT_DotProd) */
  dc_isa_i8mm,       /* and matrix products of them (FEAT_I8MM) */
  dc_isa_count
} dc_isa;

/* One line of the kernel list. */
typedef struct dc_kernel {
  const char *name; /* isa_operation_types_tile, as in dc_<name>, the function */
  dc_isa isa;
  dc_operation operation;
  const char *types;
  const char *tile;
  void (*run)(void); /* NULL when this build lacks the instruction set; to be cast to the operation's type */
} dc_kernel;

/* Whether this processor, and this build, have the instruction set. */
int dc_isa_is_available(dc_isa isa);

/* The name of an instruction set, as it is part of kernels' names. */
const char *dc_isa_name(dc_isa isa);

/* The kernels to use on an instruction set, NULL when it is not available. */
const dc_kernel_table *dc_kernels(dc_isa isa);

/* All kernels, those of other processors included; simpler instruction sets first. */
const dc_kernel *dc_kernel_list(int32_t *count);

/* Does products with accumulation in registers, as many as the processor can at a time: what kernels are compared with.
   Returns how many, 0 where none are known (other processors than x86-64). */
int64_t dc_do_products_u8s8(int64_t rounds);
int64_t dc_do_products_f32(int64_t rounds);

/* MARK: Layouts */

/* How many of `count` weights are not 0. */
size_t dc_count_nonzeros(const int8_t *weights, size_t count);

/* Elements from one pixel to the next in a map: the channels, for u8 with 4 or more rounded up to a multiple of 4. */
int32_t dc_channel_stride(int32_t channels, int32_t elementByteCount);

/* How filters lie in memory before packing: element (output, row, column, channel) is at
   output * outputStride + row * rowStride + column * columnStride + channel * channelStride, in elements. */
typedef struct dc_filters {
  const void *weights;
  ptrdiff_t outputStride;
  ptrdiff_t rowStride;
  ptrdiff_t columnStride;
  ptrdiff_t channelStride;
  int32_t outputs;
  int32_t rows;
  int32_t columns;
  int32_t channels;
  int32_t mapChannelStride; /* elements from pixel to pixel in the input map; at least `channels` (of the group) */
  int32_t columnsApart;     /* 0: one segment a row, columns adjacent; 1: one a column (dilated, grouped) */
} dc_filters;

/* Segments of a window over such filters, and the elements in each (rounded up to 4 for u8). */
int32_t dc_segment_count(const dc_filters *filters);
int32_t dc_segment_length_u8(const dc_filters *filters);
int32_t dc_segment_length_f32(const dc_filters *filters);

/* Packed weights of the conv kernels: blocks of 16 outputs, the last filled up with zeros.

   s8: [outputs / 16][segment][segmentLength / 4][16][4]. f32: [outputs / 16][segment][segmentLength][16]. Elements of
   a segment that belong to no channel are 0. `packed` holds dc_packed_byte_count bytes. Packing a part,
   outputBegin..<outputEnd with both multiples of 16 (or the last output), writes that part only: threads may share
   the work. */
size_t dc_packed_byte_count_s8(const dc_filters *filters);
size_t dc_packed_byte_count_f32(const dc_filters *filters);
void dc_pack_weights_s8(const dc_filters *filters, int32_t outputBegin, int32_t outputEnd, void *packed);
void dc_pack_weights_f32(const dc_filters *filters, int32_t outputBegin, int32_t outputEnd, void *packed);

/* Sparse weights, see dc_gathered. `levels`: NULL makes wide rounds, else the two weights (other than 0) of narrow ones.

   dc_gather_tables fills `tables` when it is not NULL, and returns how many there are. dc_gather_order writes for each
   place of outputs outputBegin..<outputEnd, at most DC_GATHER_SPAN, which of them is computed there: those with as many non-zeros lie
   together. dc_pack_gathered writes the rounds of up to 16 outputs, numbered from 0 on, and how many begin at each
   table; `data` holds dc_gathered_most_bytes bytes. It returns the bytes written. */
int32_t dc_gather_tables(const dc_filters *filters, const int8_t *levels, dc_gather_table *tables);
void dc_gather_order(const dc_filters *filters, int32_t outputBegin, int32_t outputEnd, uint8_t *outputs);
size_t dc_gathered_most_bytes(const dc_filters *filters, const int8_t *levels);
size_t dc_pack_gathered(const dc_filters *filters, const int8_t *levels, const dc_gather_table *tables,
                        const int32_t *outputs, int32_t outputCount, uint8_t *rounds, uint8_t *data);

/* Weights of few levels, see dc_leveled.

   dc_find_levels writes the levels that occur, and 0, in order, then zeros, and returns how many there are; 17 when they
   are more than 16, and nothing is written.
   dc_pack_leveled writes dc_leveled_byte_count bytes; `levels` (16, or 4 for 2 bits) must hold all that occur, and 0. */
int32_t dc_find_levels(const dc_filters *filters, int8_t levels[16]);
size_t dc_leveled_byte_count(const dc_filters *filters, int32_t bits);
void dc_pack_leveled(const dc_filters *filters, int32_t bits, const int8_t *levels, void *packed);

/* Weights of two levels, see dc_binary.

   dc_find_two_levels writes the levels that occur, the lower first, twice the same when it is one, and returns how many
   there are; 3 when they are more than two, and nothing is written. dc_pack_binary writes dc_binary_words words to `mask`
   and that many for each output, their number rounded up to 16, to `data`. */
int32_t dc_find_two_levels(const dc_filters *filters, int8_t levels[2]);
int32_t dc_binary_words(const dc_filters *filters);
void dc_pack_binary(const dc_filters *filters, int8_t high, uint64_t *data, uint64_t *mask);

/* Weights of two levels, and zeros, see dc_added.

   dc_added_shape sets the levels, strides, and tiles for `rows` rows of `columns` outputs; it returns how many places there
   are, or -1 where there are more levels, or no row of planes fits.
   dc_pack_added writes so many places, and two ends an output. */
int32_t dc_added_shape(const dc_filters *filters, int32_t rowStride, int32_t columnStride, int32_t rows, int32_t columns,
                       dc_added *added);
void dc_pack_added(const dc_filters *filters, const dc_added *added, uint16_t *places, int32_t *ends);

/* Packed weights of the depthwise kernels; `outputs` channels, one input channel each.

   s8: [outputs / 64][taps / 4][4][4][4][4], both rounded up: channel c, tap t is at
   ((((c / 64 * groups + t / 4) * 4 + c / 4 % 4) * 4 + c / 16 % 4) * 4 + c % 4) * 4 + t % 4. Fewer than 64 outputs, a
   divisor of 64, are repeated to fill it. f32: [outputs / 16][taps][16]. */
size_t dc_packed_depthwise_byte_count_s8(const dc_filters *filters);
size_t dc_packed_depthwise_byte_count_f32(const dc_filters *filters);
void dc_pack_depthwise_s8(const dc_filters *filters, void *packed);
void dc_pack_depthwise_f32(const dc_filters *filters, void *packed);

#ifdef __cplusplus
}
#endif

#endif
