/* The kernel list, the table of each instruction set, and what this processor has. */
#include "include/dc_kernels.h"

#if defined(__x86_64__)
#define DC_HAS_avx2 1
#define DC_HAS_avxvnni 1
#define DC_HAS_avx512 1
#define DC_HAS_avx512vbmi 1
#define DC_HAS_avx512bf16 1
#else
#define DC_HAS_avx2 0
#define DC_HAS_avxvnni 0
#define DC_HAS_avx512 0
#define DC_HAS_avx512vbmi 0
#define DC_HAS_avx512bf16 0
#endif
#if defined(__aarch64__)
#define DC_HAS_neon 1
#define DC_HAS_dotprod 1
#define DC_HAS_i8mm 1
#else
#define DC_HAS_neon 0
#define DC_HAS_dotprod 0
#define DC_HAS_i8mm 0
#endif
#define DC_HAS_scalar 1

#define DC_JOIN2(a, b) a##b
#define DC_JOIN(a, b) DC_JOIN2(a, b)
#define DC_SELECT(condition, ...) DC_JOIN(DC_SELECT_, condition)(__VA_ARGS__)
#define DC_SELECT_0(...)
#define DC_SELECT_1(...) __VA_ARGS__
#define DC_POINTER(condition, function) DC_JOIN(DC_POINTER_, condition)(function)
#define DC_POINTER_0(function) 0
#define DC_POINTER_1(function) (void (*)(void)) function

/* MARK: Declarations, from the list and the operations' types */

#define DC_OPERATION_TYPE(operation, description) typedef description dc_description_##operation;
DC_OPERATIONS(DC_OPERATION_TYPE)
#undef DC_OPERATION_TYPE

#define DC_KERNEL(isa, operation, types, tile) \
  void dc_##isa##_##operation##_##types##_##tile(const dc_description_##operation##_##types *);
#include "kernels.def"
#undef DC_KERNEL

/* MARK: The list */

