import Tensors

/// One extent of a value in a graph: a number, or a multiple of the batch size.
public enum Dimension: Hashable, Sendable {
  case fixed(Int)
  /// The given multiple of the batch size; at least 1.
  case batch(Int)

  /// The extent for a batch of `batch` items.
  public func extent(batch: Int) -> Int {
    switch self {
    case .fixed(let extent): extent
    case .batch(let multiple): multiple * batch
    }
  }

  /// The number, unless it depends on the batch.
  public var fixedExtent: Int? {
    if case .fixed(let extent) = self { extent } else { nil }
  }
}

extension Dimension: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int) { self = .fixed(value) }
}

extension Dimension: CustomStringConvertible {
  /// The number, `N`, or `4N`.
  public var description: String {
    switch self {
    case .fixed(let extent): String(extent)
    case .batch(1): "N"
    case .batch(let multiple): String(multiple) + "N"
    }
  }
}

/// The element type and the extents of a value.
public struct TensorType: Hashable, Sendable {
  public var elementType: ElementType
  /// Extents, outermost first.
  public var dimensions: [Dimension]

  public init(_ elementType: ElementType, _ dimensions: [Dimension]) {
    self.elementType = elementType
    self.dimensions = dimensions
  }

  /// The type of a tensor with known extents.
  public init(_ elementType: ElementType, _ shape: Shape) {
    self.init(elementType, shape.dimensions.map(Dimension.fixed))
  }

  public var rank: Int { dimensions.count }

  /// The shape for a batch of `batch` items.
  ///
  /// - Throws: `ShapeError.tooLarge` when the product overflows.
  public func shape(batch: Int) throws(ShapeError) -> Shape {
    var extents: [Int] = []
    for dimension in dimensions {
      switch dimension {
      case .fixed(let extent): extents.append(extent)
      case .batch(let multiple):
        let (extent, overflow) = multiple.multipliedReportingOverflow(by: batch)
        guard !overflow else { throw .tooLarge([multiple, batch]) }
        extents.append(extent)
      }
    }
    return try Shape(checking: extents)
  }

  /// The shape, if no extent depends on the batch.
  public var fixedShape: Shape? {
    guard dimensions.allSatisfy({ $0.fixedExtent != nil }) else { return nil }
    return try? shape(batch: 1)
  }

  /// The axis that `axis` means, counting from the end when negative; nil if there is none.
  public func axis(_ axis: Int) -> Int? {
    let resolved = axis < 0 ? axis + rank : axis
    return dimensions.indices.contains(resolved) ? resolved : nil
  }
}

extension TensorType: CustomStringConvertible {
  /// As in `float32 [N, 3, 32, 32]`.
  public var description: String {
    elementType.description + " " + dimensions.listDescription
  }
}

extension [Dimension] {
  /// As in `[N, 3, 32, 32]`.
  public var listDescription: String {
    var text = "["
    for (index, dimension) in enumerated() {
      if index > 0 { text += ", " }
      text += dimension.description
    }
    return text + "]"
  }

  /// The dimensions both broadcast to under NumPy's rule, or nil.
  ///
  /// A batch dimension meets the same batch dimension or an extent of 1.
  public func broadcast(with other: [Dimension]) -> [Dimension]? {
    let rank = Swift.max(count, other.count)
    var result: [Dimension] = []
    for axis in 0..<rank {
      let a = axis < rank - count ? .fixed(1) : self[axis - (rank - count)]
      let b = axis < rank - other.count ? .fixed(1) : other[axis - (rank - other.count)]
      if a == b || b == .fixed(1) {
        result.append(a)
      } else if a == .fixed(1) {
        result.append(b)
      } else {
        return nil
      }
    }
    return result
  }

  /// The product as `factor · N^power`; nil on overflow.
  public var product: (factor: Int, power: Int)? {
    var factor = 1
    var power = 0
    for dimension in self {
      let multiple: Int
      switch dimension {
      case .fixed(let extent): multiple = extent
      case .batch(let value):
        multiple = value
        power += 1
      }
      let (value, overflow) = factor.multipliedReportingOverflow(by: multiple)
      if overflow { return nil }
      factor = value
    }
    return (factor, power)
  }
}
