import Graphs

extension TFLiteRule {
  static let convolutions = [
    TFLiteRule(3, "CONV_2D", convolution),
    TFLiteRule(4, "DEPTHWISE_CONV_2D", depthwiseConvolution),
    TFLiteRule(67, "TRANSPOSE_CONV", transposedConvolution),
  ]

  /// x `[N, H, W, C]`, filter `[M, KH, KW, C / groups]`, bias `[M]`.
  private static func convolution(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let (x, extents) = try lowering.image()
    let filter = try lowering.filter(1)
    guard let channels = try lowering.dimensions(0)[3].fixedExtent, filter[3] > 0, channels % filter[3] == 0 else {
      throw .damaged("a filter \(filter) for \(try lowering.dimensions(0).listDescription)")
    }
    let activation = try FusedActivation(try lowering.choice(3))
    let window = try lowering.window(
      kernel: [filter[1], filter[2]], strides: [try lowering.option(2), try lowering.option(1)],
      dilations: [try lowering.option(5, default: 1), try lowering.option(4, default: 1)],
      padding: try lowering.choice(0), over: extents)
    let weights = try lowering.real(1, order: channelsSecond)
    let id = try lowering.append(
      .convolution(Convolution(window: window, groups: channels / filter[3], clamp: activation.clamp)),
      [x, weights] + (try lowering.bias(2)))
    return [TFLiteResult(try lowering.finish(activation, id), order: channelsSecond)]
  }

  /// x `[N, H, W, C]`, filter `[1, KH, KW, C · multiplier]`, bias `[C · multiplier]`.
  private static func depthwiseConvolution(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let (x, extents) = try lowering.image()
    let filter = try lowering.filter(1)
    guard let channels = try lowering.dimensions(0)[3].fixedExtent, channels > 0, filter[0] == 1,
      filter[3] % channels == 0
    else { throw .damaged("a depthwise filter \(filter) for \(try lowering.dimensions(0).listDescription)") }
    let activation = try FusedActivation(try lowering.choice(4))
    let window = try lowering.window(
      kernel: [filter[1], filter[2]], strides: [try lowering.option(2), try lowering.option(1)],
      dilations: [try lowering.option(6, default: 1), try lowering.option(5, default: 1)],
      padding: try lowering.choice(0), over: extents)
    let weights = try lowering.real(1, order: [3, 0, 1, 2])
    let id = try lowering.append(
      .convolution(Convolution(window: window, groups: channels, clamp: activation.clamp)),
      [x, weights] + (try lowering.bias(2)))
    return [TFLiteResult(try lowering.finish(activation, id), order: channelsSecond)]
  }

  /// Result's extents, filter `[M, KH, KW, C]`, x `[N, H, W, C]`, bias `[M]`.
  private static func transposedConvolution(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let shape = try lowering.integers(0)
    let filter = try lowering.filter(1)
    let dimensions = try lowering.dimensions(2)
    guard shape.count == 4, dimensions.count == 4, shape.allSatisfy({ $0 > 0 && $0 < 1 << 31 }) else {
      throw .damaged("a transposed convolution of \(dimensions.listDescription) to \(shape)")
    }
    let activation = try FusedActivation(try lowering.choice(3))
    let strides = [try lowering.option(2), try lowering.option(1)]
    let kernel = [filter[1], filter[2]]
    let forward = try lowering.window(
      kernel: kernel, strides: strides, padding: try lowering.choice(0), over: [shape[1], shape[2]])
    var window = Window(kernel: kernel, strides: strides)
    var outputPadding = [0, 0]
    for axis in 0..<2 {
      guard let extent = dimensions[axis + 1].fixedExtent, extent >= 1,
        forward.outputExtent(shape[axis + 1], axis: axis) == extent
      else { throw .damaged("a transposed convolution of \(dimensions.listDescription) to \(shape)") }
      // What the windows cover, less the padding of the forward convolution, is cut or filled to the size asked for.
      let full = (extent - 1) * strides[axis] + kernel[axis]
      window.paddingBefore[axis] = forward.paddingBefore[axis]
      let after = full - forward.paddingBefore[axis] - shape[axis + 1]
      window.paddingAfter[axis] = max(after, 0)
      outputPadding[axis] = max(-after, 0)
    }
    let x = try lowering.real(2, order: channelsSecond)
    let weights = try lowering.real(1, order: [3, 0, 1, 2])
    let id = try lowering.append(
      .transposedConvolution(TransposedConvolution(window: window, outputPadding: outputPadding)),
      [x, weights] + (try lowering.bias(3)))
    return [TFLiteResult(try lowering.apply(activation, id), order: channelsSecond)]
  }
}

extension TFLiteLowering {
  /// The extents of a filter operand, of rank 4.
  fileprivate func filter(_ index: Int) throws(Fault) -> [Int] {
    let extents = try dimensions(index).compactMap(\.fixedExtent)
    guard extents.count == 4, try rank(index) == 4 else { throw .damaged("a filter of rank \(try rank(index))") }
    return extents
  }

  /// The bias as the last operand, or none.
  mutating func bias(_ index: Int) throws(Fault) -> [ValueID?] {
    guard hasOperand(index) else { return [] }
    guard try rank(index) == 1 else { throw .damaged("a bias of rank \(try rank(index))") }
    return [try real(index, order: [0])]
  }
}
