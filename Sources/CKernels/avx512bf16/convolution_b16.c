/* AVX-512 with BF16: convolution of pairs of bf16 values, sums in f32. */
#if defined(__x86_64__)
#include "avx512bf16.h"
#define DC_REAL DC_AVX512BF16
#define MULTIPLY_ADD DC_ADD_PAIR
#define PIXEL_WORDS 8
#define DC_REAL_KERNEL dc_avx512bf16_conv_b16b16f32_12x32
#include "../avx512/convolution_real.h"
#endif
