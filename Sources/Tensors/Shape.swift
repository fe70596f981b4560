/// The extents of a tensor, outermost first; `[]` is a scalar.
///
///     let shape: Shape = [1, 3, 32, 32]
///     shape.rank            // 4
///     shape.elementCount    // 3072
///
/// A `Shape` is always sound: no negative extent, and a product that fits in `Int`. Extents from a file go
/// through `init(checking:)`, which says what is wrong instead of trapping.
public struct Shape: Hashable, Sendable {
  /// The extents, outermost first; none is negative.
  public let dimensions: [Int]

  /// The product of all extents; 1 for a scalar.
  public let elementCount: Int

  /// Takes extents that the program itself made.
  ///
  /// - Precondition: none is negative, and their product fits in `Int`.
  public init(_ dimensions: [Int]) {
    guard let count = Shape.product(dimensions) else {
      preconditionFailure("A shape's extents are not negative and their product fits in Int")
    }
    self.dimensions = dimensions
    self.elementCount = count
  }

  /// Takes extents from outside.
  ///
  /// - Throws: `ShapeError.negativeExtent` or `ShapeError.tooLarge`.
  public init(checking dimensions: [Int]) throws(ShapeError) {
    for (axis, extent) in dimensions.enumerated() where extent < 0 {
      throw .negativeExtent(axis: axis, extent: extent)
    }
    guard let count = Shape.product(dimensions) else { throw .tooLarge(dimensions) }
    self.dimensions = dimensions
    self.elementCount = count
  }

  public init(_ dimensions: Int...) { self.init(dimensions) }

  public static let scalar = Shape([])

  public var rank: Int { dimensions.count }

  public subscript(axis: Int) -> Int { dimensions[axis] }

  /// Elements between neighbors along each axis, row-major.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    var step = 1
    for axis in dimensions.indices.reversed() {
      strides[axis] = step
      step *= dimensions[axis]
    }
    return strides
  }

  /// The product, or nil if an extent is negative or the product of the non-zero extents overflows.
  ///
  /// Zeros are left out of the overflow check on purpose: strides of `[0, 2^40, 2^40]` must not overflow either.
  private static func product(_ dimensions: [Int]) -> Int? {
    var product = 1
    var isEmpty = false
    for extent in dimensions {
      if extent < 0 { return nil }
      if extent == 0 {
        isEmpty = true
        continue
      }
      let (value, overflow) = product.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      product = value
    }
    return isEmpty ? 0 : product
  }
}

extension Shape: ExpressibleByArrayLiteral {
  public init(arrayLiteral elements: Int...) { self.init(elements) }
}

extension Shape: CustomStringConvertible {
  /// The extents joined by `x`, as in `1x3x32x32`; `scalar` for rank 0.
  public var description: String {
    guard let first = dimensions.first else { return "scalar" }
    var text = String(first)
    for extent in dimensions.dropFirst() {
      text += "x"
      text += String(extent)
    }
    return text
  }
}

extension Shape {
  /// The shape both operands broadcast to under NumPy's rule, or nil if they do not.
  ///
  /// Shapes are aligned at the last axis; an extent of 1 stretches.
  public func broadcast(with other: Shape) -> Shape? {
    let rank = max(self.rank, other.rank)
    var extents = [Int](repeating: 1, count: rank)
    for axis in 0..<rank {
      let a = axis < rank - self.rank ? 1 : self[axis - (rank - self.rank)]
      let b = axis < rank - other.rank ? 1 : other[axis - (rank - other.rank)]
      if a == b || b == 1 {
        extents[axis] = a
      } else if a == 1 {
        extents[axis] = b
      } else {
        return nil
      }
    }
    return try? Shape(checking: extents)
  }

  /// The axis that `axis` means, counting from the end when negative; nil if there is none.
  public func axis(_ axis: Int) -> Int? {
    let resolved = axis < 0 ? axis + rank : axis
    return dimensions.indices.contains(resolved) ? resolved : nil
  }
}

/// What is wrong with extents that came from outside.
public enum ShapeError: Error, Equatable, Sendable {
  case negativeExtent(axis: Int, extent: Int)
  case tooLarge([Int])
}

extension ShapeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .negativeExtent(let axis, let extent): "extent \(extent) of axis \(axis) is negative"
    case .tooLarge: "the product of the extents does not fit in 64 bits"
    }
  }
}
