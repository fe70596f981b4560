import CKernels

import struct Kernels.AddedFilters

/// A layer whose weights are places of codes to add up.
struct AddedGroup {
  /// For `dc_convolution.weights`.
  let weights: UnsafeRawPointer

  init(_ filters: AddedFilters, _ storage: Storage) {
    let added = dc_added(filters, places: storage.copy(filters.places), ends: storage.copy(filters.ends))
    weights = UnsafeRawPointer(storage.copy([added]))
  }
}
