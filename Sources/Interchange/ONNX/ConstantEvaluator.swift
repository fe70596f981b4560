import Graphs
import Reference
import Tensors

/// Evaluates one core operator on constants, through the reference; large matrices are transposed directly.
enum ConstantEvaluator {
  /// - Throws: `.damaged` for operands that the operator cannot take, such as an index out of range.
  static func evaluate(_ operator: Operator, _ operands: [AnyTensor?]) throws(ONNXFailure) -> AnyTensor {
    if case .transpose([1, 0]) = `operator`, case .float32(let matrix)?? = operands.first, matrix.shape.rank == 2 {
      return .float32(matrix.transposed)
    }
    do throws(ReferenceError) {
      return try Reference.evaluate(`operator`, operands.map { $0.map(Constant.tensor) })
    } catch {
      switch error.problem {
      case .operands(let problem): throw ONNXFailure(problem)
      case .tooLarge: throw .unsupported("\(error.problem)")
      default: throw .damaged("\(error.problem)")
      }
    }
  }
}

extension Tensor {
  /// A matrix with rows and columns exchanged, in blocks that stay in the cache.
  ///
  /// - Precondition: the rank is 2.
  fileprivate var transposed: Tensor {
    let (rows, columns, side) = (shape[0], shape[1], 32)
    let result = [Scalar](unsafeUninitializedCapacity: scalars.count) { target, count in
      scalars.withUnsafeBufferPointer { source in
        for top in stride(from: 0, to: rows, by: side) {
          for left in stride(from: 0, to: columns, by: side) {
            for row in top..<min(top + side, rows) {
              for column in left..<min(left + side, columns) {
                target.initializeElement(at: column * rows + row, to: source[row * columns + column])
              }
            }
          }
        }
      }
      count = scalars.count
    }
    return Tensor(shape: [columns, rows], scalars: result)
  }
}
