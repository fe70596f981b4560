/* AVX-512: pooling. */
#if defined(__x86_64__)
#define DC_ISA avx512
#define DC_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma")))
#define DC_TILE_8 1x64
#define DC_POOL_8 64
#define DC_TILE_32 1x16
#define DC_POOL_32 16
#include "../shared/names.h"
#include "../shared/pooling.h"
#endif
