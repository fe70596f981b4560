import CKernels
import Coding
import Graphs
import Planning
import Tensors

import struct Kernels.GatheredFilters

typealias ConvolutionKernel = @convention(c) (UnsafePointer<dc_convolution>?) -> Void

/// A convolution or dense layer: one kernel call per image and group, over a range of output pixels.
final class WeightedSumJob: Job {
  private let kernel: ConvolutionKernel
  /// Which kernel it is, and why; nil where there is one only.
  fileprivate(set) var choice: KernelChoice?
  /// One per group, for the first image.
  private let groups: [dc_convolution]
  private let images: Int
  private let pixels: Int
  private let channels: Int
  /// Of which the channels of a part begin at a multiple.
  private let channelGrain: Int
  private let inputImageStride: Int
  private let outputImageStride: Int
  private let residualImageStride: Int

  init(
    kernel: ConvolutionKernel, groups: [dc_convolution], images: Int, pixels: Int, channels: Int,
    channelGrain: Int, inputImageStride: Int, outputImageStride: Int, residualImageStride: Int, work: Int
  ) {
    self.kernel = kernel
    self.groups = groups
    self.images = images
    self.pixels = pixels
    self.channels = channels
    self.channelGrain = channelGrain
    self.inputImageStride = inputImageStride
    self.outputImageStride = outputImageStride
    self.residualImageStride = residualImageStride
    super.init(work: work)
  }

  override func run(part: Int, of parts: Int) {
    if images * pixels >= 8 * parts || parts == 1 {
      runPixels(Job.share(images * pixels, part: part, of: parts), 0..<channels)
    } else {
      runPixels(0..<images * pixels, Job.share(channels, part: part, of: parts, grain: channelGrain))
    }
  }

  private func runPixels(_ range: Range<Int>, _ channels: Range<Int>) {
    guard !range.isEmpty, !channels.isEmpty else { return }
    for image in range.lowerBound / pixels...(range.upperBound - 1) / pixels {
      let begin = max(range.lowerBound - image * pixels, 0)
      let end = min(range.upperBound - image * pixels, pixels)
      for group in groups {
        var call = group
        call.window.input += image * inputImageStride
        call.window.output += image * outputImageStride
        if call.residual.input != nil { call.residual.input += image * residualImageStride }
        call.window.pixelBegin = Int32(begin)
        call.window.pixelEnd = Int32(end)
        call.window.channelBegin = Int32(channels.lowerBound)
        call.window.channelEnd = Int32(channels.upperBound)
        kernel(&call)
      }
    }
  }
}

extension JobBuilder {
  func weightedSumJob(_ sum: WeightedSum, _ step: Step) throws(RuntimeError) -> Job {
    let (input, output) = (map(step.reads[0]), map(step.writes))
    let weights = LayerWeights(schedule.graph, sum, input: input)
    let isDepthwise =
      sum.groups > 1 && weights.channelsPerGroup == 1 && weights.outputs == sum.groups && sum.hasDepthwiseKernel
    let (window, isSinglePixel) = self.window(sum, input, output, step, isDepthwise: isDepthwise)
    var call = dc_convolution()
    call.window = window
    setResidual(sum, step, &call)
    if isSinglePixel { call.residual.columnStride = residualImageStride(step) }
    var groups: [dc_convolution] = []
    let count = isDepthwise ? 1 : sum.groups
    let outputs = weights.outputs / count
    let (packing, choice) = selection(sum, step, weights, window, input, output, isDepthwise: isDepthwise)
    // Of a pixel or two, the rule takes no time that counts.
    let sumBound = output.rows * output.columns > 2 ? weights.sumBound : nil
    for group in 0..<count {
      var own = call
      let elementOffset = isDepthwise ? 0 : group * weights.channelsPerGroup
      own.window.input = call.window.input + elementOffset * input.elementType.byteCount
      own.window.output = call.window.output + group * outputs * output.elementType.byteCount
      let range = group * outputs..<(group + 1) * outputs
      switch packing {
      case .gather(let filters, let columns):
        own.joinPixels(columns, windowStep: sum.strides.columns * input.pixelByteCount)
        setParameters(
          sum, filters[group].places.map { group * outputs + $0 % outputs }, sumBound: sumBound, &own)
        own.weights = GatheredGroup(filters[group], storage).weights
      case .packed(let filters):
        setParameters(sum, Array(range), sumBound: sumBound, &own)
        own.weights = LeveledGroup(filters[group], storage).weights
      case .binary(let filters):
        setParameters(sum, Array(range), sumBound: sumBound, &own)
        own.weights = BinaryGroup(filters[group], storage).weights
      case .add(let filters):
        setParameters(sum, Array(range), sumBound: sumBound, &own)
        own.weights = AddedGroup(filters[group], storage).weights
      case .dense:
        setParameters(sum, Array(range), sumBound: sumBound, &own)
        // What stays coded is packed in every run.
        guard streams[sum.weights] == nil else { break }
        own.weights = UnsafeRawPointer(weights.packed(range, input, isDepthwise: isDepthwise, storage))
      }
      groups.append(own)
    }
    let kernel =
      switch packing {
      case .gather: gatherKernel(sum)
      case .packed: packedKernel(sum)
      case .binary: binaryKernel(sum)
      case .add: addKernel(sum)
      case .dense: kernel(sum, isDepthwise: isDepthwise)
      }
    if let coded = streams[sum.weights] {
      let strides = StreamedSumJob.ImageStrides(
        input: input.imageByteCount, output: output.imageByteCount, residual: residualImageStride(step))
      do throws(CodingError) {
        return try StreamedSumJob(
          kernel: kernel, groups: groups, filters: weights.filters(0..<outputs, input, isDepthwise: false),
          weights: coded, images: isSinglePixel ? 1 : input.images,
          pixels: isSinglePixel ? input.images : output.rows * output.columns, channels: outputs, strides: strides,
          outputByteCount: output.elementType.byteCount, buffers: streamBuffers)
      } catch { throw .weights(name: schedule.graph.nodes[step.node].name, error) }
    }
    // Pixels that are computed as one are fewer, with more channels.
    let (joined, grain) =
      if case .gather(_, let columns) = packing { (columns, GatheredFilters.span) } else {
        (1, Int(DC_CHANNEL_BLOCK) * 4)
      }
    let job = WeightedSumJob(
      kernel: kernel, groups: groups, images: isSinglePixel ? 1 : input.images,
      pixels: isSinglePixel ? input.images : output.rows * output.columns / joined, channels: outputs * joined,
      channelGrain: grain, inputImageStride: input.imageByteCount, outputImageStride: output.imageByteCount,
      residualImageStride: residualImageStride(step),
      work: work(input, output, weights))
    job.choice = choice
    return job
  }

