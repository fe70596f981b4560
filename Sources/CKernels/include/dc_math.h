// The C mathematical functions under names that Swift without Foundation can import.
#ifndef DC_MATH_H
#define DC_MATH_H

#include <math.h>

#define DC_INLINE static inline __attribute__((always_inline))
#define DC_UNARY(name)                                   \
  DC_INLINE double dc_##name(double x) { return name(x); } \
  DC_INLINE float dc_##name##f(float x) { return name##f(x); }
#define DC_BINARY(name)                                                \
  DC_INLINE double dc_##name(double x, double y) { return name(x, y); } \
  DC_INLINE float dc_##name##f(float x, float y) { return name##f(x, y); }

DC_UNARY(exp)
DC_UNARY(expm1)
DC_UNARY(log)
DC_UNARY(log1p)
DC_UNARY(log2)
DC_UNARY(sqrt)
DC_UNARY(tanh)
DC_UNARY(erf)
DC_UNARY(sin)
DC_UNARY(cos)
DC_UNARY(floor)
DC_UNARY(ceil)
DC_UNARY(rint)
DC_BINARY(pow)
DC_BINARY(fmod)

#undef DC_UNARY
#undef DC_BINARY
#undef DC_INLINE

#endif
