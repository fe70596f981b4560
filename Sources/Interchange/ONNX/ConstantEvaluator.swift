import Graphs
import Reference
import Tensors

/// Evaluates one core operator on constants, through the reference.
enum ConstantEvaluator {
  /// - Throws: `.damaged` for operands that the operator cannot take, such as an index out of range.
  static func evaluate(_ operator: Operator, _ operands: [AnyTensor?]) throws(ONNXFailure) -> AnyTensor {
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
