// Files that are built into the program, so that it needs no folder beside it. See ../README.md for where they come from.
#ifndef DC_RESOURCES_H
#define DC_RESOURCES_H

#include <stddef.h>

/// The UCI digits as text: 1,797 pictures. Sets `*count` to the number of bytes; they live as long as the program.
const unsigned char *dc_digits_csv(size_t *count);

/// A small float network for the digits as an ONNX file.
const unsigned char *dc_digits_onnx(size_t *count);

/// A file of the folder Recipes: a name without its ending, and its bytes.
typedef struct {
  const char *name;
  const unsigned char *bytes;
  size_t count;
} dc_recipe;

/// All recipes, by the alphabet. Sets `*count` to their number.
const dc_recipe *dc_recipes(size_t *count);

#endif
