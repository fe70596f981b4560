import Kernels

extension KernelCase {
  private enum Numbers { case codes, values, pairs }

  private var numbers: Numbers {
    switch operation {
    case .convolveValues, .depthwiseConvolveValues: .values
    case .convolvePairs: .pairs
    default: .codes
    }
  }

  private var isDepthwise: Bool { operation == .depthwiseConvolveCodes || operation == .depthwiseConvolveValues }

  private var isSparse: Bool {
    switch operation {
    case .gatherCodes, .gatherCodesAddingResidual, .gatherCodesToValues: true
    default: false
    }
  }

  private var isLeveled: Bool { operation == .unpackCodes || operation == .unpackCodesToValues }

  private var isBinary: Bool { operation == .countCodes || operation == .countCodesToValues }

  private var isAdded: Bool { operation == .addUpCodes || operation == .addUpCodesAddingResidual }

  private var endsInCodes: Bool {
    switch operation {
    case .convolveCodes, .convolveCodesAddingResidual, .gatherCodes, .gatherCodesAddingResidual, .unpackCodes,
      .countCodes, .addUpCodes, .addUpCodesAddingResidual, .depthwiseConvolveCodes:
      true
    default: false
    }
  }

  private var addsResidual: Bool {
    switch operation {
    case .convolveCodesAddingResidual, .gatherCodesAddingResidual, .addUpCodesAddingResidual: true
    default: false
    }
  }

  /// A convolution of stride 1 over a map with its border, or a dense layer where the window is one pixel.
  func convolution() -> Kernels.Convolution {
    let outputs = isDepthwise ? shape.channels : shape.outputs
    let size = numbers == .codes ? 1 : 4
    let stride = Kernels.MapLayout.channelStride(channels: shape.channels, elementByteCount: size)
    let columns = shape.columns + shape.window - 1
    let elements = (shape.rows + shape.window - 1) * columns * stride
    var call = Kernels.Convolution()
    switch numbers {
    case .codes: call.window.input = UnsafeRawPointer(codes(elements))
    case .values: call.window.input = UnsafeRawPointer(values(elements))
    case .pairs: call.window.input = UnsafeRawPointer(pairs(elements))
    }
    let resultSize = endsInCodes ? 1 : 4
    call.window.output = bytes(shape.pixels * outputs * resultSize)
    call.window.inputRowStride = columns * stride * size
    call.window.inputColumnStride = stride * size
    call.window.outputRowStride = shape.columns * outputs * resultSize
    call.window.outputColumnStride = outputs * resultSize
    call.window.columns = Int32(shape.columns)
    call.window.pixelEnd = Int32(shape.pixels)
    call.window.channelEnd = Int32(outputs)
    setWindow(&call, stride: stride, size: size, columns: columns)
    setWeights(&call, outputs: outputs, stride: stride)
    call.requantization = requantization(outputs)
    call.scales = UnsafePointer(values(outputs + 64).assumingMemoryBound(to: Float.self))
    call.biases = UnsafePointer(values(outputs + 64).assumingMemoryBound(to: Float.self))
    (call.lowest, call.highest) = (-.infinity, .infinity)
    if addsResidual {
      call.residual.input = UnsafeRawPointer(codes(shape.pixels * outputs))
      call.residual.rowStride = shape.columns * outputs
      call.residual.columnStride = outputs
      call.residual.rule = sumRule
    }
    let weights = outputs * shape.window * shape.window * (isDepthwise ? 1 : shape.channels)
    macCount = shape.pixels * weights * (numbers == .pairs ? 2 : 1)
    nonzeroCount *= shape.pixels
    byteCount += elements * size + shape.pixels * outputs * resultSize * (addsResidual ? 2 : 1)
    return call
  }

  private func setWindow(_ call: inout Kernels.Convolution, stride: Int, size: Int, columns: Int) {
    var offsets: [Int] = []
    for row in 0..<shape.window {
      for column in 0..<(isDepthwise ? shape.window : 1) { offsets.append((row * columns + column) * stride * size) }
    }
    call.window.segmentOffsets = keep(offsets)
    call.window.segmentCount = Int32(offsets.count)
    let length = shape.window * stride
    call.window.segmentLength = Int32(isDepthwise ? 1 : numbers == .codes ? (length + 3) / 4 * 4 : length)
  }

