/* The main program around Emulation/executor.swift, and what that needs of the C library. */
#include "files.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void *files_read(const char *path, size_t *byteCount) {
  FILE *file = fopen(path, "rb");
  if (!file) return 0;
  long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
  void *bytes = length >= 0 ? malloc((size_t)length + 1) : 0;
  rewind(file);
  if (bytes && fread(bytes, 1, (size_t)length, file) != (size_t)length) bytes = 0;
  fclose(file);
  *byteCount = (size_t)length;
  return bytes;
}

int files_write(const char *path, const void *bytes, size_t byteCount) {
  FILE *file = fopen(path, "wb");
  if (!file) return 1;
  int failed = fwrite(bytes, 1, byteCount, file) != byteCount;
  return fclose(file) != 0 || failed;
}

void files_print(const char *line) { puts(line); }

/* In executor.swift. */
int executor_run(const char *model, uint64_t seed, const char *input, const char *output);

int main(int argc, char **argv) {
  if (argc != 5) {
    fputs("executor MODEL.dchip SEED INPUT.npy OUTPUT.bytes\n", stderr);
    return 2;
  }
  return executor_run(argv[1], (uint64_t)atoll(argv[2]), argv[3], argv[4]);
}
