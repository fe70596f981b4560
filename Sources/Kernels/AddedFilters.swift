import CKernels

/// Weights of two levels and zeros as kernels read them.
public typealias AddedWeights = dc_added

/// s8 weights of two levels and zeros as lists of places: what `dc_added` points to.
///
/// Kernels add up the codes at an output's places, many pixels side by side, and multiply twice at the end. That takes no
/// instructions that pick bytes, and pays where layers are narrow and most weights are zeros.
///
///     if let added = AddedFilters(filters, strides: (1, 1), rows: 32, columns: 32) { added.additions }
public struct AddedFilters {
  /// Levels and tiles; its pointers are not set.
  public let shape: AddedWeights
  /// For `dc_added.places`.
  public let places: [UInt16]
  /// For `dc_added.ends`.
  public let ends: [Int32]
  /// Codes that are added up for each pixel, those included that lie between rows and are left out.
  public let additions: Int
  /// Times 16 channels that are turned from pixels to planes for each pixel.
  public let turns: Int

  /// Packs all outputs of `filters`, s8 weights; nil where there are more levels, or more channels than planes of a row
  /// fit in.
  ///
  /// - Parameters:
  ///   - filters: as the graph has them, of a group, without dilation.
  ///   - strides: of the convolution.
  ///   - rows: of the result.
  ///   - columns: of the result.
  public init?(_ filters: Filters, strides: (rows: Int, columns: Int), rows: Int, columns: Int) {
    var (filters, shape) = (filters, dc_added())
    guard let rowStride = Int32(exactly: strides.rows), let columnStride = Int32(exactly: strides.columns),
      let rowCount = Int32(exactly: rows), let columnCount = Int32(exactly: columns)
    else { return nil }
    let count = dc_added_shape(&filters, rowStride, columnStride, rowCount, columnCount, &shape)
    guard count >= 0 else { return nil }
    var places = [UInt16](repeating: 0, count: Int(count))
    var ends = [Int32](repeating: 0, count: 2 * Int(filters.outputs))
    dc_pack_added(&filters, &shape, &places, &ends)
    self.shape = shape
    self.places = places
    self.ends = ends
    let tileRows = Int(shape.tileRows)
    let tiles = (rows + tileRows - 1) / tileRows
    // Of AVX-512; shorter vectors add up a little less beyond the last row.
    let vector = 64
    let length = ((tileRows - 1) * Int(shape.pitch) + columns + vector - 1) / vector * vector
    additions = places.count * tiles * length / (rows * columns)
    let planeRows = tileRows + (Int(shape.rows) - 1) / strides.rows
    let turned = tiles * planeRows * Int(shape.pitch) * strides.rows * strides.columns
    turns = (Int(shape.channels) + 15) / 16 * turned / (rows * columns)
  }
}

extension AddedWeights {
  /// - Parameters:
  ///   - filters: packed.
  ///   - places: a copy of `filters.places` that stays.
  ///   - ends: a copy of `filters.ends` that stays.
  public init(_ filters: AddedFilters, places: UnsafePointer<UInt16>, ends: UnsafePointer<Int32>) {
    self = filters.shape
    self.places = places
    self.ends = ends
  }
}
