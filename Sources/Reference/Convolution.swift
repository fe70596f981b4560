import Graphs
import Tensors

extension Reference {
  /// `y[n, m, o] = bias[m] + Σ weights[m, c, k] · x[n, c, o · stride + k · dilation − padding]`.
  static func convolution(_ convolution: Convolution, _ given: Given) throws(ReferenceError) -> Tensor<Float> {
    let (x, weights) = (try given.floats(0), try given.floats(1))
    let sums = correlate(
      x.scalars.map(Double.init), shape: x.shape, weights: weights.scalars.map(Double.init), result: given.shape,
      window: convolution.window, groups: convolution.groups)
    return try rounded(sums, given, clamp: convolution.clamp)
  }

  /// `y[n, m, i · stride + k · dilation − padding] += weights[c, m, k] · x[n, c, i]`, from `bias[m]` on.
  static func transposedConvolution(
    _ convolution: TransposedConvolution, _ given: Given
  ) throws(ReferenceError) -> Tensor<Float> {
    let (x, weights) = (try given.floats(0), try given.floats(1))
    let sums = scatter(
      x.scalars.map(Double.init), shape: x.shape, weights: weights.scalars.map(Double.init), result: given.shape,
      window: convolution.window, groups: convolution.groups)
    return try rounded(sums, given, clamp: nil)
  }

  /// Adds the bias (operand 2, one per channel), rounds once and clamps.
  static func rounded(_ sums: [Double], _ given: Given, clamp: Clamp?) throws(ReferenceError) -> Tensor<Float> {
    let (_, channels, inner) = given.shape.split(at: 1)
    let bias = given.has(2) ? try given.floats(2).scalars : [Float](repeating: 0, count: channels)
    var results = [Float](repeating: 0, count: sums.count)
    for index in results.indices {
      let value = Float(sums[index] + Double(bias[index / inner % channels]))
      results[index] = clamp.map { $0.apply(value) } ?? value
    }
    return Tensor(shape: given.shape, scalars: results)
  }

  /// The sums of a convolution of codes; here, where the compiler makes a fast loop for them.
  static func integerCorrelation(
    _ x: [Int64], shape: Shape, weights: [Int64], result: Shape, window: Window, groups: Int
  ) -> [Int64] {
    correlate(x, shape: shape, weights: weights, result: result, window: window, groups: groups)
  }

  /// The sums of a convolution, in any arithmetic.
  ///
  /// - Parameters:
  ///   - x: `[N, C, spatial...]`, as `shape` says.
  ///   - weights: `[M, C / groups, kernel...]`.
  ///   - result: `[N, M, out...]`.
  private static func correlate<Scalar: Numeric>(
    _ x: [Scalar], shape: Shape, weights: [Scalar], result: Shape, window: Window, groups: Int
  ) -> [Scalar] {
    let axes = AxisWindow.axes(
      window, extents: Array(shape.dimensions[2...]), counts: Array(result.dimensions[2...]))
    let (channels, outputs) = (shape[1] / groups, result[1] / groups)
    let (volume, kernelVolume) = (shape.split(at: 1).inner, axes.reduce(1) { $0 * $1.kernel })
    let outputVolume = result.split(at: 1).inner
    var sums = [Scalar](repeating: 0, count: result.elementCount)
    for n in 0..<result[0] {
      for m in 0..<result[1] {
        let group = m / outputs
        for c in 0..<channels {
          let plane = (n * shape[1] + group * channels + c) * volume
          accumulate(
            &sums, from: (n * result[1] + m) * outputVolume, x, from: plane, weights,
            from: (m * channels + c) * kernelVolume, axes)
        }
      }
    }
    return sums
  }

  /// Adds one input plane, weighted by one filter plane, to one output plane.
  private static func accumulate<Scalar: Numeric>(
    _ sums: inout [Scalar], from output: Int, _ x: [Scalar], from input: Int, _ weights: [Scalar], from filter: Int,
    _ axes: [AxisWindow]
  ) {
    let (depth, rows, columns) = (axes[0], axes[1], axes[2])
    sums.withUnsafeMutableBufferPointer { sums in
      x.withUnsafeBufferPointer { x in
        var next = filter
        for d in 0..<depth.kernel {
          for r in 0..<rows.kernel {
            for c in 0..<columns.kernel {
              let weight = weights[next]
              next += 1
              let range = columns.windows(touchingAt: c)
              for od in depth.windows(touchingAt: d) {
                for or in rows.windows(touchingAt: r) {
                  let plane = depth.position(window: od, element: d) * rows.extent
                  let row = (plane + rows.position(window: or, element: r)) * columns.extent
                  let target = output + (od * rows.count + or) * columns.count
                  var source = input + row + columns.position(window: range.lowerBound, element: c)
                  for oc in range {
                    sums[target &+ oc] += weight * x[source]
                    source &+= columns.stride
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// The sums of a transposed convolution: windows over the *result* stop once per input element.
  private static func scatter(
    _ x: [Double], shape: Shape, weights: [Double], result: Shape, window: Window, groups: Int
  ) -> [Double] {
    let axes = AxisWindow.axes(
      window, extents: Array(result.dimensions[2...]), counts: Array(shape.dimensions[2...]))
    let (depth, rows, columns) = (axes[0], axes[1], axes[2])
    let (channels, outputs) = (shape[1] / groups, result[1] / groups)
    let (volume, outputVolume) = (shape.split(at: 1).inner, result.split(at: 1).inner)
    var sums = [Double](repeating: 0, count: result.elementCount)
    for n in 0..<shape[0] {
      for input in 0..<shape[1] {
        for m in 0..<outputs {
          let source = (n * shape[1] + input) * volume
          let target = (n * result[1] + input / channels * outputs + m) * outputVolume
          let filter = (input * outputs + m) * depth.kernel
          for d in 0..<depth.kernel {
            for r in 0..<rows.kernel {
              for c in 0..<columns.kernel {
                let weight = weights[((filter + d) * rows.kernel + r) * columns.kernel + c]
                for id in depth.windows(touchingAt: d) {
                  for ir in rows.windows(touchingAt: r) {
                    let plane = depth.position(window: id, element: d) * rows.extent
                    let row = target + (plane + rows.position(window: ir, element: r)) * columns.extent
                    for ic in columns.windows(touchingAt: c) {
                      let value = x[source + (id * rows.count + ir) * columns.count + ic]
                      sums[row + columns.position(window: ic, element: c)] += weight * value
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    return sums
  }
}
