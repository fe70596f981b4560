import Graphs

/// How the trainer keeps a value of rank 2 to 5: `[N][spatial...][C]`, channels of a pixel side by side.
struct ValueLayout: Equatable {
  var channels: Int
  /// Extents of the axes after the channels, outermost first.
  var spatial: [Int]

  /// - Returns: nil unless the value is float32 with the batch first and all other extents fixed.
  init?(_ type: TensorType) {
    guard type.elementType == .float32, (2...5).contains(type.rank), type.dimensions[0] == .batch(1) else { return nil }
    let extents = type.dimensions.dropFirst().compactMap(\.fixedExtent)
    guard extents.count == type.rank - 1, extents.allSatisfy({ $0 > 0 }) else { return nil }
    channels = extents[0]
    spatial = Array(extents.dropFirst())
  }

  /// Pixels of one item.
  var pixels: Int { spatial.reduce(1, *) }

  /// Elements of one item.
  var itemCount: Int { channels * pixels }

  /// Rows and columns; a single row for a value of rank 3, a pixel for one of rank 2.
  var rows: Int { spatial.dropLast().reduce(1, *) }
  var columns: Int { spatial.last ?? 1 }

  /// Where the element at row-major place `index` of an item is kept.
  func place(ofElement index: Int) -> Int { index % pixels * channels + index / pixels }
}
