import Graphs
import Tensors

extension Reference {
  /// `y[i, m] = bias[m] + Σ x[i, k] · weights[m, k]`.
  static func dense(_ clamp: Clamp?, _ given: Given) throws(ReferenceError) -> Tensor<Float> {
    let (x, weights) = (try given.floats(0), try given.floats(1))
    let sums = products(x.scalars.map(Double.init), weights.scalars.map(Double.init), result: given.shape)
    return try rounded(sums, given, clamp: clamp)
  }

  /// The sums of a dense layer on codes; here, where the compiler makes a fast loop for them.
  static func integerDense(_ x: [Int64], _ weights: [Int64], result: Shape) -> [Int64] {
    products(x, weights, result: result)
  }

  /// The products of every row of x with every row of the weights, in any arithmetic.
  private static func products<Scalar: Numeric>(_ x: [Scalar], _ weights: [Scalar], result: Shape) -> [Scalar] {
    guard result.elementCount > 0 else { return [] }
    let depth = x.count / result[0]
    var sums: [Scalar] = []
    x.withUnsafeBufferPointer { x in
      weights.withUnsafeBufferPointer { weights in
        for i in 0..<result[0] {
          for m in 0..<result[1] {
            var sum: Scalar = 0
            for k in 0..<depth { sum += x[i * depth + k] * weights[m * depth + k] }
            sums.append(sum)
          }
        }
      }
    }
    return sums
  }

  /// `y[..., i, j] = Σ a[..., i, k] · b[..., k, j]`; operands of rank 1 are a row and a column.
  static func matrixProduct(_ given: Given) throws(ReferenceError) -> AnyTensor {
    let product = MatrixProduct(try given.constant(0).shape, try given.constant(1).shape)
    switch (try given.tensor(0), try given.tensor(1)) {
    case (.float32(let a), .float32(let b)):
      let sums = product.sums(a.scalars.map(Double.init), b.scalars.map(Double.init)) { $0 + $1 * $2 }
      return .float32(Tensor(shape: given.shape, scalars: sums.map { Float($0) }))
    case (.int32(let a), .int32(let b)):
      return .int32(Tensor(shape: given.shape, scalars: product.sums(a.scalars, b.scalars) { $0 &+ $1 &* $2 }))
    case (.int64(let a), .int64(let b)):
      return .int64(Tensor(shape: given.shape, scalars: product.sums(a.scalars, b.scalars) { $0 &+ $1 &* $2 }))
    case (let a, _):
      throw ReferenceError(.operands(.elementType(operand: 0, found: a.elementType)))
    }
  }
}

/// The extents of a matrix product, and where each pair of matrices starts.
private struct MatrixProduct {
  var rows: Int
  var depth: Int
  var columns: Int
  var leftStarts: [Int]
  var rightStarts: [Int]

  /// - Precondition: the shapes fit; type inference has checked them.
  init(_ a: Shape, _ b: Shape) {
    let left = a.rank == 1 ? [1] + a.dimensions : a.dimensions
    let right = b.rank == 1 ? b.dimensions + [1] : b.dimensions
    (rows, depth, columns) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    let (leftBatch, rightBatch) = (Shape(Array(left.dropLast(2))), Shape(Array(right.dropLast(2))))
    let batch = leftBatch.broadcast(with: rightBatch) ?? []
    let (leftSize, rightSize) = (rows * depth, depth * columns)
    leftStarts = leftBatch.broadcastIndices(to: batch).map { $0 * leftSize }
    rightStarts = rightBatch.broadcastIndices(to: batch).map { $0 * rightSize }
  }

  func sums<Scalar: Numeric>(
    _ a: [Scalar], _ b: [Scalar], _ adding: (Scalar, Scalar, Scalar) -> Scalar
  ) -> [Scalar] {
    var sums: [Scalar] = []
    for (left, right) in zip(leftStarts, rightStarts) {
      for i in 0..<rows {
        for j in 0..<columns {
          var sum: Scalar = 0
          for k in 0..<depth { sum = adding(sum, a[left + i * depth + k], b[right + k * columns + j]) }
          sums.append(sum)
        }
      }
    }
    return sums
  }
}
