#include "resources.h"

// `#embed` is C23; every clang that comes with Swift 6.2 or later has it in all C modes.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char digits_csv[] = {
#embed "digits.csv"
};

static const unsigned char digits_onnx[] = {
#embed "digits.onnx"
};

const unsigned char *dc_digits_csv(size_t *count) {
  *count = sizeof digits_csv;
  return digits_csv;
}

const unsigned char *dc_digits_onnx(size_t *count) {
  *count = sizeof digits_onnx;
  return digits_onnx;
}
