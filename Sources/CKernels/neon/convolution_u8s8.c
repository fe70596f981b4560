/* NEON: convolution of u8 codes with s8 weights. */
#if defined(__aarch64__)
#define DC_ISA neon
#define DC_TARGET
#define DC_TILE 2x16
#define DC_MOST_PIXELS 2
#define DC_WANTS_TILES 1
#include "../shared/names.h"
#include "../neon/neon.h"

#include "products.h"

#include "../neon/convolution_u8s8.h"
#endif
