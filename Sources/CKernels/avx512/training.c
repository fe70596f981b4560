/* AVX-512: training. */
#if defined(__x86_64__)
#define DC_ISA avx512
#define DC_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma")))
#define DC_TILE 16
#define DC_TILE_NAME 16x16
#include "../shared/names.h"
#include "../shared/training.h"
#endif
