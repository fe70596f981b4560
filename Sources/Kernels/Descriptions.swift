@_exported import CKernels

// The descriptions of work are the C structures themselves, so that nothing is copied on the way. Their fields
// are documented in `dc_kernels.h`.

/// Where windows lie in the input, and results in the output.
public typealias Window = dc_window
/// The rule from sums to codes: `clamp((sum * multiplier + offset) >> shift)`.
public typealias Requantization = dc_requantization
/// The rule for the sum of two maps: `clamp((a * multiplierA + b * multiplierB + offset) >> shift)`.
public typealias SumRule = dc_sum_rule
/// A second map that is added to a convolution's result.
public typealias Residual = dc_residual
/// A convolution, pointwise, dense or depthwise layer.
public typealias Convolution = dc_convolution
/// Pooling.
public typealias Pooling = dc_pooling
/// An elementwise operation.
public typealias ElementwiseMap = dc_map
/// A change between planes and interleaved pixels.
public typealias Reordering = dc_reordering
/// The gradient of a convolution's filters.
public typealias FilterGradient = dc_filter_gradient
/// See `dc_narrowing`.
public typealias Narrowing = dc_narrowing
/// An operation on pixels with parameters by channel.
public typealias Channelwise = dc_channelwise
/// Evenly spaced values to which a pass rounds.
public typealias Grid = dc_grid
/// Filters before they are packed.
public typealias Filters = dc_filters

/// Sizes that maps must have.
public enum MapLayout {
  /// Output channels that lie together in packed weights; ranges of channels begin at a multiple of it.
  public static let channelBlock = Int(DC_CHANNEL_BLOCK)

  /// Readable bytes that must follow a u8 map of fewer than 4 channels.
  public static let tailByteCount = Int(DC_TAIL_BYTES)

  /// Elements from one pixel to the next.
  ///
  ///     MapLayout.channelStride(channels: 6, elementByteCount: 1)   // 8
  ///     MapLayout.channelStride(channels: 3, elementByteCount: 1)   // 3, with a readable tail
  public static func channelStride(channels: Int, elementByteCount: Int) -> Int {
    Int(dc_channel_stride(Int32(channels), Int32(elementByteCount)))
  }
}

extension Filters {
  /// Segments in a window over these filters.
  public var segmentCount: Int32 { withUnsafePointer(to: self) { dc_segment_count($0) } }
  /// Elements in a segment of codes, a multiple of 4.
  public var segmentLengthOfCodes: Int32 {
    withUnsafePointer(to: self) { dc_segment_length_u8($0) }
  }
  /// Elements in a segment of values.
  public var segmentLengthOfValues: Int32 {
    withUnsafePointer(to: self) { dc_segment_length_f32($0) }
  }

  /// Bytes of packed s8 weights.
  public var packedByteCountOfCodes: Int {
    withUnsafePointer(to: self) { dc_packed_byte_count_s8($0) }
  }
  /// Bytes of packed f32 weights.
  public var packedByteCountOfValues: Int {
    withUnsafePointer(to: self) { dc_packed_byte_count_f32($0) }
  }
  /// Bytes of packed s8 weights of a depthwise convolution.
  public var packedDepthwiseByteCountOfCodes: Int {
    withUnsafePointer(to: self) { dc_packed_depthwise_byte_count_s8($0) }
  }
  /// Bytes of packed f32 weights of a depthwise convolution.
  public var packedDepthwiseByteCountOfValues: Int {
    withUnsafePointer(to: self) { dc_packed_depthwise_byte_count_f32($0) }
  }

  /// Packs s8 weights, all outputs or some: bounds are multiples of 16, or the last output.
  ///
  /// - Parameter packed: `packedByteCountOfCodes` bytes, of which only the outputs' part is written.
  public func packCodes(outputs range: Range<Int32>? = nil, into packed: UnsafeMutableRawPointer) {
    let range = checked(range)
    withUnsafePointer(to: self) {
      dc_pack_weights_s8($0, range.lowerBound, range.upperBound, packed)
    }
  }

  /// Packs f32 weights, all outputs or some: bounds are multiples of 16, or the last output.
  ///
  /// - Parameter packed: `packedByteCountOfValues` bytes, of which only the outputs' part is written.
  public func packValues(outputs range: Range<Int32>? = nil, into packed: UnsafeMutableRawPointer) {
    let range = checked(range)
    withUnsafePointer(to: self) {
      dc_pack_weights_f32($0, range.lowerBound, range.upperBound, packed)
    }
  }

  /// Packs s8 weights of a depthwise convolution: `outputs` filters of one channel.
  public func packDepthwiseCodes(into packed: UnsafeMutableRawPointer) {
    withUnsafePointer(to: self) { dc_pack_depthwise_s8($0, packed) }
  }

  /// Packs f32 weights of a depthwise convolution: `outputs` filters of one channel.
  public func packDepthwiseValues(into packed: UnsafeMutableRawPointer) {
    withUnsafePointer(to: self) { dc_pack_depthwise_f32($0, packed) }
  }

  private func checked(_ range: Range<Int32>?) -> Range<Int32> {
    let range = range ?? 0..<outputs
    precondition(
      range.lowerBound % DC_CHANNEL_BLOCK == 0 && range.upperBound <= outputs
        && (range.upperBound % DC_CHANNEL_BLOCK == 0 || range.upperBound == outputs),
      "Outputs must be packed in whole blocks of 16.")
    return range
  }
}
