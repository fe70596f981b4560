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
  let geometry: ConvolutionGeometry
  let weights: Parameter
  let bias: Parameter?
  let clamp: Clamp?
  let forwardPacking: FilterPacking
  let backwardPasses: [BackwardPass]
  let packedForward: FloatBuffer
  let biases: FloatBuffer
  let zeros: FloatBuffer
  let paddedInputs: [FloatBuffer]
  let paddedGradients: [FloatBuffer]
  /// Of each chunk; dense layers, whose sums take more memory than their values, have one for all.
  let filterGradients: [FloatBuffer]
  let sumsWholeBatch: Bool
  let biasSums: [FloatBuffer]
  let addends: [FloatBuffer]
  let segmentOffsets: [Int]
  /// Which products are those of bf16 pairs.
  let pairs: Pairs
  let pairedInputs: [FloatBuffer]
  let pairedGradients: [FloatBuffer]

  struct Pairs {
    var channels = false
    var outputs = false
    var rows = false

    init(_ precision: TrainingPrecision, _ g: ConvolutionGeometry) {
      guard precision == .bfloat16, g.groups == 1, !g.isPointwise, g.rows.results > 1 else { return }
      (channels, outputs, rows) = (g.channels % 2 == 0, g.outputs % 2 == 0, true)
    }
  }

  /// The input places of one remainder by the strides.
  struct BackwardPass {
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
  func convolve(
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
  func padInput(_ context: Context, _ item: Int, _ chunk: Int) -> UnsafePointer<Float> {
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
}
