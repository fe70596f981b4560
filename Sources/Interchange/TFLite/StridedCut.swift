/// The elements that `STRIDED_SLICE` takes along each axis.
///
/// - Source: TensorFlow, `tf.strided_slice`.
struct StridedCut {
  struct Axis: Equatable {
    var start: Int
    var step: Int
    var count: Int
    /// True if the axis, cut to one element, is left out of the result.
    var isDropped: Bool
  }

  /// Bits by axis.
  struct Masks {
    /// Starts at the border, whatever `begin` says.
    var begin: Int
    /// Ends at the border.
    var end: Int
    /// Takes one element and drops the axis.
    var shrink: Int

    /// The options of the operator at hand.
    init(_ lowering: TFLiteLowering) throws(Fault) {
      begin = try lowering.option(0)
      end = try lowering.option(1)
      guard try lowering.option(2) == 0, try lowering.option(3) == 0 else {
        throw .unsupported("STRIDED_SLICE with an ellipsis or new axes")
      }
      shrink = try lowering.option(4)
      guard try !lowering.flag(5) else { throw .unsupported("STRIDED_SLICE with ends as offsets") }
    }
  }

  /// One entry per axis.
  var axes: [Axis]

  /// Axes after those that `begin` names are taken whole.
  init(extents: [Int], begin: [Int], end: [Int], strides: [Int], masks: Masks) throws(Fault) {
    guard begin.count == end.count, begin.count == strides.count, begin.count <= extents.count, begin.count <= 8 else {
      throw .damaged("a cut by \(begin.count), \(end.count) and \(strides.count) numbers for rank \(extents.count)")
    }
    axes = []
    for (index, extent) in extents.enumerated() {
      guard index < begin.count else {
        axes.append(Axis(start: 0, step: 1, count: extent, isDropped: false))
        continue
      }
      let bit = 1 << index
      guard strides[index] != 0 else { throw .damaged("a step of 0") }
      if masks.shrink & bit != 0 {
        let start = begin[index] < 0 ? begin[index] + extent : begin[index]
        guard (0..<extent).contains(start) else { throw .damaged("index \(begin[index]) of \(extent)") }
        axes.append(Axis(start: start, step: 1, count: 1, isDropped: true))
      } else {
        axes.append(
          Self.cut(
            extent: extent, begin: masks.begin & bit != 0 ? nil : begin[index],
            end: masks.end & bit != 0 ? nil : end[index], step: strides[index]))
      }
    }
  }

  private static func cut(extent: Int, begin: Int?, end: Int?, step: Int) -> Axis {
    let (low, high) = step > 0 ? (0, extent) : (-1, extent - 1)
    func clamped(_ index: Int) -> Int { min(max(index < 0 ? index + extent : index, low), high) }
    let start = begin.map(clamped) ?? (step > 0 ? low : high)
    let stop = end.map(clamped) ?? (step > 0 ? high : low)
    let distance = step > 0 ? stop - start : start - stop
    let count = distance > 0 ? (distance - 1) / abs(step) + 1 : 0
    return Axis(start: count == 0 ? 0 : start, step: step, count: count, isDropped: false)
  }
}
