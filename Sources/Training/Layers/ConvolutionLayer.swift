import CKernels
import Graphs

/// Convolution of any grouping, and dense layers, which are convolutions of one pixel.
///
/// Forward, the gradient at the input and that at the filters are direct convolutions, an image at a time, over a copy of
/// the image with its padding; the copy stays in the second-level cache. The gradient at the input is a convolution of the
/// gradient at the output, one for each remainder of the places by the stride.
///
/// With bf16 products the copies hold pairs of values in a word: of two channels in both convolutions, of two rows of the
/// image in the gradient at the filters. Pointwise and grouped convolutions, those of a single row of results, and passes over
/// an odd number of channels stay in f32.
final class ConvolutionLayer: Layer {
  private let geometry: ConvolutionGeometry
  private let weights: Parameter
  private let bias: Parameter?
  private let clamp: Clamp?
  private let forwardPacking: FilterPacking
  private let backwardPasses: [BackwardPass]
  private let packedForward: FloatBuffer
  private let biases: FloatBuffer
  private let zeros: FloatBuffer
  private let paddedInputs: [FloatBuffer]
  private let paddedGradients: [FloatBuffer]
  /// Of each chunk; dense layers, whose sums take more memory than their values, have one for all.
  private let filterGradients: [FloatBuffer]
  private let sumsWholeBatch: Bool
  private let biasSums: [FloatBuffer]
  private let addends: [FloatBuffer]
  private let segmentOffsets: [Int]
  /// Which products are those of bf16 pairs.
  private let pairs: Pairs
  private let pairedInputs: [FloatBuffer]
  private let pairedGradients: [FloatBuffer]

  private struct Pairs {
    var channels = false
    var outputs = false
    var rows = false

    init(_ precision: TrainingPrecision, _ g: ConvolutionGeometry) {
      guard precision == .bfloat16, g.groups == 1, !g.isPointwise, g.rows.results > 1 else { return }
      (channels, outputs, rows) = (g.channels % 2 == 0, g.outputs % 2 == 0, true)
    }
  }

  /// The input places of one remainder by the strides.
  private struct BackwardPass {
    var rows: ConvolutionAxis.Phase
    var columns: ConvolutionAxis.Phase
    var packing: FilterPacking
    var segmentOffsets: [Int]
    var packed: FloatBuffer
  }

  init(
    name: String, input: Int, output: Int, geometry: ConvolutionGeometry, weights: Parameter, bias: Parameter?,
    clamp: Clamp?, precision: TrainingPrecision = .float32
  ) {
    self.geometry = geometry
    pairs = Pairs(precision, geometry)
    self.weights = weights
    self.bias = bias
    self.clamp = clamp
    let g = geometry
    forwardPacking = g.forwardPacking
    segmentOffsets = Self.forwardOffsets(g)
    packedForward = FloatBuffer(forwardPacking.groupCount * g.packedGroups)
    backwardPasses = Self.backwardPasses(g)
    biases = FloatBuffer(g.outputs * g.groups)
    zeros = FloatBuffer(
      max(g.outputs * g.groups, g.channels * g.groups)
        * (pairs.rows ? max(g.columns.extent, g.columns.results) : 1))
    func buffers(_ count: Int) -> [FloatBuffer] { (0..<Workers.batchChunks).map { _ in FloatBuffer(count) } }
    let (allChannels, allOutputs) = (g.channels * g.groups, g.outputs * g.groups)
    paddedInputs = buffers(g.isPointwise ? 0 : g.rows.padded * g.columns.padded * allChannels)
    paddedGradients = buffers(g.isPointwise ? 0 : g.rows.gradientPadded * g.columns.gradientPadded * allOutputs)
    sumsWholeBatch = g.isPointwise && g.rows.extent * g.columns.extent == 1
    filterGradients = (0..<(sumsWholeBatch ? 1 : Workers.batchChunks)).map { _ in
      FloatBuffer(g.filterGradientCount * g.groups)
    }
    addends = buffers(g.isDepthwise ? g.rows.extent * g.columns.extent * allChannels : 0)
    biasSums = buffers(2 * allOutputs)
    pairedInputs = buffers(pairs.rows ? g.rows.padded * g.columns.padded * allChannels : 0)
    pairedGradients = buffers(pairs.rows ? (g.rows.results + 1) / 2 * g.columns.results * allOutputs : 0)
    super.init(name: name, inputs: [input], output: output)
  }

