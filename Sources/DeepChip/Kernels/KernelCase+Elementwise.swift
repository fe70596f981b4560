import Kernels

extension KernelCase {
  private var isOfValues: Bool {
    switch operation {
    case .poolGreatestValues, .poolMeanValues, .addValues, .multiplyValues, .clampValues, .quantize: true
    default: false
    }
  }

  /// Windows of 2 x 2 in steps of 2, or all pixels in one where `shape.window` is the map.
  func pooling() -> Kernels.Pooling {
    let size = isOfValues ? 4 : 1
    let channels = shape.channels
    let columns = shape.columns * shape.window
    let count = shape.pixels * shape.window * shape.window * channels
    var call = Kernels.Pooling()
    call.window.input = UnsafeRawPointer(isOfValues ? values(count) : codes(count))
    call.window.output = bytes(shape.pixels * channels * size)
    var offsets: [Int] = []
    for row in 0..<shape.window {
      for column in 0..<shape.window { offsets.append((row * columns + column) * channels * size) }
    }
    call.window.segmentOffsets = keep(offsets)
    call.window.segmentCount = Int32(offsets.count)
    call.window.segmentLength = 1
    call.window.inputRowStride = columns * shape.window * channels * size
    call.window.inputColumnStride = shape.window * channels * size
    call.window.outputRowStride = shape.columns * channels * size
    call.window.outputColumnStride = channels * size
    call.window.columns = Int32(shape.columns)
    call.window.pixelEnd = Int32(shape.pixels)
    call.window.channelEnd = Int32(channels)
    call.requantization = requantization(channels)
    call.divisor = Float(offsets.count)
    byteCount = (count + shape.pixels * channels) * size
    return call
  }

  /// One run over all elements.
  func map() -> ElementwiseMap {
    let count = shape.pixels * shape.channels
    let inputSize = isOfValues ? 4 : 1
    let outputSize: Int
    switch operation {
    case .addValues, .multiplyValues, .clampValues, .dequantize: outputSize = 4
    default: outputSize = 1
    }
    var call = ElementwiseMap()
    call.input = UnsafeRawPointer(isOfValues ? values(count) : codes(count))
    call.output = bytes(count * outputSize)
    call.rows = 1
    call.count = Int32(count)
    byteCount = count * (inputSize + outputSize)
    switch operation {
    case .addCodes, .addValues, .multiplyValues:
      call.other = UnsafeRawPointer(isOfValues ? values(count) : codes(count))
      byteCount += count * inputSize
    default: break
    }
    call.table = keep((0...255).map { UInt8(255 - $0) })
    call.rule = sumRule
    call.scale = 0.01
    call.zeroPoint = 128
    (call.lowest, call.highest) = (-0.5, 0.5)
    return call
  }

  /// Between planes and pixels.
  func reordering() -> Reordering {
    var (planeSize, pixelSize) = (4, 4)
    var toPixels = true
    switch operation {
    case .interleaveCodes: (planeSize, pixelSize) = (1, 1)
    case .interleaveQuantizing: (planeSize, pixelSize) = (4, 1)
    case .deinterleaveValues: toPixels = false
    case .deinterleaveCodes: (planeSize, pixelSize, toPixels) = (1, 1, false)
    case .deinterleaveDequantizing: (planeSize, pixelSize, toPixels) = (4, 1, false)
    default: break
    }
    let count = shape.pixels * shape.channels
    let inputSize = toPixels ? planeSize : pixelSize
    var call = Reordering()
    call.input = UnsafeRawPointer(inputSize == 4 ? values(count) : codes(count))
    call.output = bytes(count * (toPixels ? pixelSize : planeSize))
    call.planeStride = shape.pixels * planeSize
    call.planeRowStride = shape.columns * planeSize
    call.pixelRowStride = shape.columns * shape.channels * pixelSize
    call.pixelColumnStride = shape.channels * pixelSize
    call.rows = Int32(shape.rows)
    call.columns = Int32(shape.columns)
    call.channels = Int32(shape.channels)
    call.scale = 0.01
    call.zeroPoint = 128
    byteCount = count * (planeSize + pixelSize)
    return call
  }
}
