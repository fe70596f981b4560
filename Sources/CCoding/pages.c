#if defined(__linux__) && __STDC_HOSTED__ && __has_include(<sys/mman.h>)
#define _DEFAULT_SOURCE
#include <stdint.h>
#include <sys/mman.h>

#include "dc_pages.h"

enum { large_page = 2 << 20 };

void dc_advise_large_pages(void *start, size_t count) {
  const uintptr_t begin = ((uintptr_t)start + large_page - 1) & ~(uintptr_t)(large_page - 1);
  const uintptr_t end = ((uintptr_t)start + count) & ~(uintptr_t)(large_page - 1);
#ifdef MADV_HUGEPAGE
  if (count >= large_page && begin < end) madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#endif
}
#else
#include "dc_pages.h"

void dc_advise_large_pages(void *start, size_t count) { (void)start, (void)count; }
#endif
