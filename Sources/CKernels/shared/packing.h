/* What packs weights faster on some processors. */
#ifndef DC_PACKING_H
#define DC_PACKING_H

#include "common.h"

#if defined(__x86_64__)
/* Whether dc_weave_windows_vbmi packs such filters here. */
int dc_weaves_windows_vbmi(const dc_filters *f);

/* A block of up to 16 outputs, from the first output's weights on; `length` is that of a segment. */
void dc_weave_windows_vbmi(const dc_filters *f, const int8_t *source, int32_t outputs, int32_t length, int8_t *packed);
#else
static inline int dc_weaves_windows_vbmi(const dc_filters *f) { return (void)f, 0; }
static inline void dc_weave_windows_vbmi(const dc_filters *f, const int8_t *source, int32_t outputs, int32_t length,
                                         int8_t *packed) {
  (void)f, (void)source, (void)outputs, (void)length, (void)packed;
}
#endif

#endif
