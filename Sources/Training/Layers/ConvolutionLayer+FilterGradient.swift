import CKernels

// The gradients at the filters and the biases, and the copies of row pairs that bf16 products take.
extension ConvolutionLayer {
  /// Adds the sums of the gradient by output channel, runs of pixels at a time.
  func addBiasSums(_ context: Context, _ range: Range<Int>, _ chunk: Int) {
    let layout = context.layout(output)
    let run = FloatBuffer(2 * layout.channels)
    var call = dc_channelwise()
    call.channels = Int32(layout.channels)
    call.a = UnsafePointer(zeros.pointer)
    call.sums = run.pointer
    let end = range.upperBound * layout.pixels
    for first in stride(from: range.lowerBound * layout.pixels, to: end, by: 256) {
      call.input = UnsafePointer(context.gradient(output) + first * layout.channels)
      call.pixels = min(256, end - first)
      context.kernels.moments_f32f32(&call)
      for channel in 0..<layout.channels { biasSums[chunk].pointer[channel] += run.pointer[channel] }
    }
  }

  func addFilterGradient(
    _ context: Context, input: UnsafePointer<Float>, item: Int, chunk: Int, rows: Int, columns: Int
  ) {
    let g = geometry
    let (pixel, outputPixel) = (g.channels * g.groups * 4, g.outputs * g.groups * 4)
    var call = dc_filter_gradient()
    call.inputRowStride = g.rows.stride * g.columns.padded * pixel
    call.inputColumnStride = g.columns.stride * pixel
    call.gradientRowStride = columns * outputPixel
    call.gradientColumnStride = outputPixel
    call.segmentCount = Int32(segmentOffsets.count)
    call.segmentLength = Int32(g.taps / segmentOffsets.count * g.channels)
    call.rows = Int32(rows)
    call.columns = Int32(columns)
    call.outputs = Int32(g.outputs)
    let gradient = context.gradient(output) + item * context.layout(output).itemCount
    if pairs.rows {
      call.inputRowStride *= 2
      call.rows = Int32((rows + 1) / 2)
      call.input = input
      call.gradient = UnsafePointer(pairedGradients[chunk].pointer)
      call.result = filterGradients[chunk].pointer
      segmentOffsets.withUnsafeBufferPointer { offsets in
        call.segmentOffsets = offsets.baseAddress
        context.kernels.filtergradient_b16b16f32(&call)
      }
      return
    }
    segmentOffsets.withUnsafeBufferPointer { offsets in
      call.segmentOffsets = offsets.baseAddress
      for group in 0..<g.groups {
        call.input = input + group * g.channels
        call.gradient = UnsafePointer(gradient + group * g.outputs)
        call.result = filterGradients[chunk].pointer + group * g.filterGradientCount
        context.kernels.filtergradient_f32f32f32(&call)
      }
    }
  }

  /// Puts each row of the padded input beside the one of the next result, and the rows of the gradient side by side.
  func pairRows(_ context: Context, _ item: Int, _ chunk: Int) {
    let g = geometry
    let source = context.value(inputs[0]) + item * context.layout(inputs[0]).itemCount
    let (row, width) = (g.columns.extent * g.channels, g.columns.padded * g.channels)
    func line(_ padded: Int) -> UnsafePointer<Float> {
      let index = padded - g.rows.before
      return UnsafePointer((0..<g.rows.extent).contains(index) ? source + index * row : zeros.pointer)
    }
    for padded in 0..<g.rows.padded {
      var call = dc_narrowing()
      call.first = line(padded)
      call.second = line(padded + g.rows.stride)
      call.result = UnsafeMutableRawPointer(
        pairedInputs[chunk].pointer + padded * width + g.columns.before * g.channels)
      call.rows = 1
      call.count = Int32(row)
      context.kernels.narrow_f32b16(&call)
    }
    let gradient = context.gradient(output) + item * context.layout(output).itemCount
    let result = g.columns.results * g.outputs
    for first in stride(from: 0, to: g.rows.results, by: 2) {
      var call = dc_narrowing()
      call.first = UnsafePointer(gradient + first * result)
      call.second = UnsafePointer(first + 1 < g.rows.results ? gradient + (first + 1) * result : zeros.pointer)
      call.result = UnsafeMutableRawPointer(pairedGradients[chunk].pointer + first / 2 * result)
      call.rows = 1
      call.count = Int32(result)
      context.kernels.narrow_f32b16(&call)
    }
  }

  /// Adds up the chunks, in their order, into the parameters' gradients.
  func collectGradients() {
    let g = geometry
    let width = (g.outputs + 15) / 16 * 16
    let gradient = weights.gradient.pointer
    for group in 0..<g.groups {
      for tap in 0..<g.taps {
        for channel in 0..<g.channels {
          let from = ((group * g.taps + tap) * g.channels + channel) * width
          for output in 0..<g.outputs {
            var sum: Float = 0
            for chunk in filterGradients { sum += chunk.pointer[from + output] }
            gradient[((group * g.outputs + output) * g.channels + channel) * g.taps + tap] += sum
          }
        }
      }
    }
    guard let bias else { return }
    for channel in 0..<bias.values.count {
      for chunk in biasSums { bias.gradient.pointer[channel] += chunk.pointer[channel] }
    }
  }
}
