import CKernels
import Planning
import Tensors

typealias PoolingKernel = @convention(c) (UnsafePointer<dc_pooling>?) -> Void

/// Pooling of a batch of maps.
final class PoolingJob: Job {
  private let kernel: PoolingKernel
  private let first: dc_pooling
  private let images: Int
  private let pixels: Int
  private let inputImageStride: Int
  private let outputImageStride: Int

  init(
    kernel: PoolingKernel, first: dc_pooling, images: Int, pixels: Int, inputImageStride: Int,
    outputImageStride: Int, work: Int
  ) {
    self.kernel = kernel
    self.first = first
    self.images = images
    self.pixels = pixels
    self.inputImageStride = inputImageStride
    self.outputImageStride = outputImageStride
    super.init(work: work)
  }

  override func run(part: Int, of parts: Int) {
    let range = Job.share(images * pixels, part: part, of: parts)
    guard !range.isEmpty else { return }
    for image in range.lowerBound / pixels...(range.upperBound - 1) / pixels {
      var call = first
      call.window.input += image * inputImageStride
      call.window.output += image * outputImageStride
      call.window.pixelBegin = Int32(max(range.lowerBound - image * pixels, 0))
      call.window.pixelEnd = Int32(min(range.upperBound - image * pixels, pixels))
      kernel(&call)
    }
  }
}

extension JobBuilder {
  func poolingJob(_ pooling: MapPooling, _ step: Step) -> Job {
    let (input, output) = (map(step.reads[0]), map(step.writes))
    let taps = MapTaps(kernel: pooling.kernel, dilations: pooling.dilations, map: input, isSplit: true)
    let origin =
      input.interiorOffset - pooling.origin.rows * input.rowByteCount
      - pooling.origin.columns * input.pixelByteCount
    var call = dc_pooling()
    call.window.input = UnsafeRawPointer(pointer(step.reads[0]) + origin)
    call.window.output = UnsafeMutableRawPointer(interior(step.writes))
    call.window.segmentOffsets = storage.copy(taps.offsets)
    call.window.segmentCount = Int32(taps.offsets.count)
    call.window.segmentLength = 1
    call.window.inputRowStride = pooling.strides.rows * input.rowByteCount
    call.window.inputColumnStride = pooling.strides.columns * input.pixelByteCount
    call.window.outputRowStride = output.rowByteCount
    call.window.outputColumnStride = output.pixelByteCount
    call.window.columns = Int32(output.columns)
    call.window.channelBegin = 0
    call.window.channelEnd = Int32(output.channels)
    let kernel: PoolingKernel
    switch (pooling.kind, input.elementType) {
    case (.maximum, .uint8): kernel = kernels.maxpool_u8u8
    case (.maximum, _): kernel = kernels.maxpool_f32f32
    case (.mean(let divisor), _):
      kernel = kernels.avgpool_f32f32
      call.divisor = divisor
    case (.codes(let rule), _):
      kernel = kernels.avgpool_u8u8
      call.requantization = requantization(rule, 0..<1)
    }
    let pixels = output.rows * output.columns
    return PoolingJob(
      kernel: kernel, first: call, images: input.images, pixels: pixels, inputImageStride: input.imageByteCount,
      outputImageStride: output.imageByteCount,
      work: input.images * pixels * output.channels * pooling.kernel.rows * pooling.kernel.columns)
  }
}