  private func setWeights(_ call: inout Kernels.Convolution, outputs: Int, stride: Int) {
    let taps = shape.window * shape.window
    let channels = isDepthwise ? 1 : shape.channels
    var filters = Filters()
    filters.outputStride = taps * channels
    filters.rowStride = shape.window
    filters.columnStride = 1
    filters.channelStride = taps
    filters.outputs = Int32(outputs)
    filters.rows = Int32(shape.window)
    filters.columns = Int32(shape.window)
    filters.channels = Int32(channels)
    filters.mapChannelStride = Int32(stride)
    let count = outputs * taps * channels
    switch numbers {
    case .codes: filters.weights = UnsafeRawPointer(levels(count))
    case .values: filters.weights = UnsafeRawPointer(values(count))
    case .pairs: filters.weights = UnsafeRawPointer(pairs(count))
    }
    if numbers != .codes { nonzeroCount = count }
    if isSparse { return setSparse(&call, filters) }
    if isLeveled { return setLeveled(&call, filters) }
    if isBinary { return setBinary(&call, filters) }
    if isAdded { return setAdded(&call, filters) }
    let size: Int
    let packed: UnsafeMutableRawPointer
    switch (numbers, isDepthwise) {
    case (.codes, false):
      size = filters.packedByteCountOfCodes
      packed = bytes(size)
      filters.packCodes(into: packed)
    case (.codes, true):
      size = filters.packedDepthwiseByteCountOfCodes
      packed = bytes(size)
      filters.packDepthwiseCodes(into: packed)
    case (_, false):
      size = filters.packedByteCountOfValues
      packed = bytes(size)
      filters.packValues(into: packed)
    case (_, true):
      size = filters.packedDepthwiseByteCountOfValues
      packed = bytes(size)
      filters.packDepthwiseValues(into: packed)
    }
    call.weights = UnsafeRawPointer(packed)
    byteCount += size
    if numbers == .codes && !isDepthwise { setWork(.dense, call, steps: steps(call), byteCount: size) }
  }

  private func setSparse(_ call: inout Kernels.Convolution, _ filters: Filters) {
    // Narrow rounds where the executor takes them.
    let sparse = GatheredFilters(filters, levels: shape.pixels <= 2 ? (100, -127) : nil)
    var gathered = GatheredWeights()
    gathered.tables = keep(sparse.tables)
    gathered.rounds = keep(sparse.rounds)
    gathered.groupOffsets = keep(sparse.groupOffsets)
    gathered.data = keep(sparse.data)
    gathered.order = keep(sparse.order)
    gathered.tableCount = Int32(sparse.tables.count)
    gathered.isNarrow = sparse.levels == nil ? 0 : 1
    gathered.levels = sparse.levels ?? (0, 0)
    call.weights = UnsafeRawPointer(keep([gathered]))
    byteCount += sparse.data.count
    setWork(
      .gather, call, steps: sparse.roundCount, tables: (shape.outputs + 15) / 16 * sparse.tables.count,
      byteCount: sparse.data.count)
  }

  private func setLeveled(_ call: inout Kernels.Convolution, _ filters: Filters) {
    guard let leveled = LeveledFilters(filters) else { preconditionFailure("Ternary weights have three levels") }
    call.weights = UnsafeRawPointer(keep([LeveledWeights(leveled, data: keep(leveled.data))]))
    byteCount += leveled.data.count
    setWork(.packed, call, steps: steps(call), byteCount: leveled.data.count)
  }

  /// Nothing to do where no row of planes fits; `work` stays nil then.
  private func setAdded(_ call: inout Kernels.Convolution, _ filters: Filters) {
    guard let added = AddedFilters(filters, strides: (1, 1), rows: shape.rows, columns: shape.columns) else {
      call.window.pixelEnd = 0
      call.weights = UnsafeRawPointer(keep([AddedWeights()]))
      return
    }
    call.weights = UnsafeRawPointer(keep([AddedWeights(added, places: keep(added.places), ends: keep(added.ends))]))
    byteCount += added.places.count * 2
    setWork(.add, call, steps: added.additions, tables: added.turns, byteCount: added.places.count * 2)
  }

  /// Codes of signs, 0 and 2, in the map, and weights that have the sign of those that there are.
  private func setBinary(_ call: inout Kernels.Convolution, _ filters: Filters) {
    let count = shape.outputs * shape.window * shape.window * shape.channels
    guard let weights = filters.weights?.assumingMemoryBound(to: Int8.self), let input = call.window.input else {
      preconditionFailure("There are weights")
    }
    let signs = (0..<count).map { weights[$0] > 0 ? Int8(1) : -1 }
    var filters = filters
    filters.weights = UnsafeRawPointer(keep(signs))
    nonzeroCount = count
    let columns = shape.columns + shape.window - 1
    let elements = (shape.rows + shape.window - 1) * columns * Int(filters.mapChannelStride)
    let codes = input.assumingMemoryBound(to: UInt8.self)
    call.window.input = UnsafeRawPointer(keep((0..<elements).map { codes[$0] & 2 }))
    guard let binary = BinaryFilters(filters, codeBits: 2) else { preconditionFailure("Signs have two levels") }
    call.weights = UnsafeRawPointer(keep([BinaryWeights(binary, data: keep(binary.data), mask: keep(binary.mask))]))
    byteCount += binary.data.count * 8
    setWork(
      .binary, call, steps: (shape.outputs + 15) / 16 * binary.wordCount, tables: binary.wordCount,
      byteCount: binary.data.count * 8)
  }

  private func steps(_ call: Kernels.Convolution) -> Int {
    (shape.outputs + 15) / 16 * Int(call.window.segmentCount) * Int(call.window.segmentLength) / 4
  }

  private func setWork(
    _ method: WeightedSumMethod, _ call: Kernels.Convolution, steps: Int, tables: Int = 0, byteCount: Int
  ) {
    work = KernelWork(
      method: method, pixels: shape.pixels, outputs: shape.outputs, steps: steps, tables: tables,
      byteCount: byteCount, addsResidual: addsResidual,
      slides: call.window.inputColumnStride == 16 && call.window.segmentLength == 48)
  }
}
