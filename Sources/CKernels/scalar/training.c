/* Portable C: training. */
#define DC_ISA scalar
#define DC_TARGET 
#define DC_TILE 1
#define DC_TILE_NAME 1x16
#include "../shared/names.h"
#include "../shared/training.h"
