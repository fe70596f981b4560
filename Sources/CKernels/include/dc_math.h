/* The functions of <math.h> that Swift modules need without Foundation.

   Each is always inlined, so that the call goes straight to the C library, and so that one that is never used
   needs no library. Names are those of C with dc_ in front; the suffix f means float. */
#ifndef DC_MATH_H
#define DC_MATH_H

#if __STDC_HOSTED__ || defined(__has_include)
#if __has_include(<math.h>)
#include <math.h>
#define DC_HAS_MATH 1
#endif
#endif

#if !defined(DC_HAS_MATH)
/* A freestanding build: the same prototypes, to be supplied by whatever it is linked with. */
#define DC_DECLARE_1(name) double name(double); float name##f(float);
#define DC_DECLARE_2(name) double name(double, double); float name##f(float, float);
DC_DECLARE_1(exp) DC_DECLARE_1(exp2) DC_DECLARE_1(expm1) DC_DECLARE_1(log) DC_DECLARE_1(log2) DC_DECLARE_1(log10)
DC_DECLARE_1(log1p) DC_DECLARE_1(sqrt) DC_DECLARE_1(cbrt) DC_DECLARE_1(sin) DC_DECLARE_1(cos) DC_DECLARE_1(tan)
DC_DECLARE_1(asin) DC_DECLARE_1(acos) DC_DECLARE_1(atan) DC_DECLARE_1(sinh) DC_DECLARE_1(cosh) DC_DECLARE_1(tanh)
DC_DECLARE_1(asinh) DC_DECLARE_1(acosh) DC_DECLARE_1(atanh) DC_DECLARE_1(erf) DC_DECLARE_1(erfc) DC_DECLARE_1(tgamma)
DC_DECLARE_1(floor) DC_DECLARE_1(ceil) DC_DECLARE_1(trunc) DC_DECLARE_1(round) DC_DECLARE_1(rint)
DC_DECLARE_1(nearbyint) DC_DECLARE_1(fabs) DC_DECLARE_2(pow) DC_DECLARE_2(fmod) DC_DECLARE_2(atan2) DC_DECLARE_2(hypot)
double ldexp(double, int); float ldexpf(float, int);
#undef DC_DECLARE_1
#undef DC_DECLARE_2
#endif

#define DC_INLINE static inline __attribute__((always_inline))

/* Written out one by one, and not by a macro, because Swift's importer gives each its documentation from here. */

/* Exponentials and logarithms. */
DC_INLINE float dc_expf(float x) { return expf(x); }
DC_INLINE double dc_exp(double x) { return exp(x); }
DC_INLINE float dc_exp2f(float x) { return exp2f(x); }
DC_INLINE double dc_exp2(double x) { return exp2(x); }
DC_INLINE float dc_expm1f(float x) { return expm1f(x); }
DC_INLINE double dc_expm1(double x) { return expm1(x); }
DC_INLINE float dc_logf(float x) { return logf(x); }
DC_INLINE double dc_log(double x) { return log(x); }
DC_INLINE float dc_log2f(float x) { return log2f(x); }
DC_INLINE double dc_log2(double x) { return log2(x); }
DC_INLINE float dc_log10f(float x) { return log10f(x); }
DC_INLINE double dc_log10(double x) { return log10(x); }
DC_INLINE float dc_log1pf(float x) { return log1pf(x); }
DC_INLINE double dc_log1p(double x) { return log1p(x); }

/* Powers and roots. */
DC_INLINE float dc_powf(float x, float y) { return powf(x, y); }
DC_INLINE double dc_pow(double x, double y) { return pow(x, y); }
DC_INLINE float dc_sqrtf(float x) { return sqrtf(x); }
DC_INLINE double dc_sqrt(double x) { return sqrt(x); }
DC_INLINE float dc_cbrtf(float x) { return cbrtf(x); }
DC_INLINE double dc_cbrt(double x) { return cbrt(x); }
DC_INLINE float dc_hypotf(float x, float y) { return hypotf(x, y); }
DC_INLINE double dc_hypot(double x, double y) { return hypot(x, y); }

