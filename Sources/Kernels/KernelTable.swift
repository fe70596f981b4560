import CKernels

/// The kernels of one instruction set, a method for each operation.
///
/// Where an instruction set has no kernel of its own, a simpler set's stands in, so every method works. Descriptions
/// are passed by pointer: a `var` as `&description`, one of many as an element of a buffer. Methods check what
/// can be checked at once; that pointers, strides and sizes describe readable memory is the caller's promise.
///
///     let kernels = KernelTable(.best)
///     kernels.convolveCodes(&layer)
///
/// - Note: a table holds no state: it may be used from any thread.
public struct KernelTable: @unchecked Sendable {
  public let instructionSet: InstructionSet
  private let table: UnsafePointer<dc_kernel_table>

  /// The kernels of an instruction set, which must be available.
  public init(_ instructionSet: InstructionSet = .best) {
    guard let table = dc_kernels(instructionSet.foreign) else {
      preconditionFailure(
        "The processor must have the instruction set whose kernels are asked for.")
    }
    self.instructionSet = instructionSet
    self.table = table
  }
}

// MARK: Convolution

extension KernelTable {
  /// Convolves u8 codes with s8 weights and requantizes.
  public func convolveCodes(_ c: UnsafePointer<Convolution>) {
    checkCodes(c.pointee.window)
    check(c.pointee.requantization.shift)
    table.pointee.conv_u8s8u8(c)
  }

  /// Convolves u8 codes, requantizes, and adds another map of codes.
  public func convolveCodesAddingResidual(_ c: UnsafePointer<Convolution>) {
    checkCodes(c.pointee.window)
    check(c.pointee.requantization.shift)
    check(c.pointee.residual.rule.shift)
    precondition(c.pointee.residual.input != nil, "There must be a map to add.")
    table.pointee.convadd_u8s8u8(c)
  }

  /// Convolves u8 codes and stores the sums, Int32.
  public func convolveCodesToSums(_ c: UnsafePointer<Convolution>) {
    checkCodes(c.pointee.window)
    table.pointee.conv_u8s8s32(c)
  }

  /// Convolves u8 codes and stores `Float(sum) * scale + bias`.
  public func convolveCodesToValues(_ c: UnsafePointer<Convolution>) {
    checkCodes(c.pointee.window)
    table.pointee.conv_u8s8f32(c)
  }

  /// Convolves u8 codes with sparse weights, a `GatheredWeights`, and requantizes.
  public func gatherCodes(_ c: UnsafePointer<Convolution>) {
    checkGather(c.pointee.window)
    check(c.pointee.requantization.shift)
    table.pointee.conv_u8g8u8(c)
  }

  /// Convolves u8 codes with sparse weights, requantizes, and adds another map of codes.
  public func gatherCodesAddingResidual(_ c: UnsafePointer<Convolution>) {
    checkGather(c.pointee.window)
    check(c.pointee.requantization.shift)
    check(c.pointee.residual.rule.shift)
    precondition(c.pointee.residual.input != nil, "There must be a map to add.")
    table.pointee.convadd_u8g8u8(c)
  }

  /// Convolves u8 codes with sparse weights and stores `Float(sum) * scale + bias`.
  public func gatherCodesToValues(_ c: UnsafePointer<Convolution>) {
    checkGather(c.pointee.window)
    table.pointee.conv_u8g8f32(c)
  }

  /// Convolves u8 codes with weights of few levels, a `LeveledWeights`, and requantizes.
  public func unpackCodes(_ c: UnsafePointer<Convolution>) {
    checkCodes(c.pointee.window)
    check(c.pointee.requantization.shift)
    table.pointee.conv_u8k4u8(c)
  }

  /// Convolves u8 codes with weights of few levels and stores `Float(sum) * scale + bias`.
  public func unpackCodesToValues(_ c: UnsafePointer<Convolution>) {
    checkCodes(c.pointee.window)
    table.pointee.conv_u8k4f32(c)
  }

  /// Convolves u8 codes with weights of two levels, a `BinaryWeights`, and requantizes.
  public func countCodes(_ c: UnsafePointer<Convolution>) {
    checkCodes(c.pointee.window)
    check(c.pointee.requantization.shift)
    table.pointee.conv_u8b1u8(c)
  }

  /// Convolves u8 codes with weights of two levels and stores `Float(sum) * scale + bias`.
  public func countCodesToValues(_ c: UnsafePointer<Convolution>) {
    checkCodes(c.pointee.window)
    table.pointee.conv_u8b1f32(c)
  }

