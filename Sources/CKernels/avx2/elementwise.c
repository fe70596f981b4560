/* AVX2: elementwise operations. */
#if defined(__x86_64__)
#define DC_ISA avx2
#define DC_TARGET __attribute__((target("avx2,fma")))
#define DC_TILE_32 1x8
#define DC_HAS_OWN_ADD
#define DC_TILE_INTERLEAVE 1x64
#include "../shared/names.h"
#include "../shared/elementwise.h"
#endif
