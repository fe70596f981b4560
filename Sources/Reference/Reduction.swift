import CKernels
import Graphs
import Tensors

extension Reference {
  /// One number for all elements along `axes`.
  static func reduction(_ reduction: Reduction, axes: [Int], _ given: Given) throws(ReferenceError) -> AnyTensor {
    let x = try given.tensor(0)
    let groups = x.shape.groups(along: axes)
    switch x {
    case .float32(let x):
      let results = groups.map { group in Float(reduction.value(of: group.map { Double(x.scalars[$0]) })) }
      return .float32(Tensor(shape: given.shape, scalars: results))
    case .uint8(let x): return .uint8(try integerReduction(reduction, x, groups, given.shape))
    case .int8(let x): return .int8(try integerReduction(reduction, x, groups, given.shape))
    case .int16(let x): return .int16(try integerReduction(reduction, x, groups, given.shape))
    case .int32(let x): return .int32(try integerReduction(reduction, x, groups, given.shape))
    case .int64(let x): return .int64(try integerReduction(reduction, x, groups, given.shape))
    case .bool: throw ReferenceError(.operands(.elementType(operand: 0, found: .bool)))
    }
  }

  private static func integerReduction<Scalar: FixedWidthInteger & Sendable>(
    _ reduction: Reduction, _ x: Tensor<Scalar>, _ groups: [[Int]], _ shape: Shape
  ) throws(ReferenceError) -> Tensor<Scalar> {
    var results: [Scalar] = []
    for group in groups {
      let value = reduction.integer(of: group.map { x.scalars[$0] })
      guard let value else { throw ReferenceError(.divisionByZero) }
      results.append(value)
    }
    return Tensor(shape: shape, scalars: results)
  }

  /// The index of the first (or last) largest or smallest element along an axis.
  static func argument(
    ofMaximum: Bool, axis: Int, selectsLast: Bool, _ given: Given
  ) throws(ReferenceError) -> Tensor<Int64> {
    let x = try given.tensor(0)
    guard x.shape[axis] > 0 || given.shape.elementCount == 0 else { throw ReferenceError(.emptyAxis(axis)) }
    let groups = x.shape.groups(along: [axis])
    let results =
      if case .float32(let x) = x {
        groups.map { best($0.map { x.scalars[$0] }, ofMaximum: ofMaximum, selectsLast: selectsLast) }
      } else {
        groups.map { [all = x.integers ?? []] group in
          best(group.map { all[$0] }, ofMaximum: ofMaximum, selectsLast: selectsLast)
        }
      }
    return Tensor(shape: given.shape, scalars: results)
  }

  private static func best<Scalar: Comparable>(_ values: [Scalar], ofMaximum: Bool, selectsLast: Bool) -> Int64 {
    var best = 0
    for index in values.indices.dropFirst() {
      let isBetter = ofMaximum ? values[index] > values[best] : values[index] < values[best]
      if isBetter || (selectsLast && values[index] == values[best]) { best = index }
    }
    return Int64(best)
  }
}

extension Shape {
  /// For every index along the other axes, in row-major order, the elements along `axes`.
  fileprivate func groups(along axes: [Int]) -> [[Int]] {
    let others = dimensions.indices.filter { !axes.contains($0) }
    let inside = Shape(axes.map { self[$0] }).walk(steps: axes.map { strides[$0] })
    let outside = Shape(others.map { self[$0] }).walk(steps: others.map { strides[$0] })
    return outside.map { start in inside.map { start + $0 } }
  }
}

extension Reduction {
  /// The reduction of real numbers; of none, its neutral element (NaN for the mean).
  func value(of values: [Double]) -> Double {
    switch self {
    case .sum: return values.reduce(0, +)
    case .mean: return values.reduce(0, +) / Double(values.count)
    case .product: return values.reduce(1, *)
    case .maximum: return values.reduce(-.infinity) { $0.isNaN ? $0 : $1.isNaN || $1 > $0 ? $1 : $0 }
    case .minimum: return values.reduce(.infinity) { $0.isNaN ? $0 : $1.isNaN || $1 < $0 ? $1 : $0 }
    case .l1: return values.reduce(0) { $0 + $1.magnitude }
    case .l2: return values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .sumOfSquares: return values.reduce(0) { $0 + $1 * $1 }
    case .logSum: return dc_log(values.reduce(0, +))
    case .logSumExponential:
      let largest = values.reduce(-.infinity) { $1 > $0 ? $1 : $0 }
      guard largest.isFinite else { return dc_log(values.reduce(0) { $0 + dc_exp($1) }) }
      return largest + dc_log(values.reduce(0) { $0 + dc_exp($1 - largest) })
    }
  }

  /// The reduction of whole numbers, wrapping around; roots and logarithms are cut towards zero.
  ///
  /// - Returns: nil for the mean of nothing.
  func integer<Scalar: FixedWidthInteger>(of values: [Scalar]) -> Scalar? {
    switch self {
    case .sum: return values.reduce(0, &+)
    case .mean:
      guard !values.isEmpty else { return nil }
      let sum = values.reduce(Int64(0)) { $0 &+ Int64(truncatingIfNeeded: $1) }
      return Scalar(truncatingIfNeeded: sum / Int64(values.count))
    case .product: return values.reduce(1, &*)
    case .maximum: return values.reduce(.min, max)
    case .minimum: return values.reduce(.max, min)
    case .l1: return values.reduce(0) { $0 &+ ($1 < 0 ? 0 &- $1 : $1) }
    case .sumOfSquares: return values.reduce(0) { $0 &+ $1 &* $1 }
    case .l2, .logSum, .logSumExponential: return Scalar(saturating: value(of: values.map { Double($0) }))
    }
  }
}
