/* AVX2: pooling. */
#if defined(__x86_64__)
#define DC_ISA avx2
#define DC_TARGET __attribute__((target("avx2,fma")))
#define DC_TILE_8 1x32
#define DC_POOL_8 32
#define DC_TILE_32 1x8
#define DC_POOL_32 8
#include "../shared/names.h"
#include "../shared/pooling.h"
#endif
