/* NEON with dot products: convolution of u8 codes with sparse s8 weights. */
#if defined(__aarch64__)
#define DC_ISA dotprod
#define DC_TARGET __attribute__((target("dotprod")))
#define DC_TILE 1x64
#define DC_MOST_GROUPS 4
#include "../shared/names.h"
#include "../neon/neon.h"

#include "products.h"

#include "../neon/gather.h"
#endif
