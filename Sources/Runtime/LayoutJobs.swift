import CKernels
import Graphs
import Planning
import Tensors

typealias ReorderingKernel = @convention(c) (UnsafePointer<dc_reordering>?) -> Void

/// Planes to pixels or pixels to planes, image by image.
final class ReorderingJob: Job {
  private let kernel: ReorderingKernel
  private let first: dc_reordering
  private let images: Int
  private let inputImageStride: Int
  private let outputImageStride: Int

  init(
    kernel: ReorderingKernel, first: dc_reordering, images: Int, inputImageStride: Int, outputImageStride: Int
  ) {
    self.kernel = kernel
    self.first = first
    self.images = images
    self.inputImageStride = inputImageStride
    self.outputImageStride = outputImageStride
    super.init(work: images * Int(first.rows) * Int(first.columns) * Int(first.channels))
  }

  override func run(part: Int, of parts: Int) {
    for image in Job.share(images, part: part, of: parts) {
      var call = first
      call.input += image * inputImageStride
      call.output += image * outputImageStride
      kernel(&call)
    }
  }
}

/// Copies blocks of pixels.
final class CopyJob: Job {
  private let copies: [(region: CopyRegion, source: UnsafeRawPointer)]
  private let destination: UnsafeMutableRawPointer

  init(_ copies: [(region: CopyRegion, source: UnsafeRawPointer)], to destination: UnsafeMutableRawPointer) {
    self.copies = copies
    self.destination = destination
    super.init(
      work: copies.reduce(0) { $0 + $1.region.images * $1.region.rows * $1.region.columns * $1.region.byteCount })
  }

  override func run(part: Int, of parts: Int) {
    for (region, source) in copies {
      let isContiguous = region.source.column == region.byteCount && region.destination.column == region.byteCount
      for line in Job.share(region.images * region.rows, part: part, of: parts) {
        let (image, row) = (line / region.rows, line % region.rows)
        let from = source + region.source.place(image, row, 0)
        let to = destination + region.destination.place(image, row, 0)
        if isContiguous {
          to.copyMemory(from: from, byteCount: region.columns * region.byteCount)
        } else {
          for column in 0..<region.columns {
            (to + column * region.destination.column).copyMemory(
              from: from + column * region.source.column, byteCount: region.byteCount)
          }
        }
      }
    }
  }
}

/// Writes the border of every image of a map.
final class FillBorderJob: Job {
  private let layout: MapLayout
  private let base: UnsafeMutableRawPointer

  init(_ layout: MapLayout, _ base: UnsafeMutableRawPointer) {
    self.layout = layout
    self.base = base
    super.init(work: layout.imageByteCount)
  }

  override func run(part: Int, of parts: Int) {
    let border = layout.border
    let (row, pixel) = (layout.rowByteCount, layout.pixelByteCount)
    for image in Job.share(layout.images, part: part, of: parts) {
      let start = base + image * layout.imageByteCount
      // From the last pixel of one row to the first of the next it is one run.
      let first = border.top * row + border.left * pixel
      write(start, first)
      let gap = (border.right + border.left) * pixel
      if gap > 0 {
        for line in 1..<max(layout.rows, 1) { write(start + (border.top + line) * row - border.right * pixel, gap) }
      }
      let end = (border.top + layout.rows) * row - border.right * pixel
      write(start + end, layout.imageByteCount - end)
    }
  }

  private func write(_ start: UnsafeMutableRawPointer, _ byteCount: Int) {
    layout.fill.write(start, byteCount)
  }
}

/// Writes a whole map.
final class FillJob: Job {
  private let layout: MapLayout
  private let base: UnsafeMutableRawPointer
  private let fill: Fill

  init(_ layout: MapLayout, _ base: UnsafeMutableRawPointer, _ fill: Fill) {
    self.layout = layout
    self.base = base
    self.fill = fill
    super.init(work: layout.byteCount / 16)
  }

  override func run(part: Int, of parts: Int) {
    let range = Job.share(layout.images, part: part, of: parts)
    fill.write(base + range.lowerBound * layout.imageByteCount, range.count * layout.imageByteCount)
  }
}

extension Fill {
  fileprivate func write(_ start: UnsafeMutableRawPointer, _ byteCount: Int) {
    switch self {
    case .code(let code): start.initializeMemory(as: UInt8.self, repeating: code, count: byteCount)
    case .real(let real): start.initializeMemory(as: Float.self, repeating: real, count: byteCount / 4)
    }
  }
}

extension JobBuilder {
  func interleaveJob(_ rule: QuantizeRule?, _ step: Step) -> Job {
    let output = map(step.writes)
    let elementType = rule == nil ? output.elementType : .float32
    let planeBytes = output.rows * output.columns * elementType.byteCount
    var call = reordering(output, elementType, rule)
    call.input = UnsafeRawPointer(pointer(step.reads[0]))
    call.output = UnsafeMutableRawPointer(interior(step.writes))
    let kernel =
      rule != nil
      ? kernels.interleave_f32u8 : elementType == .uint8 ? kernels.interleave_u8u8 : kernels.interleave_f32f32
    return ReorderingJob(
      kernel: kernel!, first: call, images: output.images, inputImageStride: output.channels * planeBytes,
      outputImageStride: output.imageByteCount)
  }

  func deinterleaveJob(_ rule: QuantizeRule?, _ step: Step) -> Job {
    let input = map(step.reads[0])
    let elementType = rule == nil ? input.elementType : .float32
    let planeBytes = input.rows * input.columns * elementType.byteCount
    var call = reordering(input, elementType, rule)
    call.input = UnsafeRawPointer(interior(step.reads[0]))
    call.output = pointer(step.writes)
    let kernel =
      rule != nil
      ? kernels.deinterleave_u8f32 : elementType == .uint8 ? kernels.deinterleave_u8u8 : kernels.deinterleave_f32f32
    return ReorderingJob(
      kernel: kernel!, first: call, images: input.images, inputImageStride: input.imageByteCount,
      outputImageStride: input.channels * planeBytes)
  }

  /// - Parameter planar: the element type of the planes.
  private func reordering(_ map: MapLayout, _ planar: ElementType, _ rule: QuantizeRule?) -> dc_reordering {
    var call = dc_reordering()
    call.planeRowStride = map.columns * planar.byteCount
    call.planeStride = map.rows * map.columns * planar.byteCount
    call.pixelRowStride = map.rowByteCount
    call.pixelColumnStride = map.pixelByteCount
    call.rows = Int32(map.rows)
    call.columns = Int32(map.columns)
    call.channels = Int32(map.channels)
    call.scale = rule?.scale ?? 1
    call.zeroPoint = Int32(rule?.zeroPoint ?? 0)
    return call
  }

  func copyJob(_ regions: [CopyRegion], _ step: Step) -> Job {
    CopyJob(regions.map { ($0, UnsafeRawPointer(pointer(step.reads[$0.read]))) }, to: pointer(step.writes))
  }

  /// A constant is copied from memory that stays, each time: its place in the arena may be used by others.
  func constantJob(_ id: ValueID, _ step: Step) -> Job {
    guard let tensor = schedule.graph.constants[id]?.tensor else { preconditionFailure("A constant has a value") }
    let source = storage.allocate(tensor.byteCount)
    tensor.copyBytes(to: source)
    let strides = CopyRegion.Strides(offset: 0, image: 0, row: 0, column: tensor.byteCount)
    let region = CopyRegion(
      read: 0, images: 1, rows: 1, columns: 1, byteCount: tensor.byteCount, source: strides, destination: strides)
    return CopyJob([(region, UnsafeRawPointer(source))], to: pointer(step.writes))
  }
}
