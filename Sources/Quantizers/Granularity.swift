import Tensors

/// Which elements share a scale.
public enum Granularity: Hashable, Sendable {
  case perTensor
  case perChannel(axis: Int)

  /// One scale per output channel: axis 0 of weights.
  public static let perOutputChannel = Granularity.perChannel(axis: 0)

  /// The axis along which scales differ; nil when there is one for the tensor.
  public var axis: Int? {
    switch self {
    case .perTensor: nil
    case .perChannel(let axis): axis
    }
  }
}

/// Where the elements of each channel lie in a row-major tensor.
struct ChannelLayout {
  /// Channels, 1 when the whole tensor is one.
  let count: Int
  /// Elements between one index of the channel axis and the next.
  let inner: Int

  init(_ shape: Shape, axis: Int?) throws(QuantizationError) {
    guard let axis else {
      (count, inner) = (1, max(shape.elementCount, 1))
      return
    }
    guard shape.dimensions.indices.contains(axis) else {
      throw QuantizationError(.axis(axis, rank: shape.rank))
    }
    count = shape[axis]
    inner = shape.dimensions[(axis + 1)...].reduce(1, *)
  }

  /// Calls `body` with the channel and the index of every element, in order.
  @inline(__always)
  func forEach(_ elementCount: Int, _ body: (_ channel: Int, _ index: Int) -> Void) {
    guard count > 0, inner > 0 else { return }
    var index = 0
    while index < elementCount {
      for channel in 0..<count {
        for _ in 0..<inner {
          body(channel, index)
          index += 1
        }
      }
    }
  }
}

extension Tensor where Scalar == Float {
  /// Throws at the first element that is NaN or infinite.
  func requireFinite() throws(QuantizationError) {
    if let index = scalars.firstIndex(where: { !$0.isFinite }) { throw QuantizationError(.notFinite(index: index)) }
  }
}