  /// Convolves u8 codes with weights of two levels and zeros, an `AddedWeights`, and requantizes.
  public func addUpCodes(_ c: UnsafePointer<Convolution>) {
    checkCodes(c.pointee.window)
    check(c.pointee.requantization.shift)
    table.pointee.conv_u8a2u8(c)
  }

  /// Convolves u8 codes with weights of two levels and zeros, requantizes, and adds another map of codes.
  public func addUpCodesAddingResidual(_ c: UnsafePointer<Convolution>) {
    checkCodes(c.pointee.window)
    check(c.pointee.requantization.shift)
    check(c.pointee.residual.rule.shift)
    precondition(c.pointee.residual.input != nil, "There must be a map to add.")
    table.pointee.convadd_u8a2u8(c)
  }

  /// Convolves f32 values, adds biases and, if given, another map, and clamps.
  public func convolveValues(_ c: UnsafePointer<Convolution>) {
    check(c.pointee.window)
    table.pointee.conv_f32f32f32(c)
  }

  /// Convolves words of two bf16 values, adds biases and, if given, another map, and clamps; a segment is so many words.
  public func convolvePairs(_ c: UnsafePointer<Convolution>) {
    check(c.pointee.window)
    table.pointee.conv_b16b16f32(c)
  }

  /// Convolves each channel of u8 codes with its own filter and requantizes.
  public func depthwiseConvolveCodes(_ c: UnsafePointer<Convolution>) {
    checkDepthwise(c.pointee.window)
    check(c.pointee.requantization.shift)
    table.pointee.depthwise_u8s8u8(c)
  }

  /// Convolves each channel of f32 values with its own filter, adds biases and clamps.
  public func depthwiseConvolveValues(_ c: UnsafePointer<Convolution>) {
    checkDepthwise(c.pointee.window)
    table.pointee.depthwise_f32f32f32(c)
  }
}

// MARK: Pooling

extension KernelTable {
  /// The greatest code of each window.
  public func poolGreatestCodes(_ p: UnsafePointer<Pooling>) {
    check(p.pointee.window)
    table.pointee.maxpool_u8u8(p)
  }

  /// The sum of the codes of each window, requantized with the first multiplier and offset.
  public func poolMeanCodes(_ p: UnsafePointer<Pooling>) {
    check(p.pointee.window)
    check(p.pointee.requantization.shift)
    table.pointee.avgpool_u8u8(p)
  }

  /// The greatest value of each window.
  public func poolGreatestValues(_ p: UnsafePointer<Pooling>) {
    check(p.pointee.window)
    table.pointee.maxpool_f32f32(p)
  }

  /// The sum of the values of each window over `divisor`.
  public func poolMeanValues(_ p: UnsafePointer<Pooling>) {
    check(p.pointee.window)
    table.pointee.avgpool_f32f32(p)
  }
}

// MARK: Elementwise

extension KernelTable {
  /// Adds two maps of codes by `rule`.
  public func addCodes(_ m: UnsafePointer<ElementwiseMap>) {
    check(m.pointee.rule.shift)
    table.pointee.add_u8u8u8(m)
  }

  /// Replaces each code by its entry in `table`.
  public func lookUpCodes(_ m: UnsafePointer<ElementwiseMap>) {
    precondition(m.pointee.table != nil, "There must be a table to look up in.")
    table.pointee.lookup_u8u8(m)
  }

  /// `clamp(rint(value / scale) + zeroPoint)`, half to even.
  public func quantize(_ m: UnsafePointer<ElementwiseMap>) {
    checkZeroPoint(m.pointee.zeroPoint)
    table.pointee.quantize_f32u8(m)
  }

  /// `Float(code - zeroPoint) * scale`.
  public func dequantize(_ m: UnsafePointer<ElementwiseMap>) {
    checkZeroPoint(m.pointee.zeroPoint)
    table.pointee.dequantize_u8f32(m)
  }

  /// Adds two maps of values and clamps.
  public func addValues(_ m: UnsafePointer<ElementwiseMap>) {
    table.pointee.add_f32f32f32(m)
  }

  /// Multiplies two maps of values and clamps.
  public func multiplyValues(_ m: UnsafePointer<ElementwiseMap>) {
    table.pointee.mul_f32f32f32(m)
  }

  /// Clamps values.
  public func clampValues(_ m: UnsafePointer<ElementwiseMap>) {
    table.pointee.clamp_f32f32(m)
  }
}

// MARK: Reordering

extension KernelTable {
  /// Brings planes of values into interleaved order.
  public func interleaveValues(_ r: UnsafePointer<Reordering>) {
    table.pointee.interleave_f32f32(r)
  }

  /// Brings planes of codes into interleaved order.
  public func interleaveCodes(_ r: UnsafePointer<Reordering>) {
    table.pointee.interleave_u8u8(r)
  }

