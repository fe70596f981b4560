/* Plain C: elementwise operations. */

#define DC_ISA scalar
#define DC_TARGET 
#define DC_TILE_32 1x1
#define DC_TILE_INTERLEAVE 1x1
#include "../shared/names.h"
#include "../shared/elementwise.h"
