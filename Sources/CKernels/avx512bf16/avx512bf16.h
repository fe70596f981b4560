/* AVX-512 with BF16: two products of 16-bit values added to a sum in f32. */
#ifndef DC_AVX512BF16_H
#define DC_AVX512BF16_H

#include <immintrin.h>

#define DC_AVX512BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16,fma")))
#define DC_ADD_PAIR(value, weight, sum) _mm512_dpbf16_ps(sum, (__m512bh)(value), (__m512bh)(weight))

#endif