  /// Offsets of the segments of a window in the padded input, in bytes.
  private static func forwardOffsets(_ g: ConvolutionGeometry) -> [Int] {
    let pixel = g.channels * g.groups * 4
    let row = g.columns.padded * pixel
    return (0..<g.rows.kernel).flatMap { ky in
      (0..<(g.joinsColumns ? 1 : g.columns.kernel)).map { kx in
        ky * g.rows.dilation * row + kx * g.columns.dilation * pixel
      }
    }
  }

  private static func backwardPasses(_ g: ConvolutionGeometry) -> [BackwardPass] {
    let pixel = g.outputs * g.groups * 4
    let row = g.columns.gradientPadded * pixel
    var passes: [BackwardPass] = []
    for rows in g.rows.phases where rows.count > 0 && !rows.taps.isEmpty {
      for columns in g.columns.phases where columns.count > 0 && !columns.taps.isEmpty {
        let taps = rows.taps.flatMap { y in columns.taps.map { y.tap * g.columns.kernel + $0.tap } }
        let joins = g.joinsColumns && g.columns.stride == 1
        let offsets = rows.taps.flatMap { y in
          (joins ? Array(columns.taps.prefix(1)) : columns.taps).map { -(y.distance * row + $0.distance * pixel) }
        }
        let packing = g.backwardPacking(taps)
        passes.append(
          BackwardPass(
            rows: rows, columns: columns, packing: packing, segmentOffsets: offsets,
            packed: FloatBuffer(packing.groupCount * g.packedGroups)))
      }
    }
    return passes
  }

  /// Whether every place of the input gets its gradient from some pass.
  private var passesCoverInput: Bool {
    let covered = backwardPasses.reduce(0) { $0 + $1.rows.count * $1.columns.count }
    return covered == geometry.rows.extent * geometry.columns.extent
  }

  // MARK: Forward

  override func forward(_ context: Context) {
    for group in 0..<geometry.packedGroups {
      forwardPacking.pack(
        group: group, weights.effective.pointer, packedForward.pointer + group * forwardPacking.groupCount)
    }
    if pairs.channels { context.pairRows(of: packedForward) }
    if let bias { biases.pointer.update(from: bias.values.pointer, count: bias.values.count) }
    context.workers.overBatch(context.count) { chunk, range in
      if geometry.isPointwise {
        forward(
          context, input: context.value(inputs[0]) + range.lowerBound * context.layout(inputs[0]).itemCount,
          output: context.value(output) + range.lowerBound * context.layout(output).itemCount,
          columns: range.count * geometry.rows.extent * geometry.columns.extent, rows: 1)
        return
      }
      for item in range {
        forward(
          context, input: padInput(context, item, chunk),
          output: context.value(output) + item * context.layout(output).itemCount, columns: geometry.columns.results,
          rows: geometry.rows.results)
      }
    }
  }

  private func forward(
    _ context: Context, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, columns: Int, rows: Int
  ) {
    let g = geometry
    let (pixel, outputPixel) = (g.channels * g.groups * (pairs.channels ? 2 : 4), g.outputs * g.groups * 4)
    var call = dc_convolution()
    call.window.inputRowStride = g.rows.stride * g.columns.padded * pixel
    call.window.inputColumnStride = g.columns.stride * pixel
    call.window.outputRowStride = columns * outputPixel
    call.window.outputColumnStride = outputPixel
    call.window.columns = Int32(columns)
    call.window.pixelEnd = Int32(rows * columns)
    call.lowest = clamp?.lower ?? -.infinity
    call.highest = clamp?.upper ?? .infinity
    call.biases = UnsafePointer(biases.pointer)
    convolve(
      context, call, input, output, segmentOffsets, packedForward, forwardPacking, hasPairs: pairs.channels)
  }

  /// Runs a prepared convolution over all groups.
  private func convolve(
    _ context: Context, _ prepared: dc_convolution, _ input: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, _ offsets: [Int], _ packed: FloatBuffer, _ packing: FilterPacking,
    hasPairs: Bool = false
  ) {
    var call = prepared
    (hasPairs ? offsets.map { $0 / 2 } : offsets).withUnsafeBufferPointer { offsets in
      call.window.segmentOffsets = offsets.baseAddress
      call.window.segmentCount = Int32(offsets.count)
      call.window.input = UnsafeRawPointer(input)
      call.window.output = UnsafeMutableRawPointer(output)
      call.weights = UnsafeRawPointer(packed.pointer)
      if geometry.isDepthwise {
        call.window.segmentLength = 1
        call.window.channelEnd = Int32(geometry.groups)
        context.kernels.depthwise_f32f32f32(&call)
        return
      }
      call.window.segmentLength = Int32(packing.taps.count / offsets.count * packing.channels)
      call.window.channelEnd = Int32(packing.outputs)
      if hasPairs {
        call.window.segmentLength /= 2
        context.kernels.conv_b16b16f32(&call)
        return
      }
      for group in 0..<geometry.groups {
        call.window.input = UnsafeRawPointer(input + group * packing.channels)
        call.window.output = UnsafeMutableRawPointer(output + group * packing.outputs)
        if prepared.residual.input != nil { call.residual.input = UnsafeRawPointer(output + group * packing.outputs) }
        call.weights = UnsafeRawPointer(packed.pointer + group * packing.groupCount)
        call.biases = prepared.biases + group * packing.outputs
        context.kernels.conv_f32f32f32(&call)
      }
    }
  }

