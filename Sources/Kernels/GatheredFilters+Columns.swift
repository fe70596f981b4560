import CKernels

extension GatheredFilters {
  /// Packs filters that compute several neighboring pixels of a row as if those were one with more outputs.
  ///
  /// With 16 outputs a group has to take all of them, and the one with most weights decides how many rounds there are;
  /// the outputs of two pixels make two groups, of those with many and of those with few weights. Output `d * M + m` is
  /// output m of M at pixel d: where pixels of the result touch, those lie side by side in memory.
  ///
  /// - Parameters:
  ///   - filters: s8 weights, columns adjacent (`columnsApart` 0).
  ///   - columns: pixels that are taken together; a call's window is as many times wider apart.
  ///   - stride: the convolution's, in columns.
  ///   - levels: as for one pixel.
  public init(_ filters: Filters, columns: Int, stride: Int, levels: (Int8, Int8)? = nil) {
    precondition(filters.columnsApart == 0, "Columns that are computed together must be adjacent.")
    guard columns > 1 else {
      self.init(filters, levels: levels)
      return
    }
    let (rows, channels, outputs) = (Int(filters.rows), Int(filters.channels), Int(filters.outputs))
    let width = Int(filters.columns) + (columns - 1) * stride
    var weights = [Int8](repeating: 0, count: columns * outputs * rows * width * channels)
    let source = filters.weights?.assumingMemoryBound(to: Int8.self)
    for output in 0..<outputs {
      for row in 0..<rows {
        for column in 0..<Int(filters.columns) {
          guard
            let from = source.map({
              $0 + output * filters.outputStride + row * filters.rowStride + column * filters.columnStride
            })
          else { continue }
          for pixel in 0..<columns {
            let first = ((pixel * outputs + output) * rows + row) * width + column + pixel * stride
            for channel in 0..<channels { weights[first * channels + channel] = from[channel * filters.channelStride] }
          }
        }
      }
    }
    self = weights.withUnsafeBufferPointer { weights in
      var wide = filters
      wide.weights = UnsafeRawPointer(weights.baseAddress)
      (wide.outputStride, wide.rowStride) = (rows * width * channels, width * channels)
      (wide.columnStride, wide.channelStride) = (channels, 1)
      (wide.outputs, wide.columns) = (Int32(columns * outputs), Int32(width))
      return GatheredFilters(wide, levels: levels)
    }
  }
}
