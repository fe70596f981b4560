import Graphs
import Tensors

extension Reference {
  static func pooling(_ pooling: Pooling, _ given: Given) throws(ReferenceError) -> AnyTensor {
    switch (pooling.kind, try given.tensor(0)) {
    case (.average, .float32(let x)): .float32(averagePooling(pooling, x, given.shape))
    case (.maximum, .float32(let x)): .float32(maximumPooling(pooling, x, given.shape, lowest: -.infinity))
    case (.maximum, .uint8(let x)): .uint8(maximumPooling(pooling, x, given.shape, lowest: .min))
    case (.maximum, .int8(let x)): .int8(maximumPooling(pooling, x, given.shape, lowest: .min))
    case (.maximum, .int16(let x)): .int16(maximumPooling(pooling, x, given.shape, lowest: .min))
    case (.maximum, .int32(let x)): .int32(maximumPooling(pooling, x, given.shape, lowest: .min))
    case (.maximum, .int64(let x)): .int64(maximumPooling(pooling, x, given.shape, lowest: .min))
    case (_, let x): throw ReferenceError(.operands(.elementType(operand: 0, found: x.elementType)))
    }
  }

  /// The largest element of every window; NaN is passed over, and a window without data gives the lowest value.
  private static func maximumPooling<Scalar: Comparable>(
    _ pooling: Pooling, _ x: Tensor<Scalar>, _ shape: Shape, lowest: Scalar
  ) -> Tensor<Scalar> {
    var results: [Scalar] = []
    forEachWindow(pooling.window, x.shape, shape) { positions, _ in
      results.append(positions.reduce(lowest) { x.scalars[$1] > $0 ? x.scalars[$1] : $0 })
    }
    return Tensor(shape: shape, scalars: results)
  }

  /// The mean of every window: its sum by the number of its elements on data, or on data and padding.
  private static func averagePooling(_ pooling: Pooling, _ x: Tensor<Float>, _ shape: Shape) -> Tensor<Float> {
    var results: [Float] = []
    forEachWindow(pooling.window, x.shape, shape) { positions, paddedCount in
      let sum = positions.reduce(0.0) { $0 + Double(x.scalars[$1]) }
      let count = pooling.countsPadding ? paddedCount : positions.count
      results.append(count == 0 ? 0 : Float(sum / Double(count)))
    }
    return Tensor(shape: shape, scalars: results)
  }

  /// Calls `body` for every window in row-major order of `[N, C, out...]`, with the indices of its elements that lie
  /// on data, and with how many lie on data or padding.
  static func forEachWindow(_ window: Window, _ shape: Shape, _ result: Shape, _ body: ([Int], Int) -> Void) {
    let axes = AxisWindow.axes(window, extents: Array(shape.dimensions[2...]), counts: Array(result.dimensions[2...]))
    let volume = shape.split(at: 1).inner
    for plane in 0..<result[0] * result[1] {
      for d in 0..<axes[0].count {
        for r in 0..<axes[1].count {
          for c in 0..<axes[2].count {
            var positions: [Int] = []
            for kd in axes[0].elements(of: d) {
              let slab = axes[0].position(window: d, element: kd) * axes[1].extent
              for kr in axes[1].elements(of: r) {
                let row = (slab + axes[1].position(window: r, element: kr)) * axes[2].extent
                for kc in axes[2].elements(of: c) {
                  positions.append(plane * volume + row + axes[2].position(window: c, element: kc))
                }
              }
            }
            let padded = axes[0].paddedElementCount(of: d) * axes[1].paddedElementCount(of: r)
            body(positions, padded * axes[2].paddedElementCount(of: c))
          }
        }
      }
    }
  }
}
