/* NEON with dot products: convolution of u8 codes with weights of few levels. */
#if defined(__aarch64__)
#define DC_ISA dotprod
#define DC_TARGET __attribute__((target("dotprod")))
#define DC_TILE 2x32
#define DC_MOST_TILE 2
#include "../shared/names.h"
#include "../neon/neon.h"

#include "products.h"

#include "../neon/leveled.h"
#endif
