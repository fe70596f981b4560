/// A dense row-major array of scalars with a shape.
///
///     let ones = Tensor<Float>(repeating: 1, shape: [2, 3])
///     ones.scalars.count    // 6
public struct Tensor<Scalar: Sendable>: Sendable {
  /// Extents, outermost first.
  public let shape: Shape

  /// The elements in row-major order; as many as `shape.elementCount`.
  public var scalars: [Scalar] {
    didSet { precondition(scalars.count == shape.elementCount, "A tensor keeps its number of scalars") }
  }

  /// - Precondition: as many scalars as the shape has elements.
  public init(shape: Shape, scalars: [Scalar]) {
    precondition(scalars.count == shape.elementCount, "As many scalars as the shape has elements")
    self.shape = shape
    self.scalars = scalars
  }

  public init(repeating scalar: Scalar, shape: Shape) {
    self.shape = shape
    self.scalars = [Scalar](repeating: scalar, count: shape.elementCount)
  }

  /// A tensor of rank 0.
  public init(_ scalar: Scalar) {
    self.init(shape: .scalar, scalars: [scalar])
  }

  /// The same scalars under another shape.
  ///
  /// - Precondition: both shapes have the same number of elements.
  public func reshaped(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, scalars: scalars)
  }

  /// Applies `transform` to every scalar.
  public func map<Result: Sendable>(_ transform: (Scalar) -> Result) -> Tensor<Result> {
    Tensor<Result>(shape: shape, scalars: scalars.map(transform))
  }
}

extension Tensor: Equatable where Scalar: Equatable {}
extension Tensor: Hashable where Scalar: Hashable {}

extension Tensor where Scalar == Float {
  /// Uniform scalars in `range`, the same for the same seed everywhere.
  public static func random(_ shape: Shape, in range: ClosedRange<Float> = -1...1, seed: UInt64) -> Tensor {
    var generator = SplitMix64(seed: seed)
    let scalars = (0..<shape.elementCount).map { _ in
      range.lowerBound + (range.upperBound - range.lowerBound) * generator.nextUnit()
    }
    return Tensor(shape: shape, scalars: scalars)
  }
}
