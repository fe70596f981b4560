/* Names of kernels put together by macros: DC_NAME(operation, types, tile) with DC_ISA defined. */
#define DC_NAME3(isa, operation, types, tile) dc_##isa##_##operation##_##types##_##tile
#define DC_NAME2(isa, operation, types, tile) DC_NAME3(isa, operation, types, tile)
#define DC_NAME(operation, types, tile) DC_NAME2(DC_ISA, operation, types, tile)
