import Kernels

extension KernelCase {
  /// What one image adds to the gradient of filters; pairs of pixels count double.
  func filterGradient() -> FilterGradient {
    let isOfPairs = operation == .accumulateFilterGradientOfPairs
    let channels = shape.channels
    let columns = shape.columns + shape.window - 1
    let count = (shape.rows + shape.window - 1) * columns * channels
    let width = (shape.outputs + 15) / 16 * 16
    var call = FilterGradient()
    call.input = floats(isOfPairs ? pairs(count) : values(count))
    call.gradient = floats(isOfPairs ? pairs(shape.pixels * shape.outputs) : values(shape.pixels * shape.outputs))
    let results = shape.window * shape.window * channels * width
    call.result = bytes(results * 4).assumingMemoryBound(to: Float.self)
    call.segmentOffsets = keep((0..<shape.window).map { $0 * columns * channels * 4 })
    call.inputRowStride = columns * channels * 4
    call.inputColumnStride = channels * 4
    call.gradientRowStride = shape.columns * shape.outputs * 4
    call.gradientColumnStride = shape.outputs * 4
    call.segmentCount = Int32(shape.window)
    call.segmentLength = Int32(shape.window * channels)
    call.rows = Int32(shape.rows)
    call.columns = Int32(shape.columns)
    call.outputs = Int32(shape.outputs)
    macCount = shape.pixels * shape.window * shape.window * channels * shape.outputs * (isOfPairs ? 2 : 1)
    byteCount = (count + shape.pixels * shape.outputs + 2 * results) * 4
    return call
  }

  /// Values to words of two bf16 numbers.
  func narrowing() -> Narrowing {
    let count = shape.pixels * shape.channels
    var call = Narrowing()
    call.first = floats(values(count))
    call.second = floats(values(count))
    call.result = bytes(count * 4)
    call.inputStride = shape.columns * shape.channels * 4
    call.resultStride = call.inputStride
    call.rows = Int32(shape.rows)
    call.count = Int32(shape.columns * shape.channels)
    byteCount = count * 12
    return call
  }

  /// Operations on pixels with parameters by channel.
  func channelwise() -> Channelwise {
    let (pixels, channels) = (shape.pixels, shape.channels)
    let count = pixels * channels
    var call = Channelwise()
    call.input = floats(values(count))
    call.gradient = floats(values(count))
    call.result = bytes(count * 4).assumingMemoryBound(to: Float.self)
    call.sums = bytes(5 * channels * 4).assumingMemoryBound(to: Float.self)
    call.a = floats(values(channels))
    call.b = floats(values(channels))
    call.d = floats(values(channels))
    call.pixels = pixels
    call.channels = Int32(channels)
    (call.lowest, call.highest) = (0, 1)
    (call.grid.step, call.grid.inverseStep) = (1 / 255, 255)
    (call.grid.lowest, call.grid.highest) = (0, 255)
    let maps: Int
    switch operation {
    case .sumMoments, .findRanges: maps = 1
    case .normalizeGradient, .passGradientOfGrid: maps = 3
    default: maps = 2
    }
    byteCount = maps * count * 4
    return call
  }

  private func floats(_ block: UnsafeMutableRawPointer) -> UnsafePointer<Float> {
    UnsafePointer(block.assumingMemoryBound(to: Float.self))
  }
}
