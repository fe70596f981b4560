/* Memory between two pages that may not be touched, and numbers that are the same for the same seed. */
#ifndef GUARDED_H
#define GUARDED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* SplitMix64. */
static uint64_t next_number(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/* A real number in -1..<1. */
static float next_value(uint64_t *state) { return (float)(int64_t)(next_number(state) >> 40) / (1 << 23) - 1; }

enum { most_guarded = 64 };

/* What a case has asked for, to be given back at its end. */
static struct {
  void *pages;
  size_t byteCount;
} guarded[most_guarded];
static int guarded_count;

/* `byteCount` bytes right beside a page that ends the program: the one before them, or the one after. */
static void *guard(size_t byteCount, int atEnd) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), inside = (byteCount + page - 1) / page * page;
  const size_t whole = (inside ? inside : page) + 2 * page;
  uint8_t *pages = mmap(0, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED || guarded_count == most_guarded || mprotect(pages, page, PROT_NONE) != 0 ||
      mprotect(pages + whole - page, page, PROT_NONE) != 0) {
    fprintf(stderr, "No memory for %zu bytes between guard pages.\n", byteCount);
    exit(3);
  }
  guarded[guarded_count].pages = pages, guarded[guarded_count++].byteCount = whole;
  return atEnd ? pages + whole - page - byteCount : pages + page;
}

static void *guarded_codes(size_t count, int atEnd, uint64_t *state) {
  uint8_t *p = guard(count, atEnd);
  for (size_t i = 0; i < count; i++) p[i] = (uint8_t)next_number(state);
  return p;
}

static void *guarded_values(size_t count, int atEnd, uint64_t *state) {
  float *p = guard(count * 4, atEnd);
  for (size_t i = 0; i < count; i++) p[i] = next_value(state);
  return p;
}

static void *guarded_copy(const void *from, size_t byteCount, int atEnd) {
  return memcpy(guard(byteCount, atEnd), from, byteCount);
}

/* Gives back all but the first `count`. */
static void release_guarded(int count) {
  while (guarded_count > count) {
    guarded_count -= 1;
    munmap(guarded[guarded_count].pages, guarded[guarded_count].byteCount);
  }
}

#endif