  /// The item's input with its padding; of two channels a word if the convolution takes such.
  private func padInput(_ context: Context, _ item: Int, _ chunk: Int) -> UnsafePointer<Float> {
    let g = geometry
    let source = context.value(inputs[0]) + item * context.layout(inputs[0]).itemCount
    if pairs.channels {
      return context.narrow(
        source, rows: g.rows.extent, count: g.columns.extent * g.channels, into: paddedInputs[chunk],
        width: g.columns.padded * g.channels, at: (g.rows.before * g.columns.padded + g.columns.before) * g.channels)
    }
    if g.rows.padded == g.rows.extent && g.columns.padded == g.columns.extent { return UnsafePointer(source) }
    let pixel = g.channels * g.groups
    let target = paddedInputs[chunk].pointer + (g.rows.before * g.columns.padded + g.columns.before) * pixel
    for row in 0..<g.rows.extent {
      (target + row * g.columns.padded * pixel).update(
        from: source + row * g.columns.extent * pixel, count: g.columns.extent * pixel)
    }
    return UnsafePointer(paddedInputs[chunk].pointer)
  }

  // MARK: Backward

  override func backward(_ context: Context) {
    let accumulates = accumulates[0]
    if accumulates != nil { packBackward(context) }
    for buffer in filterGradients { buffer.pointer.update(repeating: 0, count: buffer.count) }
    for buffer in biasSums { buffer.pointer.update(repeating: 0, count: buffer.count) }
    context.workers.overBatch(context.count) { chunk, range in
      maskGradient(context, range, clamp)
      if bias != nil { addBiasSums(context, range, chunk) }
      if geometry.isPointwise {
        if !sumsWholeBatch {
          addFilterGradient(
            context, input: inputs(context, range.lowerBound), item: range.lowerBound, chunk: chunk, rows: 1,
            columns: range.count * geometry.rows.extent * geometry.columns.extent)
        }
        if let accumulates { pointwiseInputGradient(context, range, accumulates) }
        return
      }
      for item in range {
        if pairs.rows { pairRows(context, item, chunk) }
        addFilterGradient(
          context, input: pairs.rows ? UnsafePointer(pairedInputs[chunk].pointer) : padInput(context, item, chunk),
          item: item, chunk: chunk, rows: geometry.rows.results, columns: geometry.columns.results)
        if let accumulates { inputGradient(context, item, chunk, accumulates) }
      }
    }
    if sumsWholeBatch {
      addFilterGradient(context, input: inputs(context, 0), item: 0, chunk: 0, rows: 1, columns: context.count)
    }
    collectGradients()
  }

  private func inputs(_ context: Context, _ item: Int) -> UnsafePointer<Float> {
    UnsafePointer(context.value(inputs[0]) + item * context.layout(inputs[0]).itemCount)
  }

  private func packBackward(_ context: Context) {
    for pass in backwardPasses {
      for group in 0..<geometry.packedGroups {
        pass.packing.pack(
          group: group, weights.effective.pointer, pass.packed.pointer + group * pass.packing.groupCount)
      }
      if pairs.outputs { context.pairRows(of: pass.packed) }
    }
  }

  /// Adds the sums of the gradient by output channel, runs of pixels at a time.
  private func addBiasSums(_ context: Context, _ range: Range<Int>, _ chunk: Int) {
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

  private func addFilterGradient(
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
  private func pairRows(_ context: Context, _ item: Int, _ chunk: Int) {
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

  private func pointwiseInputGradient(_ context: Context, _ range: Range<Int>, _ accumulates: Bool) {
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

  private func inputGradient(_ context: Context, _ item: Int, _ chunk: Int, _ accumulates: Bool) {
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

  /// Adds up the chunks, in their order, into the parameters' gradients.
  private func collectGradients() {
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
