/* AVX2: depthwise convolution of u8 codes with s8 weights. */
#if defined(__x86_64__)
#define DC_ISA avx2
#define DC_TARGET __attribute__((target("avx2,fma")))
#define DC_TILE 1x16
#include "../shared/names.h"
#include "../avx2/avx2.h"

#include "products.h"

#include "../avx2/depthwise_u8s8.h"
#endif
