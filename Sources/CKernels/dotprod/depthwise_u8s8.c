/* NEON with dot products: depthwise convolution of u8 codes with s8 weights. */
#if defined(__aarch64__)
#define DC_ISA dotprod
#define DC_TARGET __attribute__((target("dotprod")))
#define DC_TILE 1x16
#include "../shared/names.h"
#include "../neon/neon.h"

#include "products.h"

#include "../neon/depthwise_u8s8.h"
#endif