  /// Quantizes planes of values into interleaved codes.
  public func interleaveQuantizing(_ r: UnsafePointer<Reordering>) {
    checkZeroPoint(r.pointee.zeroPoint)
    table.pointee.interleave_f32u8(r)
  }

  /// Brings interleaved values into planes.
  public func deinterleaveValues(_ r: UnsafePointer<Reordering>) {
    table.pointee.deinterleave_f32f32(r)
  }

  /// Brings interleaved codes into planes.
  public func deinterleaveCodes(_ r: UnsafePointer<Reordering>) {
    table.pointee.deinterleave_u8u8(r)
  }

  /// Dequantizes interleaved codes into planes of values.
  public func deinterleaveDequantizing(_ r: UnsafePointer<Reordering>) {
    checkZeroPoint(r.pointee.zeroPoint)
    table.pointee.deinterleave_u8f32(r)
  }
}

// MARK: Training

extension KernelTable {
  /// Adds what one image contributes to the gradient of a convolution's filters.
  public func accumulateFilterGradient(_ g: UnsafePointer<FilterGradient>) {
    precondition(g.pointee.segmentCount > 0 && g.pointee.segmentLength > 0, "A window must not be empty.")
    table.pointee.filtergradient_f32f32f32(g)
  }

  /// The same, of pairs of pixels in bf16.
  public func accumulateFilterGradientOfPairs(_ g: UnsafePointer<FilterGradient>) {
    precondition(g.pointee.segmentCount > 0 && g.pointee.segmentLength > 0, "A window must not be empty.")
    table.pointee.filtergradient_b16b16f32(g)
  }

  /// Values as bf16, or as pairs of them.
  public func narrow(_ n: UnsafePointer<Narrowing>) {
    table.pointee.narrow_f32b16(n)
  }

  /// First and second moments about a point, by channel.
  public func sumMoments(_ c: UnsafePointer<Channelwise>) {
    table.pointee.moments_f32f32(c)
  }

  /// Scales, shifts and clamps by channel.
  public func normalize(_ c: UnsafePointer<Channelwise>) {
    table.pointee.normalize_f32f32(c)
  }

  /// Sums of a gradient, and of its product with the input, by channel.
  public func sumGradients(_ c: UnsafePointer<Channelwise>) {
    table.pointee.gradientsums_f32f32(c)
  }

  /// The gradient of a normalization's input.
  public func normalizeGradient(_ c: UnsafePointer<Channelwise>) {
    table.pointee.normgradient_f32f32(c)
  }

  /// Scales, shifts, clamps by channel, and rounds to a grid.
  public func normalizeToGrid(_ c: UnsafePointer<Channelwise>) {
    table.pointee.normquantize_f32f32(c)
  }

  /// Smallest and largest values and sums of magnitudes before rounding, by channel.
  public func findRanges(_ c: UnsafePointer<Channelwise>) {
    table.pointee.ranges_f32f32(c)
  }

  /// The gradient straight through a grid, and the sums that gradients of the grid's ends and step are made of.
  public func passGradientOfGrid(_ c: UnsafePointer<Channelwise>) {
    table.pointee.quantgradient_f32f32(c)
  }
}

// MARK: Preconditions

@inline(__always)
private func check(_ window: Window) {
  precondition(
    window.columns > 0 && window.pixelBegin >= 0 && window.pixelBegin <= window.pixelEnd,
    "Output pixels must be a range, in rows of at least one column.")
  precondition(
    window.channelBegin >= 0 && window.channelBegin % DC_CHANNEL_BLOCK == 0,
    "A range of channels must begin at a multiple of 16.")
  precondition(window.segmentCount > 0 && window.segmentLength > 0, "A window must not be empty.")
}

@inline(__always)
private func checkCodes(_ window: Window) {
  check(window)
  precondition(window.segmentLength % 4 == 0, "A segment of codes must be a multiple of 4 bytes.")
}

@inline(__always)
private func checkGather(_ window: Window) {
  checkCodes(window)
  precondition(
    window.channelBegin % DC_GATHER_SPAN == 0, "A range of channels of sparse weights must begin at a multiple of 256.")
}

@inline(__always)
private func checkDepthwise(_ window: Window) {
  check(window)
  precondition(
    window.channelBegin % 64 == 0, "A range of depthwise channels must begin at a multiple of 64.")
}

@inline(__always)
private func check(_ shift: Int32) {
  precondition((1...62).contains(shift), "A shift must be in 1...62.")
}

@inline(__always)
private func checkZeroPoint(_ zeroPoint: Int32) {
  precondition((0...255).contains(zeroPoint), "A zero point must be a code, 0...255.")
}
