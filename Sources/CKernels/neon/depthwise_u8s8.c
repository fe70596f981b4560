/* NEON: depthwise convolution of u8 codes with s8 weights. */
#if defined(__aarch64__)
#define DC_ISA neon
#define DC_TARGET
#define DC_TILE 1x16
#include "../shared/names.h"
#include "../neon/neon.h"

#include "products.h"

#include "../neon/depthwise_u8s8.h"
#endif
