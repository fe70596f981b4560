/* AVX-512: elementwise operations. */
#if defined(__x86_64__)
#define DC_ISA avx512
#define DC_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma")))
#define DC_HAS_OWN_ADD 1
#define DC_TILE_32 1x16
#define DC_HAS_OWN_INTERLEAVE 1
#include "../shared/names.h"
#include "../shared/elementwise.h"
#endif
