/* CKernels: compute kernels of DeepChip, in C, for each instruction set, and the mathematics that Swift lacks without
   Foundation. Everything here compiles freestanding; dc_math.h alone wants a <math.h>. */
#ifndef DC_CKERNELS_H
#define DC_CKERNELS_H

#include "dc_kernels.h"
#include "dc_math.h"

#endif
