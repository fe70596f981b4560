import Planning
import Tensors

/// Runs of bytes copied from one order to another: nested loops with a step on each side.
struct Rearrangement {
  struct Axis: Equatable {
    var count: Int
    /// Bytes from one to the next.
    var source: Int
    var destination: Int
  }

  /// Outermost first, at most `axisLimit`.
  var axes: [Axis]
  /// Bytes copied at a time.
  var run: Int
  /// Where the first run lies.
  var source = 0
  var destination = 0

  static let axisLimit = 5

  /// Merges loops that walk on without a gap, and drops those of one turn.
  init(_ axes: [Axis], run: Int, source: Int = 0, destination: Int = 0) {
    var merged: [Axis] = []
    for axis in axes where axis.count != 1 {
      if let last = merged.last, last.source == axis.source * axis.count,
        last.destination == axis.destination * axis.count
      {
        merged[merged.count - 1] = Axis(
          count: last.count * axis.count, source: axis.source, destination: axis.destination)
      } else {
        merged.append(axis)
      }
    }
    self.run = run
    if let last = merged.last, last.source == run, last.destination == run {
      self.run = run * last.count
      merged.removeLast()
    }
    self.axes = merged
    (self.source, self.destination) = (source, destination)
  }

  init(_ region: CopyRegion) {
    let (from, to) = (region.source, region.destination)
    self.init(
      [
        Axis(count: region.images, source: from.image, destination: to.image),
        Axis(count: region.rows, source: from.row, destination: to.row),
        Axis(count: region.columns, source: from.column, destination: to.column),
      ], run: region.byteCount, source: from.offset, destination: to.offset)
  }

  /// Between planes `[images, channels, pixels]` and pixels `[images, pixels, channels]`.
  init(images: Int, pixels: Int, channels: Int, elementByteCount: Int, toPixels: Bool) {
    let size = elementByteCount
    let image = pixels * channels * size
    let planes = (pixel: size, channel: pixels * size)
    let interleaved = (pixel: channels * size, channel: size)
    let (from, to) = toPixels ? (planes, interleaved) : (interleaved, planes)
    self.init(
      [
        Axis(count: images, source: image, destination: image),
        Axis(count: pixels, source: from.pixel, destination: to.pixel),
        Axis(count: channels, source: from.channel, destination: to.channel),
      ], run: size)
  }

  /// All elements of `shape`, with strides in elements on both sides.
  init(
    _ shape: Shape, source: [Int], destination: [Int], elementByteCount: Int, sourceOffset: Int = 0,
    destinationOffset: Int = 0
  ) {
    let size = elementByteCount
    let axes = shape.dimensions.indices.map {
      Axis(count: shape[$0], source: source[$0] * size, destination: destination[$0] * size)
    }
    self.init(axes, run: size, source: sourceOffset * size, destination: destinationOffset * size)
  }
}
