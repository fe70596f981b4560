import CKernels
import Graphs
import Planning
import Reference
import Tensors

typealias MapKernel = @convention(c) (UnsafePointer<dc_map>?) -> Void

/// An elementwise kernel over a batch of maps, in blocks of rows: an image a block where the pixels of both sides have
/// the same stride, else a line of pixels a block.
final class MapJob: Job {
  private let kernel: MapKernel
  private let first: dc_map
  private let blocks: Blocks

  struct Blocks {
    var images: Int
    var lines: Int
    var imageStrides: (input: Int, other: Int, output: Int)
    var lineStrides: (input: Int, other: Int, output: Int)
  }

  init(kernel: MapKernel, first: dc_map, blocks: Blocks) {
    self.kernel = kernel
    self.first = first
    self.blocks = blocks
    super.init(work: blocks.images * blocks.lines * Int(first.rows) * Int(first.count))
  }

  override func run(part: Int, of parts: Int) {
    let count = blocks.images * blocks.lines
    if count >= parts {
      for block in Job.share(count, part: part, of: parts) { run(block, 0..<Int(first.rows)) }
    } else {
      let rows = Job.share(Int(first.rows), part: part, of: parts)
      for block in 0..<count where !rows.isEmpty { run(block, rows) }
    }
  }

  private func run(_ block: Int, _ rows: Range<Int>) {
    let (image, line) = (block / blocks.lines, block % blocks.lines)
    let begin = rows.lowerBound
    var call = first
    call.input += image * blocks.imageStrides.input + line * blocks.lineStrides.input + begin * first.inputRowStride
    call.output +=
      image * blocks.imageStrides.output + line * blocks.lineStrides.output + begin * first.outputRowStride
    if call.other != nil {
      call.other += image * blocks.imageStrides.other + line * blocks.lineStrides.other + begin * first.otherRowStride
    }
    call.rows = Int32(rows.count)
    kernel(&call)
  }
}

/// A function of one real element, by its definition.
final class UnaryJob: Job {
  private let function: UnaryFunction
  private let input: UnsafePointer<Float>
  private let output: UnsafeMutablePointer<Float>
  private let regions: CopyRegion

  init(_ function: UnaryFunction, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ regions: CopyRegion) {
    self.function = function
    self.input = input.assumingMemoryBound(to: Float.self)
    self.output = output.assumingMemoryBound(to: Float.self)
    self.regions = regions
    super.init(work: regions.images * regions.rows * regions.columns * regions.byteCount * 4)
  }

  override func run(part: Int, of parts: Int) {
    let range = Job.share(regions.images * regions.rows, part: part, of: parts)
    let count = regions.byteCount / 4
    for line in range {
      let (image, row) = (line / regions.rows, line % regions.rows)
      for column in 0..<regions.columns {
        let source = input + regions.source.place(image, row, column) / 4
        let target = output + regions.destination.place(image, row, column) / 4
        for channel in 0..<count { target[channel] = function.value(at: source[channel]) }
      }
    }
  }
}

/// Softmax over the channels of each pixel, with the sums in double precision as in `Reference`.
final class SoftmaxJob: Job {
  private let isLogarithmic: Bool
  private let input: UnsafePointer<Float>
  private let output: UnsafeMutablePointer<Float>
  private let regions: CopyRegion

  init(
    isLogarithmic: Bool, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ regions: CopyRegion
  ) {
    self.isLogarithmic = isLogarithmic
    self.input = input.assumingMemoryBound(to: Float.self)
    self.output = output.assumingMemoryBound(to: Float.self)
    self.regions = regions
    super.init(work: regions.images * regions.rows * regions.columns * regions.byteCount * 8)
  }

  override func run(part: Int, of parts: Int) {
    let range = Job.share(regions.images * regions.rows, part: part, of: parts)
    for line in range {
      let (image, row) = (line / regions.rows, line % regions.rows)
      for column in 0..<regions.columns {
        softmax(
          input + regions.source.place(image, row, column) / 4,
          output + regions.destination.place(image, row, column) / 4, count: regions.byteCount / 4)
      }
    }
  }

  private func softmax(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int) {
    var largest = -Float.infinity
    for index in 0..<count { largest = max(largest, x[index]) }
    var sum = 0.0
    for index in 0..<count { sum += dc_exp(Double(x[index]) - Double(largest)) }
    let logarithm = dc_log(sum)
    for index in 0..<count {
      let distance = Double(x[index]) - Double(largest)
      y[index] = Float(isLogarithmic ? distance - logarithm : dc_exp(distance) / sum)
    }
  }
}

