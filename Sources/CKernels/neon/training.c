/* NEON: training. */
#if defined(__aarch64__)
#define DC_ISA neon
#define DC_TARGET
#define DC_TILE 4
#define DC_TILE_NAME 4x16
#include "../shared/names.h"
#include "../shared/training.h"
#endif
