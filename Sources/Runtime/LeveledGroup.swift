import CKernels

import struct Kernels.LeveledFilters

/// A group of a layer whose weights stay packed.
struct LeveledGroup {
  /// For `dc_convolution.weights`.
  let weights: UnsafeRawPointer

  init(_ filters: LeveledFilters, _ storage: Storage) {
    weights = UnsafeRawPointer(storage.copy([dc_leveled(filters, data: storage.copy(filters.data))]))
  }
}
