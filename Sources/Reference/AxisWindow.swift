import Graphs
import Tensors

/// A window that moves along one axis: window `o` sees the positions `o · stride + k · dilation − before`.
struct AxisWindow {
  /// Elements of the axis it moves over.
  var extent: Int
  /// Places it stops at.
  var count: Int
  var kernel: Int
  var stride: Int
  var dilation: Int
  var before: Int
  var after: Int

  /// The three axes of a window over `extents` (1 to 3 of them) that stops at `counts` places.
  ///
  /// Axes that are not there are put first, with an extent and a kernel of 1.
  static func axes(_ window: Window, extents: [Int], counts: [Int]) -> [AxisWindow] {
    let absent = AxisWindow(extent: 1, count: 1, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0)
    var axes = [AxisWindow](repeating: absent, count: 3 - window.rank)
    for axis in 0..<window.rank {
      axes.append(
        AxisWindow(
          extent: extents[axis], count: counts[axis], kernel: window.kernel[axis], stride: window.strides[axis],
          dilation: window.dilations[axis], before: window.paddingBefore[axis], after: window.paddingAfter[axis]))
    }
    return axes
  }

  func position(window: Int, element: Int) -> Int { window * stride + element * dilation - before }

  /// The windows whose element `element` lies on data.
  func windows(touchingAt element: Int) -> Range<Int> {
    Self.solutions(start: position(window: 0, element: element), step: stride, below: extent, count: count)
  }

  /// The elements of a window that lie on data.
  func elements(of window: Int) -> Range<Int> {
    Self.solutions(start: position(window: window, element: 0), step: dilation, below: extent, count: kernel)
  }

  /// How many elements of a window lie on data or padding.
  func paddedElementCount(of window: Int) -> Int {
    let start = position(window: window, element: 0) + before
    return Self.solutions(start: start, step: dilation, below: extent + before + after, count: kernel).count
  }

  /// The i in `0..<count` with `0 <= start + i · step < limit`.
  private static func solutions(start: Int, step: Int, below limit: Int, count: Int) -> Range<Int> {
    let first = start >= 0 ? 0 : (-start + step - 1) / step
    let end = start >= limit ? 0 : (limit - 1 - start) / step + 1
    let upper = min(end, count)
    return first < upper ? first..<upper : 0..<0
  }
}
