/* Plain C: pooling. */

#define DC_ISA scalar
#define DC_TARGET 
#define DC_TILE_8 1x1
#define DC_POOL_8 1
#define DC_TILE_32 1x1
#define DC_POOL_32 1
#include "../shared/names.h"
#include "../shared/pooling.h"
