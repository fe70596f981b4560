/* AVX-512: convolution of f32 values. */
#if defined(__x86_64__)
#define DC_REAL __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma")))
#define MULTIPLY_ADD(value, weight, sum) _mm512_fmadd_ps(value, weight, sum)
#define PIXEL_WORDS 16
#define DC_REAL_KERNEL dc_avx512_conv_f32f32f32_12x32
#include "convolution_real.h"
#endif
