/* AVX2: training. */
#if defined(__x86_64__)
#define DC_ISA avx2
#define DC_TARGET __attribute__((target("avx2,fma")))
#define DC_TILE 4
#define DC_TILE_NAME 4x16
#include "../shared/names.h"
#include "../shared/training.h"
#endif