/* Trigonometry; angles in radians. */
DC_INLINE float dc_sinf(float x) { return sinf(x); }
DC_INLINE double dc_sin(double x) { return sin(x); }
DC_INLINE float dc_cosf(float x) { return cosf(x); }
DC_INLINE double dc_cos(double x) { return cos(x); }
DC_INLINE float dc_tanf(float x) { return tanf(x); }
DC_INLINE double dc_tan(double x) { return tan(x); }
DC_INLINE float dc_asinf(float x) { return asinf(x); }
DC_INLINE double dc_asin(double x) { return asin(x); }
DC_INLINE float dc_acosf(float x) { return acosf(x); }
DC_INLINE double dc_acos(double x) { return acos(x); }
DC_INLINE float dc_atanf(float x) { return atanf(x); }
DC_INLINE double dc_atan(double x) { return atan(x); }
DC_INLINE float dc_atan2f(float y, float x) { return atan2f(y, x); }
DC_INLINE double dc_atan2(double y, double x) { return atan2(y, x); }

/* Hyperbolic functions, the error function and gamma. */
DC_INLINE float dc_sinhf(float x) { return sinhf(x); }
DC_INLINE double dc_sinh(double x) { return sinh(x); }
DC_INLINE float dc_coshf(float x) { return coshf(x); }
DC_INLINE double dc_cosh(double x) { return cosh(x); }
DC_INLINE float dc_tanhf(float x) { return tanhf(x); }
DC_INLINE double dc_tanh(double x) { return tanh(x); }
DC_INLINE float dc_asinhf(float x) { return asinhf(x); }
DC_INLINE double dc_asinh(double x) { return asinh(x); }
DC_INLINE float dc_acoshf(float x) { return acoshf(x); }
DC_INLINE double dc_acosh(double x) { return acosh(x); }
DC_INLINE float dc_atanhf(float x) { return atanhf(x); }
DC_INLINE double dc_atanh(double x) { return atanh(x); }
DC_INLINE float dc_erff(float x) { return erff(x); }
DC_INLINE double dc_erf(double x) { return erf(x); }
DC_INLINE float dc_erfcf(float x) { return erfcf(x); }
DC_INLINE double dc_erfc(double x) { return erfc(x); }
DC_INLINE float dc_tgammaf(float x) { return tgammaf(x); }
DC_INLINE double dc_tgamma(double x) { return tgamma(x); }

/* Rounding. rint and nearbyint round half to even (in the default rounding mode), round rounds half away from zero. */
DC_INLINE float dc_floorf(float x) { return floorf(x); }
DC_INLINE double dc_floor(double x) { return floor(x); }
DC_INLINE float dc_ceilf(float x) { return ceilf(x); }
DC_INLINE double dc_ceil(double x) { return ceil(x); }
DC_INLINE float dc_truncf(float x) { return truncf(x); }
DC_INLINE double dc_trunc(double x) { return trunc(x); }
DC_INLINE float dc_roundf(float x) { return roundf(x); }
DC_INLINE double dc_round(double x) { return round(x); }
DC_INLINE float dc_rintf(float x) { return rintf(x); }
DC_INLINE double dc_rint(double x) { return rint(x); }
DC_INLINE float dc_nearbyintf(float x) { return nearbyintf(x); }
DC_INLINE double dc_nearbyint(double x) { return nearbyint(x); }

/* The rest. fmod has the sign of x; ldexp is x * 2^exponent. */
DC_INLINE float dc_fabsf(float x) { return fabsf(x); }
DC_INLINE double dc_fabs(double x) { return fabs(x); }
DC_INLINE float dc_fmodf(float x, float y) { return fmodf(x, y); }
DC_INLINE double dc_fmod(double x, double y) { return fmod(x, y); }
DC_INLINE float dc_ldexpf(float x, int exponent) { return ldexpf(x, exponent); }
DC_INLINE double dc_ldexp(double x, int exponent) { return ldexp(x, exponent); }

#undef DC_INLINE

#endif
