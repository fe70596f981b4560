/* AVX2: convolution of u8 codes with weights of few levels. */
#if defined(__x86_64__)
#define DC_ISA avx2
#define DC_TARGET __attribute__((target("avx2,fma")))
#define DC_TILE 2x16
#include "../shared/names.h"
#include "../avx2/avx2.h"

#include "products.h"

#include "../avx2/leveled.h"
#endif
