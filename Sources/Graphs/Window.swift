/// How a kernel moves over the spatial axes: convolution, transposed convolution and pooling share it.
///
/// All lists have one entry per spatial axis (1 to 3 of them), outermost first.
public struct Window: Hashable, Sendable {
  /// Kernel extent, in elements; at least 1.
  public var kernel: [Int]
  /// Step between windows; at least 1.
  public var strides: [Int]
  /// Step inside a window; at least 1.
  public var dilations: [Int]
  /// Elements added before the first; not negative.
  public var paddingBefore: [Int]
  /// Elements added after the last; not negative.
  public var paddingAfter: [Int]

  /// Missing lists mean stride 1, dilation 1, no padding.
  public init(
    kernel: [Int], strides: [Int]? = nil, dilations: [Int]? = nil, paddingBefore: [Int]? = nil,
    paddingAfter: [Int]? = nil
  ) {
    self.kernel = kernel
    self.strides = strides ?? [Int](repeating: 1, count: kernel.count)
    self.dilations = dilations ?? [Int](repeating: 1, count: kernel.count)
    self.paddingBefore = paddingBefore ?? [Int](repeating: 0, count: kernel.count)
    self.paddingAfter = paddingAfter ?? [Int](repeating: 0, count: kernel.count)
  }

  /// The number of spatial axes.
  public var rank: Int { kernel.count }

  /// True if all lists agree in length, and all entries are in range and small enough that sums do not overflow.
  public var isValid: Bool {
    let limit = 1 << 31
    return (1...3).contains(rank) && strides.count == rank && dilations.count == rank
      && paddingBefore.count == rank && paddingAfter.count == rank
      && kernel.allSatisfy { $0 >= 1 && $0 < limit } && strides.allSatisfy { $0 >= 1 && $0 < limit }
      && dilations.allSatisfy { $0 >= 1 && $0 < limit } && paddingBefore.allSatisfy { $0 >= 0 && $0 < limit }
      && paddingAfter.allSatisfy { $0 >= 0 && $0 < limit }
  }

  /// Distance from a window's first to its last element along `axis`, plus 1.
  public func reach(_ axis: Int) -> Int { (kernel[axis] - 1) * dilations[axis] + 1 }

  /// The number of windows over `extent` elements along `axis`; nil if not even one fits.
  ///
  /// - Parameters:
  ///   - extent: elements of the data, without padding.
  ///   - axis: the spatial axis.
  ///   - roundsUp: counts a last, partly outside window too, unless it would start in the padding after the data
  ///     (ONNX's `ceil_mode`).
  public func outputExtent(_ extent: Int, axis: Int, roundsUp: Bool = false) -> Int? {
    let free = extent + paddingBefore[axis] + paddingAfter[axis] - reach(axis)
    guard free >= 0 else { return nil }
    let stride = strides[axis]
    var count = free / stride + 1
    if roundsUp && free % stride != 0 && count * stride < extent + paddingBefore[axis] { count += 1 }
    return count
  }

  /// True if there is padding anywhere.
  public var isPadded: Bool { (paddingBefore + paddingAfter).contains { $0 > 0 } }
}

/// Convolution of `[N, C, spatial...]` with weights `[M, C / groups, kernel...]`.
public struct Convolution: Hashable, Sendable {
  public var window: Window
  /// Independent channel groups; a depthwise convolution has one per input channel.
  public var groups: Int
  /// Limits applied to the result, as a fused ReLU or clip; nil for none.
  public var clamp: Clamp?

  public init(window: Window, groups: Int = 1, clamp: Clamp? = nil) {
    self.window = window
    self.groups = groups
    self.clamp = clamp
  }
}

/// Transposed convolution of `[N, C, spatial...]` with weights `[C, M / groups, kernel...]`.
public struct TransposedConvolution: Hashable, Sendable {
  /// Padding here is cut from the result.
  public var window: Window
  public var groups: Int
  /// Elements added after the last result along each axis; not negative.
  public var outputPadding: [Int]

  public init(window: Window, groups: Int = 1, outputPadding: [Int]) {
    self.window = window
    self.groups = groups
    self.outputPadding = outputPadding
  }

  /// The extent of the result along `axis`; nil if it would not be positive.
  public func outputExtent(_ extent: Int, axis: Int) -> Int? {
    let full = (extent - 1) * window.strides[axis] + outputPadding[axis] + window.reach(axis)
    let result = full - window.paddingBefore[axis] - window.paddingAfter[axis]
    return result > 0 ? result : nil
  }
}

/// Limits applied to a result: ReLU is `0...∞`, ReLU6 `0...6`.
public struct Clamp: Hashable, Sendable {
  public var lower: Float
  public var upper: Float

  public init(lower: Float, upper: Float) {
    self.lower = lower
    self.upper = upper
  }

  public static let relu = Clamp(lower: 0, upper: .infinity)

  /// The value inside the limits; NaN stays NaN.
  public func apply(_ value: Float) -> Float {
    let raised = value < lower ? lower : value
    return raised > upper ? upper : raised
  }

  /// First this, then `other`, as one clamp.
  public func followed(by other: Clamp) -> Clamp {
    Clamp(lower: other.apply(lower), upper: other.apply(upper))
  }
}

/// Pooling over the spatial axes of `[N, C, spatial...]`.
public struct Pooling: Hashable, Sendable {
  public enum Kind: UInt8, CaseIterable, Hashable, Sendable {
    /// Largest element; padding counts as the smallest value of the type.
    case maximum
    /// Mean over the window.
    case average
  }

  public var kind: Kind
  public var window: Window
  /// Whether a last, partly outside window counts; see `Window.outputExtent`.
  public var roundsUp: Bool
  /// Whether padded zeros count in the mean's divisor.
  public var countsPadding: Bool

  public init(kind: Kind, window: Window, roundsUp: Bool = false, countsPadding: Bool = false) {
    self.kind = kind
    self.window = window
    self.roundsUp = roundsUp
    self.countsPadding = countsPadding
  }
}
