/* The two functions of the C library that emitted programs call, a byte at a time. */

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  char *a = to;
  const char *b = from;
  while (count-- > 0) {
    *a++ = *b++;
    __asm__ volatile("" ::: "memory"); /* stays a loop */
  }
  return to;
}

void *memset(void *to, int value, size_t count) {
  char *a = to;
  while (count-- > 0) {
    *a++ = (char)value;
    __asm__ volatile("" ::: "memory");
  }
  return to;
}
