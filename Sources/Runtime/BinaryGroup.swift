import CKernels

import struct Kernels.BinaryFilters

/// A group of a layer whose weights are bits.
struct BinaryGroup {
  /// For `dc_convolution.weights`.
  let weights: UnsafeRawPointer

  init(_ filters: BinaryFilters, _ storage: Storage) {
    let binary = dc_binary(filters, data: storage.copy(filters.data), mask: storage.copy(filters.mask))
    weights = UnsafeRawPointer(storage.copy([binary]))
  }
}
