/* Runs an emitted program on a bare emulated chip: inputs from the file "inputs", outputs to the file "outputs", both
   of the host, as bytes in memory order, by semihosting. COUNT inputs are run. Prints the stack that was used. */

#include "model.h"

#include <stddef.h>
#include <stdint.h>

#ifndef COUNT
#define COUNT 20
#endif

int32_t semihost(int32_t operation, const void *arguments);
extern uint32_t stack_bottom[], stack_top[];

#ifdef MODEL_INPUT_HAS_PLACE
#define INPUT ((void *)model_input_place())
#else
static uint32_t input_words[(MODEL_INPUT_BYTES + 3) / 4];
#define INPUT ((void *)input_words)
#endif
static uint32_t output[(MODEL_OUTPUT_BYTES + 3) / 4];

enum { OPEN = 1, WRITE_TEXT = 4, WRITE = 5, READ = 6, EXIT = 0x20, BINARY_READ = 1, BINARY_WRITE = 5 };

static int32_t file(const char *name, uintptr_t length, uintptr_t mode) {
  const uintptr_t arguments[3] = {(uintptr_t)name, mode, length};
  return semihost(OPEN, arguments);
}

static int32_t transfer(int32_t operation, int32_t file, void *bytes, uintptr_t count) {
  const uintptr_t arguments[3] = {(uintptr_t)file, (uintptr_t)bytes, count};
  return semihost(operation, arguments); /* bytes left */
}

static void leave(uintptr_t status) {
  const uintptr_t arguments[2] = {0x20026, status};
  semihost(EXIT, arguments);
}

static void print_number(const char *name, uint32_t number) {
  char digits[12];
  char *digit = digits + sizeof digits;
  *--digit = 0;
  *--digit = '\n';
  do {
    uint32_t rest = number, tens = 0;
    while (rest >= 10) rest -= 10, tens++;
    *--digit = (char)('0' + rest);
    number = tens;
  } while (number != 0);
  semihost(WRITE_TEXT, name);
  semihost(WRITE_TEXT, digit);
}

/* Called with the stack filled by startup code; does not return. */
void run_program(void) {
  const int32_t inputs = file("inputs", 6, BINARY_READ), outputs = file("outputs", 7, BINARY_WRITE);
  uint32_t *unused = stack_bottom;
  int32_t index;
  if (inputs == -1 || outputs == -1) leave(2);
  for (index = 0; index < COUNT; index++) {
    const uint32_t *here = (const uint32_t *)__builtin_frame_address(0);
    if (transfer(READ, inputs, INPUT, MODEL_INPUT_BYTES) != 0) leave(3);
    for (unused = stack_bottom; unused < here - 64; unused++) *unused = 0x5AFE57AC;
    if (model_run(INPUT, (void *)output) != 0) leave(4);
    if (transfer(WRITE, outputs, output, MODEL_OUTPUT_BYTES) != 0) leave(5);
  }
  for (unused = stack_bottom; *unused == 0x5AFE57AC; unused++) {}
  print_number("stack ", (uint32_t)((uintptr_t)__builtin_frame_address(0) - (uintptr_t)unused));
  leave(0);
}