  /// How a layer is computed, and why; layers of codes have a choice.
  private func selection(
    _ sum: WeightedSum, _ step: Step, _ weights: LayerWeights, _ window: dc_window, _ input: MapLayout,
    _ output: MapLayout, isDepthwise: Bool
  ) -> (WeightedSumSelector.Packing, KernelChoice?) {
    guard input.elementType == .uint8, !isDepthwise, streams[sum.weights] == nil else { return (.dense, nil) }
    let addsResidual =
      switch sum.residual {
      case .none: false
      case .codes, .float: true
      }
    let (packing, choice) = WeightedSumSelector(
      weights: weights, density: weights.density, input: input, pixels: input.images * output.rows * output.columns,
      windowLength: Int(window.segmentCount) * Int(window.segmentLength),
      windowStep: Int(window.segmentCount) * sum.strides.columns * input.channelStride, groups: sum.groups,
      columns: columnsThatJoin(sum, weights, input, output), addsResidual: addsResidual,
      slides: window.inputColumnStride == 16 && window.segmentLength == 48,
      planes: planes(sum, input, output),
      preference: kernelSelection.preference(for: schedule.graph.nodes[step.node].name),
      costs: costs, codeBits: codeBits(sum)
    ).selection()
    return (packing, choice)
  }

  /// Columns of the result whose codes lie side by side without gaps; 1 where they do not.
  private func columnsThatJoin(
    _ sum: WeightedSum, _ weights: LayerWeights, _ input: MapLayout, _ output: MapLayout
  ) -> Int {
    guard case .codes = sum.result, !weights.isSplit, output.channelStride == output.channels,
      input.channelStride % 4 == 0
    else { return 1 }
    return output.rows * output.columns == 1 ? 1 : output.columns
  }

  /// What the way that adds up codes needs to know; nil where it cannot compute a layer.
  private func planes(
    _ sum: WeightedSum, _ input: MapLayout, _ output: MapLayout
  ) -> WeightedSumSelector.Planes? {
    guard case .codes = sum.result, sum.dilations == (1, 1), output.rows * output.columns > 2 else { return nil }
    return (output.rows, output.columns, sum.strides)
  }

  private func addKernel(_ sum: WeightedSum) -> ConvolutionKernel {
    switch sum.residual {
    case .none: kernels.conv_u8a2u8
    case .codes, .float: kernels.convadd_u8a2u8
    }
  }

  private func binaryKernel(_ sum: WeightedSum) -> ConvolutionKernel {
    switch sum.result {
    case .codes: kernels.conv_u8b1u8
    case .real, .float: kernels.conv_u8b1f32
    }
  }

