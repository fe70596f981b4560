import Graphs

/// Maximum and average pooling over rows and columns; also the mean over all pixels.
final class PoolingLayer: Layer {
  /// One axis with the range of data in each window.
  struct Axis {
    var windows: [[Int]]
    /// Elements of each window on data or padding.
    var paddedCounts: [Int]
  }

  private let kind: Pooling.Kind
  private let rows: Axis
  private let columns: Axis
  private let columnExtent: Int
  private let countsPadding: Bool

  init(
    name: String, input: Int, output: Int, kind: Pooling.Kind, rows: Axis, columns: Axis, columnExtent: Int,
    countsPadding: Bool
  ) {
    self.kind = kind
    self.rows = rows
    self.columns = columns
    self.columnExtent = columnExtent
    self.countsPadding = countsPadding
    super.init(name: name, inputs: [input], output: output)
  }

  /// Calls `body` for every window of an item: its number, its pixels in the input, and its divisor.
  private func forEachWindow(_ body: (Int, [Int], Float) -> Void) {
    for (r, ys) in rows.windows.enumerated() {
      for (c, xs) in columns.windows.enumerated() {
        let pixels = ys.flatMap { y in xs.map { y * columnExtent + $0 } }
        let padded = rows.paddedCounts[r] * columns.paddedCounts[c]
        body(r * columns.windows.count + c, pixels, Float(max(countsPadding ? padded : pixels.count, 1)))
      }
    }
  }

  override func forward(_ context: Context) {
    let (from, to) = (context.layout(inputs[0]), context.layout(output))
    let channels = to.channels
    context.workers.overBatch(context.count) { _, range in
      forEachWindow { window, pixels, divisor in
        for item in range {
          let x = context.value(inputs[0]) + item * from.itemCount
          let y = context.value(output) + item * to.itemCount + window * channels
          let start: Float = kind == .maximum ? -.infinity : 0
          for c in 0..<channels { y[c] = start }
          for pixel in pixels {
            let values = x + pixel * channels
            if kind == .maximum {
              for c in 0..<channels { y[c] = values[c] > y[c] ? values[c] : y[c] }
            } else {
              for c in 0..<channels { y[c] += values[c] }
            }
          }
          if kind == .average { for c in 0..<channels { y[c] /= divisor } }
        }
      }
    }
  }

  override func backward(_ context: Context) {
    guard let accumulates = accumulates[0] else { return }
    let (from, to) = (context.layout(inputs[0]), context.layout(output))
    context.workers.overBatch(context.count) { _, range in
      if !accumulates {
        let first = context.gradient(inputs[0]) + range.lowerBound * from.itemCount
        first.update(repeating: 0, count: range.count * from.itemCount)
      }
      forEachWindow { window, pixels, divisor in
        for item in range {
          let start = item * to.itemCount + window * to.channels
          let dx = context.gradient(inputs[0]) + item * from.itemCount
          if kind == .maximum {
            let x = context.value(inputs[0]) + item * from.itemCount
            passToFirstMaximum(context.value(output) + start, context.gradient(output) + start, x, dx, pixels, to.channels)
          } else {
            let g = context.gradient(output) + start
            for pixel in pixels {
              for c in 0..<to.channels { dx[pixel * to.channels + c] += g[c] / divisor }
            }
          }
        }
      }
    }
  }

  /// The gradient goes to the first of several equal elements.
  private func passToFirstMaximum(
    _ y: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
    _ pixels: [Int], _ channels: Int
  ) {
    for c in 0..<channels {
      for pixel in pixels where x[pixel * channels + c] == y[c] {
        dx[pixel * channels + c] += g[c]
        break
      }
    }
  }
}
