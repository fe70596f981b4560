/* The most that this processor's units of products do: chains in registers, nothing else. Measured beside kernels. */
#include "include/dc_kernels.h"

enum { chains = 16 };

#if defined(__x86_64__)
#include <immintrin.h>

#define UNROLLED _Pragma("clang loop unroll(full)")
/* Hides what a register holds, so that nothing is computed beforehand or left out. */
#define KEEP(v) __asm__ volatile("" : "+v"(v))

#define PRODUCTS(name, features, vector, element, zero, product) \
  __attribute__((target(features))) static int64_t name(int64_t rounds) { \
    vector sum[chains], a = zero, b = zero; \
    UNROLLED for (int i = 0; i < chains; i++) sum[i] = zero; \
    KEEP(a); \
    KEEP(b); \
    for (int64_t r = 0; r < rounds; r++) { \
      UNROLLED for (int i = 0; i < chains; i++) { \
        sum[i] = product; \
        KEEP(sum[i]); \
      } \
    } \
    return rounds * chains * (int64_t)(sizeof(vector) / sizeof(element)); \
  }

PRODUCTS(codes512, "avx512f,avx512vnni", __m512i, int8_t, _mm512_setzero_si512(), _mm512_dpbusd_epi32(sum[i], a, b))
PRODUCTS(codes256, "avx2,avxvnni", __m256i, int8_t, _mm256_setzero_si256(), _mm256_dpbusd_avx_epi32(sum[i], a, b))
PRODUCTS(words256, "avx2", __m256i, int16_t, _mm256_setzero_si256(),
         _mm256_add_epi32(sum[i], _mm256_madd_epi16(a, b)))
PRODUCTS(values512, "avx512f", __m512, float, _mm512_setzero_ps(), _mm512_fmadd_ps(a, b, sum[i]))
PRODUCTS(values256, "avx2,fma", __m256, float, _mm256_setzero_ps(), _mm256_fmadd_ps(a, b, sum[i]))

int64_t dc_do_products_u8s8(int64_t rounds) {
  if (dc_isa_is_available(dc_isa_avx512)) return codes512(rounds);
  if (dc_isa_is_available(dc_isa_avxvnni)) return codes256(rounds);
  if (dc_isa_is_available(dc_isa_avx2)) return words256(rounds);
  return 0;
}

int64_t dc_do_products_f32(int64_t rounds) {
  if (dc_isa_is_available(dc_isa_avx512)) return values512(rounds);
  if (dc_isa_is_available(dc_isa_avx2)) return values256(rounds);
  return 0;
}
#else
int64_t dc_do_products_u8s8(int64_t rounds) { return (void)rounds, 0; }
int64_t dc_do_products_f32(int64_t rounds) { return (void)rounds, 0; }
#endif