  /// Bits that the codes of a layer's input have, and those that its windows see.
  private func codeBits(_ sum: WeightedSum) -> (inside: UInt8, everywhere: UInt8) {
    let layer = schedule.graph.nodes.first { $0.inputs.count > 1 && $0.inputs[1] == sum.weights }
    guard let input = layer?.inputs[0] else { return (255, 255) }
    let bits = codeSets[input.index].bits
    switch sum.outside {
    case .code(let code): return (bits, bits | code)
    case .real: return (bits, bits)
    }
  }

  private func packedKernel(_ sum: WeightedSum) -> ConvolutionKernel {
    switch sum.result {
    case .codes: kernels.conv_u8k4u8
    case .real, .float: kernels.conv_u8k4f32
    }
  }

  private func gatherKernel(_ sum: WeightedSum) -> ConvolutionKernel {
    switch (sum.result, sum.residual) {
    case (.codes, .none): kernels.conv_u8g8u8
    case (.codes, _): kernels.convadd_u8g8u8
    case (.real, _), (.float, _): kernels.conv_u8g8f32
    }
  }

  /// A float product takes four times as long as one of codes, and one whose weight is used once has to wait for that.
  private func work(_ input: MapLayout, _ output: MapLayout, _ weights: LayerWeights) -> Int {
    let pixels = input.images * output.rows * output.columns
    return pixels * weights.outputs * weights.rowLength * input.elementType.byteCount * (pixels == 1 ? 8 : 1)
  }

  private func kernel(_ sum: WeightedSum, isDepthwise: Bool) -> ConvolutionKernel {
    // As `WeightedSum.hasDepthwiseKernel` says.
    switch (sum.result, sum.residual) {
    case (.codes, .none): isDepthwise ? kernels.depthwise_u8s8u8 : kernels.conv_u8s8u8
    case (.codes, _): kernels.convadd_u8s8u8
    case (.real, _): kernels.conv_u8s8f32
    case (.float, _): isDepthwise ? kernels.depthwise_f32f32f32 : kernels.conv_f32f32f32
    }
  }

  /// Single-pixel outputs of a batch are one row of pixels, so that one call does them all.
  private func window(
    _ sum: WeightedSum, _ input: MapLayout, _ output: MapLayout, _ step: Step, isDepthwise: Bool
  ) -> (dc_window, isSinglePixel: Bool) {
    let isSinglePixel = output.rows * output.columns == 1
    let taps = MapTaps(
      kernel: sum.kernel, dilations: sum.dilations, map: input,
      isSplit: isDepthwise || sum.groups > 1 || sum.dilations.columns > 1)
    let origin =
      input.interiorOffset - sum.origin.rows * input.rowByteCount - sum.origin.columns * input.pixelByteCount
    let channels = sum.groups > 1 ? input.channels / sum.groups : input.channelStride
    var window = dc_window()
    window.input = UnsafeRawPointer(pointer(step.reads[0]) + origin)
    window.output = UnsafeMutableRawPointer(interior(step.writes))
    window.segmentOffsets = storage.copy(taps.offsets)
    window.segmentCount = Int32(taps.offsets.count)
    window.inputRowStride = sum.strides.rows * input.rowByteCount
    window.inputColumnStride =
      isSinglePixel ? input.imageByteCount : sum.strides.columns * input.pixelByteCount
    window.outputRowStride = output.rowByteCount
    window.outputColumnStride = isSinglePixel ? output.imageByteCount : output.pixelByteCount
    window.columns = Int32(isSinglePixel ? input.images : output.columns)
    let length = taps.isSplit ? channels : sum.kernel.columns * input.channelStride
    window.segmentLength =
      isDepthwise ? 1 : Int32(input.elementType == .uint8 ? (length + 3) & ~3 : length)
    return (window, isSinglePixel)
  }

  private func residualImageStride(_ step: Step) -> Int {
    step.reads.count > 1 ? map(step.reads[1]).imageByteCount : 0
  }

  private func setResidual(_ sum: WeightedSum, _ step: Step, _ call: inout dc_convolution) {
    guard step.reads.count > 1 else { return }
    let other = map(step.reads[1])
    call.residual.input = UnsafeRawPointer(interior(step.reads[1]))
    call.residual.rowStride = other.rowByteCount
    call.residual.columnStride = other.pixelByteCount
    if case .codes(let rule) = sum.residual { call.residual.rule = dc_sum_rule(rule) }
  }

