/* NEON with dot products: convolution of u8 codes with s8 weights. */
#if defined(__aarch64__)
#define DC_ISA dotprod
#define DC_TARGET __attribute__((target("dotprod")))
#define DC_TILE 4x16
#define DC_MOST_PIXELS 4
#define DC_WANTS_TILES 1
#include "../shared/names.h"
#include "../neon/neon.h"

#include "products.h"

#include "../neon/convolution_u8s8.h"
#endif
