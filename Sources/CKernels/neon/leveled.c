/* NEON: convolution of u8 codes with weights of few levels. */
#if defined(__aarch64__)
#define DC_ISA neon
#define DC_TARGET
#define DC_TILE 1x16
#define DC_MOST_TILE 1
#include "../shared/names.h"
#include "../neon/neon.h"

#include "products.h"

#include "../neon/leveled.h"
#endif