  /// Result parameters of the output channels in `range`, in that order, readable up to the next multiple of a channel block.
  private func setParameters(_ sum: WeightedSum, _ range: [Int], sumBound: Int?, _ call: inout dc_convolution) {
    let block = Int(DC_CHANNEL_BLOCK) * 4
    switch sum.result {
    case .codes(let rule):
      call.requantization = requantization(rule, range, sumBound: sumBound)
    case .real(let scales, let offsets):
      call.scales = storage.copy(range.map { scales[scales.count == 1 ? 0 : $0] }, roundedUpTo: block)
      call.biases = storage.copy(range.map { offsets[offsets.count == 1 ? 0 : $0] }, roundedUpTo: block)
    case .float(let clamp):
      var biases = [Float](repeating: 0, count: range.count)
      if let id = sum.bias, let tensor = schedule.graph.constants[id]?.tensor.asFloat32 {
        biases = range.map { tensor.scalars[$0] }
      }
      call.biases = storage.copy(biases, roundedUpTo: block)
      call.lowest = clamp?.lower ?? -.infinity
      call.highest = clamp?.upper ?? .infinity
    }
  }

  /// The kernels' form of a requantization: with the rounding term in the offsets, one entry per channel.
  ///
  /// - Parameter sumBound: of the magnitudes of sums, where it is known; rules that reals hold exactly are then given as
  ///   such too.
  func requantization(
    _ rule: Requantization, _ range: some Collection<Int>, sumBound: Int? = nil
  ) -> dc_requantization {
    let block = Int(DC_CHANNEL_BLOCK) * 4
    let half = Int64(1) << Int64(rule.shift - 1)
    let isShared = rule.multipliers.count == 1
    var (multipliers, shift) = (range.map { rule.multipliers[isShared ? 0 : $0] }, rule.shift)
    var offsets = range.map { rule.offsets[isShared ? 0 : $0] + half }
    // Kernels are fastest with a shift of 32 or more; products stay below 2^62, so that sums with offsets fit.
    let zeros = Int64(32 - shift)
    if zeros > 0, multipliers.allSatisfy({ Int32(exactly: Int64($0) << zeros) != nil }),
      offsets.allSatisfy({ $0.magnitude < 1 << UInt64(62 - zeros) })
    {
      multipliers = multipliers.map { $0 << Int32(zeros) }
      offsets = offsets.map { $0 << zeros }
      shift = 32
    }
    var result = dc_requantization()
    result.multipliers = storage.copy(multipliers, roundedUpTo: block)
    result.offsets = storage.copy(offsets, roundedUpTo: block)
    result.shift = Int32(shift)
    result.lowest = UInt8(clamping: rule.codeRange.lowerBound)
    result.highest = UInt8(clamping: rule.codeRange.upperBound)
    if let sumBound, let reals = RealRule(multipliers, offsets, shift: shift, sumBound: sumBound) {
      result.realMultipliers = storage.copy(reals.multipliers, roundedUpTo: block)
      result.realOffsets = storage.copy(reals.offsets, roundedUpTo: block)
    }
    return result
  }
}

extension dc_convolution {
  /// Takes `count` pixels of a row, whose windows begin `windowStep` bytes apart, for one.
  fileprivate mutating func joinPixels(_ count: Int, windowStep: Int) {
    window.columns /= Int32(count)
    window.segmentLength += Int32((count - 1) * windowStep)
    window.inputColumnStride *= count
    window.outputColumnStride *= count
    residual.columnStride *= count
  }
}

extension dc_sum_rule {
  init(_ rule: AdditionRequantization) {
    self.init()
    offset = rule.offset + (Int64(1) << Int64(rule.shift - 1))
    multiplierA = rule.leftMultiplier
    multiplierB = rule.rightMultiplier
    shift = Int32(rule.shift)
    lowest = UInt8(clamping: rule.codeRange.lowerBound)
    highest = UInt8(clamping: rule.codeRange.upperBound)
  }
}

/// Where the runs of a window begin, in bytes from its first element.
struct MapTaps {
  var offsets: [Int]
  /// One run per kernel element instead of one per kernel row.
  var isSplit: Bool

  init(
    kernel: (rows: Int, columns: Int), dilations: (rows: Int, columns: Int), map: MapLayout, isSplit: Bool
  ) {
    self.isSplit = isSplit
    offsets = []
    for row in 0..<kernel.rows {
      let start = row * dilations.rows * map.rowByteCount
      if isSplit {
        for column in 0..<kernel.columns { offsets.append(start + column * dilations.columns * map.pixelByteCount) }
      } else {
        offsets.append(start)
      }
    }
  }
}

extension WeightedSum {
  /// Whether there is a kernel for depthwise layers with such results; others go group by group.
  fileprivate var hasDepthwiseKernel: Bool {
    switch (result, residual) {
    case (.codes, .none), (.float, _): true
    case (.codes, _), (.real, _): false
    }
  }
}
