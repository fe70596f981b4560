/* NEON: pooling. */
#if defined(__aarch64__)
#define DC_ISA neon
#define DC_TARGET
#define DC_TILE_8 1x32
#define DC_POOL_8 32
#define DC_TILE_32 1x16
#define DC_POOL_32 16
#include "../shared/names.h"
#include "../shared/pooling.h"
#endif
