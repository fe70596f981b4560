import CKernels

// The gradient at the input: a convolution of the gradient at the output for each remainder of the places by the stride.
extension ConvolutionLayer {
  /// Whether every place of the input gets its gradient from some pass.
  private var passesCoverInput: Bool {
    let covered = backwardPasses.reduce(0) { $0 + $1.rows.count * $1.columns.count }
    return covered == geometry.rows.extent * geometry.columns.extent
  }

  func packBackward(_ context: Context) {
    for pass in backwardPasses {
      for group in 0..<geometry.packedGroups {
        pass.packing.pack(
          group: group, weights.effective.pointer, pass.packed.pointer + group * pass.packing.groupCount)
      }
      if pairs.outputs { context.pairRows(of: pass.packed) }
    }
  }

  func pointwiseInputGradient(_ context: Context, _ range: Range<Int>, _ accumulates: Bool) {
    let g = geometry
    let columns = range.count * g.rows.extent * g.columns.extent
    let target = context.gradient(inputs[0]) + range.lowerBound * context.layout(inputs[0]).itemCount
    var call = dc_convolution()
    call.window.inputColumnStride = g.outputs * g.groups * 4
    call.window.outputColumnStride = g.channels * g.groups * 4
    call.window.columns = Int32(columns)
    call.window.pixelEnd = Int32(columns)
    setLinear(&call, target, accumulates)
    let pass = backwardPasses[0]
    convolve(
      context, call, context.gradient(output) + range.lowerBound * context.layout(output).itemCount, target,
      pass.segmentOffsets, pass.packed, pass.packing)
  }

  /// No bias, no limits, and the result added to `target` if so asked.
  private func setLinear(_ call: inout dc_convolution, _ target: UnsafeMutablePointer<Float>, _ accumulates: Bool) {
    call.biases = UnsafePointer(zeros.pointer)
    call.lowest = -.infinity
    call.highest = .infinity
    guard accumulates else { return }
    call.residual.input = UnsafeRawPointer(target)
    call.residual.rowStride = call.window.outputRowStride
    call.residual.columnStride = call.window.outputColumnStride
  }

  func inputGradient(_ context: Context, _ item: Int, _ chunk: Int, _ accumulates: Bool) {
    let g = geometry
    let gradient = padGradient(context, item, chunk)
    let own = context.gradient(inputs[0]) + item * context.layout(inputs[0]).itemCount
    // The depthwise kernel cannot add, so what it gives is added afterwards.
    let addsAfterwards = accumulates && g.isDepthwise
    let target = addsAfterwards ? addends[chunk].pointer : own
    let count = context.layout(inputs[0]).itemCount
    if !passesCoverInput && (!accumulates || addsAfterwards) { target.update(repeating: 0, count: count) }
    defer {
      if addsAfterwards { for index in 0..<count { own[index] += target[index] } }
    }
    let (pixel, outputPixel) = (g.channels * g.groups, g.outputs * g.groups)
    for pass in backwardPasses {
      var call = dc_convolution()
      let size = pairs.outputs ? 2 : 4
      call.window.inputRowStride = g.columns.gradientPadded * outputPixel * size
      call.window.inputColumnStride = outputPixel * size
      call.window.outputRowStride = g.rows.stride * g.columns.extent * pixel * 4
      call.window.outputColumnStride = g.columns.stride * pixel * 4
      call.window.columns = Int32(pass.columns.count)
      call.window.pixelEnd = Int32(pass.rows.count * pass.columns.count)
      let origin =
        (pass.rows.origin + g.rows.gradientBefore) * g.columns.gradientPadded
        + (pass.columns.origin + g.columns.gradientBefore)
      let first = target + (pass.rows.first * g.columns.extent + pass.columns.first) * pixel
      setLinear(&call, first, accumulates && !addsAfterwards)
      convolve(
        context, call, gradient + origin * outputPixel / (pairs.outputs ? 2 : 1), first, pass.segmentOffsets,
        pass.packed, pass.packing, hasPairs: pairs.outputs)
    }
  }

  /// The item's gradient at the output with zeros around; of two channels a word if the convolution takes such.
  private func padGradient(_ context: Context, _ item: Int, _ chunk: Int) -> UnsafePointer<Float> {
    let g = geometry
    let pixel = g.outputs * g.groups
    let source = context.gradient(output) + item * context.layout(output).itemCount
    let width = g.columns.gradientPadded
    if pairs.outputs {
      return context.narrow(
        source, rows: g.rows.results, count: g.columns.results * pixel, into: paddedGradients[chunk],
        width: width * pixel, at: (g.rows.gradientBefore * width + g.columns.gradientBefore) * pixel)
    }
    let target = paddedGradients[chunk].pointer + (g.rows.gradientBefore * width + g.columns.gradientBefore) * pixel
    for row in 0..<g.rows.results {
      (target + row * width * pixel).update(
        from: source + row * g.columns.results * pixel, count: g.columns.results * pixel)
    }
    return UnsafePointer(paddedGradients[chunk].pointer)
  }
}