extension CopyRegion.Strides {
  func place(_ image: Int, _ row: Int, _ column: Int) -> Int {
    offset + image * self.image + row * self.row + column * self.column
  }
}

extension JobBuilder {
  func elementwiseJob(_ step: Step) -> Job {
    switch step.action {
    case .unary(let function):
      if let clamp = function.clamp {
        var call = mapCall(step)
        (call.lowest, call.highest) = (clamp.lower, clamp.upper)
        return mapJob(kernels.clamp_f32f32, call, step)
      }
      return UnaryJob(function, pointer(step.reads[0]), pointer(step.writes), region(step))
    case .softmax(let isLogarithmic):
      return SoftmaxJob(
        isLogarithmic: isLogarithmic, pointer(step.reads[0]), pointer(step.writes), region(step))
    case .addition(let rule):
      var call = mapCall(step)
      call.rule = dc_sum_rule(rule)
      return mapJob(kernels.add_u8u8u8, call, step)
    case .binary(let function, let clamp):
      var call = mapCall(step)
      (call.lowest, call.highest) = (clamp?.lower ?? -.infinity, clamp?.upper ?? .infinity)
      return mapJob(function == .add ? kernels.add_f32f32f32 : kernels.mul_f32f32f32, call, step)
    case .lookup(let table):
      var call = mapCall(step)
      call.table = storage.copy(table.results)
      return mapJob(kernels.lookup_u8u8, call, step)
    case .quantize(let scale, let zeroPoint):
      var call = mapCall(step)
      (call.scale, call.zeroPoint) = (scale, Int32(zeroPoint))
      return mapJob(kernels.quantize_f32u8, call, step)
    case .dequantize(let scale, let zeroPoint):
      var call = mapCall(step)
      (call.scale, call.zeroPoint) = (scale, Int32(zeroPoint))
      return mapJob(kernels.dequantize_u8f32, call, step)
    case .weightedSum, .pooling, .interleave, .deinterleave, .copy, .fillBorder, .fill, .constant, .reference:
      preconditionFailure("Not elementwise")
    }
  }

  private func region(_ step: Step) -> CopyRegion { CopyRegion(map(step.reads[0]), map(step.writes)) }

  private func mapCall(_ step: Step) -> dc_map {
    var call = dc_map()
    call.input = UnsafeRawPointer(start(step.reads[0]))
    call.output = UnsafeMutableRawPointer(start(step.writes))
    if step.reads.count > 1 { call.other = UnsafeRawPointer(start(step.reads[1])) }
    return call
  }

  private func start(_ id: BufferID) -> UnsafeMutableRawPointer {
    if case .map = layout(id) { interior(id) } else { pointer(id) }
  }

  private func mapJob(_ kernel: MapKernel, _ call: dc_map, _ step: Step) -> Job {
    var call = call
    guard case .map(let output) = layout(step.writes), case .map = layout(step.reads[0]) else {
      // Bytes in the order of the tensor on both sides.
      call.rows = 1
      call.count = Int32(min(layout(step.writes).elementCount, layout(step.reads[0]).elementCount))
      let none = (input: 0, other: 0, output: 0)
      return MapJob(
        kernel: kernel, first: call, blocks: .init(images: 1, lines: 1, imageStrides: none, lineStrides: none))
    }
    let input = map(step.reads[0])
    let other = step.reads.count > 1 ? map(step.reads[1]) : input
    let rows = (input: input.rowByteCount, other: other.rowByteCount, output: output.rowByteCount)
    let pixels = (input: input.pixelByteCount, other: other.pixelByteCount, output: output.pixelByteCount)
    let hasOneStride = input.channelStride == output.channelStride
    let strides = hasOneStride ? rows : pixels
    (call.inputRowStride, call.otherRowStride, call.outputRowStride) = strides
    call.rows = Int32(hasOneStride ? output.rows : output.columns)
    call.count = Int32(hasOneStride ? output.columns * output.channelStride : output.channels)
    let images = (input: input.imageByteCount, other: other.imageByteCount, output: output.imageByteCount)
    return MapJob(
      kernel: kernel, first: call,
      blocks: .init(
        images: output.images, lines: hasOneStride ? 1 : output.rows, imageStrides: images, lineStrides: rows))
  }
}

extension BufferLayout {
  /// Elements that the buffer holds, between and around pixels too.
  var elementCount: Int {
    switch self {
    case .planar(_, let shape): shape.elementCount
    case .map(let map): map.images * map.imageByteCount / map.elementType.byteCount
    }
  }
}

extension UnaryFunction {
  /// The limits, if this function is nothing else.
  fileprivate var clamp: Clamp? {
    switch self {
    case .relu: .relu
    case .clip(let clamp): clamp
    default: nil
    }
  }
}
