import Planning

/// Results that may lie over their operand: layers that go from pixel to pixel and write none before it was read.
extension CProgram {
  /// Operands that nobody needs afterwards, and the results that may cover them, with how far before they must begin.
  func shareableBuffers() -> [Sharing] {
    var lastUse = [Int](repeating: -1, count: schedule.buffers.count)
    for (index, step) in schedule.steps.enumerated() {
      for id in step.reads + [step.writes] { lastUse[id.index] = index }
    }
    for id in schedule.outputs { lastUse[id.index] = schedule.steps.count }
    return schedule.steps.indices.compactMap { index in
      let step = schedule.steps[index]
      guard let operand = step.reads.first, step.reads.count == 1, operand != step.writes,
        lastUse[operand.index] == index, schedule.buffers[step.writes.index].lifetime.firstStep == index,
        let distance = distance(index)
      else { return nil }
      return Sharing(result: step.writes.index, operand: operand.index, distance: distance)
    }
  }

  /// Bytes from the beginning of the result to that of the operand, so that the step overwrites nothing that it still
  /// reads; nil for steps in another order.
  private func distance(_ index: Int) -> Int? {
    let step = schedule.steps[index]
    guard let kernels = stepKernels[index], kernels.count == 1, let order = kernels.first?.writeOrder,
      case .map(let input) = layout(step.reads[0]), case .map(let output) = layout(step.writes),
      output.images * output.rows * output.columns <= 1 << 20
    else { return nil }
    typealias Pair = (rows: Int, columns: Int)
    let (kernel, strides, dilations, origin): (Pair, Pair, Pair, Pair)
    switch step.action {
    case .weightedSum(let sum):
      (kernel, strides, dilations, origin) = (sum.kernel, sum.strides, sum.dilations, sum.origin)
    case .pooling(let pooling):
      // Planes of a row lie side by side like channels; without a border no result comes before its window.
      if maps.contains(step.reads[0]) { return pooling.origin == (0, 0) ? 0 : nil }
      (kernel, strides, dilations, origin) = (pooling.kernel, pooling.strides, pooling.dilations, pooling.origin)
    default: return nil
    }
    return Self.distance(
      input, output, order, rows: Axis(kernel.rows, strides.rows, dilations.rows, origin.rows),
      columns: Axis(kernel.columns, strides.columns, dilations.columns, origin.columns))
  }

  /// A window along one axis.
  struct Axis {
    var taps: Int
    var stride: Int
    var dilation: Int
    var origin: Int

    init(_ taps: Int, _ stride: Int, _ dilation: Int, _ origin: Int) {
      (self.taps, self.stride, self.dilation, self.origin) = (taps, stride, dilation, origin)
    }

    /// Where the first tap of a window lies that is on the map; nil if none is.
    func first(_ place: Int, extent: Int) -> Int? {
      let start = place * stride - origin
      let tap = start < 0 ? (dilation - 1 - start) / dilation : 0
      return tap < taps && start + tap * dilation < extent ? start + tap * dilation : nil
    }
  }

  /// The most bytes that a result's writes are ahead of the lowest byte that is still to be read, pixel by pixel from the
  /// last to the first.
  static func distance(
    _ input: MapLayout, _ output: MapLayout, _ order: CKernel.WriteOrder, rows: Axis, columns: Axis
  ) -> Int {
    var distance = 0
    var lowestRead = Int.max
    var pixel = output.images * output.rows * output.columns
    for image in (0..<output.images).reversed() {
      for row in (0..<output.rows).reversed() {
        let y = rows.first(row, extent: input.rows)
        for column in (0..<output.columns).reversed() {
          if let y, let x = columns.first(column, extent: input.columns) {
            lowestRead = min(lowestRead, ((image * input.rows + y) * input.columns + x) * input.pixelByteCount)
          }
          pixel -= 1
          let written = (order == .pixels ? pixel + 1 : pixel) * output.pixelByteCount
          if lowestRead < written { distance = max(distance, written - lowestRead) }
        }
      }
    }
    return distance
  }
}

extension CKernel {
  /// The order in which a layer's results are written.
  enum WriteOrder {
    /// A pixel's results one after the other, while all of its window is still read.
    case pixels
    /// A pixel's channels one after the other, each after its own channel of the window has been read.
    case channels
  }

  /// Nil for functions that do not go from pixel to pixel, in rows.
  fileprivate var writeOrder: WriteOrder? {
    switch self {
    case .layer(_, .convolution, _), .tiledLayer: .pixels
    case .layer(.reals, .depthwise, _), .channelLayer(.reals, _): .pixels
    case .layer(_, .depthwise, _), .channelLayer, .maximumPooling, .averagePooling: .channels
    default: nil
    }
  }
}