#define DC_KERNEL(isa, operation, types, tile) \
  { #isa "_" #operation "_" #types "_" #tile, dc_isa_##isa, dc_operation_##operation##_##types, #types, #tile, \
    DC_POINTER(DC_JOIN(DC_HAS_, isa), dc_##isa##_##operation##_##types##_##tile) },
static const dc_kernel kernels[] = {
#include "kernels.def"
};
#undef DC_KERNEL

const dc_kernel *dc_kernel_list(int32_t *count) {
  *count = (int32_t)(sizeof kernels / sizeof *kernels);
  return kernels;
}

/* MARK: The tables: each lists all kernels it may use, and the last for an operation stays */

#pragma clang diagnostic ignored "-Winitializer-overrides"
#define DC_KERNEL(isa, operation, types, tile) \
  DC_SELECT(DC_JOIN(DC_USES_, isa), .operation##_##types = dc_##isa##_##operation##_##types##_##tile, )

#define DC_USES_scalar 1
#define DC_USES_avx2 0
#define DC_USES_avxvnni 0
#define DC_USES_avx512 0
#define DC_USES_avx512vbmi 0
#define DC_USES_avx512bf16 0
#define DC_USES_neon 0
#define DC_USES_dotprod 0
#define DC_USES_i8mm 0
static const dc_kernel_table table_scalar = {
#include "kernels.def"
};

#if defined(__x86_64__)
#undef DC_USES_avx2
#define DC_USES_avx2 1
static const dc_kernel_table table_avx2 = {
#include "kernels.def"
};

#undef DC_USES_avxvnni
#define DC_USES_avxvnni 1
static const dc_kernel_table table_avxvnni = {
#include "kernels.def"
};

#undef DC_USES_avxvnni
#undef DC_USES_avx512
#define DC_USES_avxvnni 0
#define DC_USES_avx512 1
static const dc_kernel_table table_avx512 = {
#include "kernels.def"
};

#undef DC_USES_avx512vbmi
#define DC_USES_avx512vbmi 1
static const dc_kernel_table table_avx512vbmi = {
#include "kernels.def"
};

#undef DC_USES_avx512bf16
#define DC_USES_avx512bf16 1
static const dc_kernel_table table_avx512bf16 = {
#include "kernels.def"
};
#endif

#if defined(__aarch64__)
#undef DC_USES_neon
#define DC_USES_neon 1
static const dc_kernel_table table_neon = {
#include "kernels.def"
};

#undef DC_USES_dotprod
#define DC_USES_dotprod 1
static const dc_kernel_table table_dotprod = {
#include "kernels.def"
};

#undef DC_USES_i8mm
#define DC_USES_i8mm 1
static const dc_kernel_table table_i8mm = {
#include "kernels.def"
};
#endif
#undef DC_KERNEL

/* MARK: The processor */

#if defined(__x86_64__)
#include <cpuid.h>

/* Registers that the operating system saves: bits 1, 2 SSE and AVX; 5, 6, 7 AVX-512. */
static uint32_t saved_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

int dc_isa_is_available(dc_isa isa) {
  uint32_t a, b, c, d, c1, b7, c7, a71, most;
  if (isa == dc_isa_scalar) return 1;
  if (!__get_cpuid(1, &a, &b, &c1, &d) || !(c1 >> 27 & 1)) return 0; /* OSXSAVE */
  if (!__get_cpuid_count(7, 0, &most, &b7, &c7, &d)) return 0;
  a71 = 0;
  if (most >= 1) __get_cpuid_count(7, 1, &a71, &b, &c, &d);
  uint32_t state = saved_state();
  int avx2 = (state & 0x6) == 0x6 && (c1 >> 12 & 1) && (c1 >> 28 & 1) && (b7 >> 5 & 1); /* FMA, AVX, AVX2 */
  int avx512 = avx2 && (state & 0xe6) == 0xe6 && (b7 >> 16 & 1) && (b7 >> 17 & 1) && (b7 >> 30 & 1) &&
               (b7 >> 31 & 1) && (c7 >> 11 & 1); /* F, DQ, BW, VL, VNNI */
  switch (isa) {
  case dc_isa_scalar: return 1;
  case dc_isa_avx2: return avx2;
  case dc_isa_avxvnni: return avx2 && (a71 >> 4 & 1);
  case dc_isa_avx512: return avx512;
  case dc_isa_avx512vbmi: return avx512 && (c7 >> 1 & 1) && (c7 >> 14 & 1); /* VBMI, VPOPCNTDQ */
  case dc_isa_avx512bf16: return avx512 && (c7 >> 1 & 1) && (c7 >> 14 & 1) && (a71 >> 5 & 1);
  default: return 0;
  }
}
#elif defined(__aarch64__)

#if defined(__APPLE__)
#include <sys/sysctl.h>

/* A feature that macOS, iOS and their like name in a variable. */
static int has_feature(const char *name) {
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname(name, &value, &size, 0, 0) == 0 && value != 0;
}
static int has_dotprod(void) { return has_feature("hw.optional.arm.FEAT_DotProd"); }
static int has_i8mm(void) { return has_feature("hw.optional.arm.FEAT_I8MM"); }

#elif defined(__linux__) && __has_include(<sys/auxv.h>)
#include <sys/auxv.h>

/* Bits of the kernel's interface, which does not change. */
static int has_dotprod(void) { return getauxval(AT_HWCAP) >> 20 & 1; } /* HWCAP_ASIMDDP */
static int has_i8mm(void) { return getauxval(AT_HWCAP2) >> 13 & 1; }   /* HWCAP2_I8MM */

#else
/* Nobody to ask: what the compiler may assume. */
#if defined(__ARM_FEATURE_DOTPROD)
static int has_dotprod(void) { return 1; }
#else
static int has_dotprod(void) { return 0; }
#endif
#if defined(__ARM_FEATURE_MATMUL_INT8)
static int has_i8mm(void) { return 1; }
#else
static int has_i8mm(void) { return 0; }
#endif
#endif

int dc_isa_is_available(dc_isa isa) {
  switch (isa) {
  case dc_isa_scalar:
  case dc_isa_neon: return 1;
  case dc_isa_dotprod: return has_dotprod();
  case dc_isa_i8mm: return has_dotprod() && has_i8mm();
  default: return 0;
  }
}
#else
int dc_isa_is_available(dc_isa isa) { return isa == dc_isa_scalar; }
#endif

const char *dc_isa_name(dc_isa isa) {
  switch (isa) {
  case dc_isa_scalar: return "scalar";
  case dc_isa_avx2: return "avx2";
  case dc_isa_avxvnni: return "avxvnni";
  case dc_isa_avx512: return "avx512";
  case dc_isa_avx512vbmi: return "avx512vbmi";
  case dc_isa_avx512bf16: return "avx512bf16";
  case dc_isa_neon: return "neon";
  case dc_isa_dotprod: return "dotprod";
  case dc_isa_i8mm: return "i8mm";
  case dc_isa_count: return "";
  }
  return "";
}

const dc_kernel_table *dc_kernels(dc_isa isa) {
  if (!dc_isa_is_available(isa)) return 0;
  switch (isa) {
  case dc_isa_scalar: return &table_scalar;
#if defined(__x86_64__)
  case dc_isa_avx2: return &table_avx2;
  case dc_isa_avxvnni: return &table_avxvnni;
  case dc_isa_avx512: return &table_avx512;
  case dc_isa_avx512vbmi: return &table_avx512vbmi;
  case dc_isa_avx512bf16: return &table_avx512bf16;
#endif
#if defined(__aarch64__)
  case dc_isa_neon: return &table_neon;
  case dc_isa_dotprod: return &table_dotprod;
  case dc_isa_i8mm: return &table_i8mm;
#endif
  default: return 0;
  }
}
