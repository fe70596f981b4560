/* NEON: convolution of u8 codes with sparse s8 weights. */
#if defined(__aarch64__)
#define DC_ISA neon
#define DC_TARGET
#define DC_TILE 1x64
#define DC_MOST_GROUPS 2
#include "../shared/names.h"
#include "../neon/neon.h"

#include "products.h"

#include "../neon/gather.h"
#endif
