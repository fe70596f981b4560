/* Files and the console for Emulation/executor.swift, which Embedded Swift does not have. */
#ifndef FILES_H
#define FILES_H

#include <stddef.h>

/* The bytes of a file, NULL when it cannot be read. */
void *files_read(const char *path, size_t *byteCount);
/* Writes bytes to a file; 0 when it could. */
int files_write(const char *path, const void *bytes, size_t byteCount);
/* Writes a line on the standard output. */
void files_print(const char *line);

#endif
